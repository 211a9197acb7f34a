import type { Operation } from './commands.ts';

/** One operation on both servers: what they answered and what they hold. */
export interface Compared {
  readonly command: Operation['command'];
  readonly before: readonly string[];
  readonly result: string;
  readonly expected: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

interface Difference {
  /** What the reference engine does where MongoDB does as the embedded server. */
  readonly reason: string;
  readonly applies: (compared: Compared, text: string) => boolean;
}

const codesOf = (answer: string): string[] =>
  [...answer.matchAll(/error (\d+)|"code":\{"\$numberInt":"(\d+)"/g)].map(([, a, b]) => a ?? b ?? '');

/** What values make expressions fail. */
const UPDATE_CODES = ['2', '14', '28', '54'];
const EXPRESSION_CODES = ['2', '14', '241', '16702', '17124', '28689', '28690', '40081', '40228'];

/** Ours and theirs, of the first errors that differ; empty where there is none. */
function differing({ result, expected }: Compared): readonly [string, string] {
  const [ours, theirs] = [codesOf(result), codesOf(expected)];
  const at = ours.findIndex((code, index) => code !== theirs[index]);
  return at < 0 ? ['', theirs[ours.length] ?? ''] : [ours[at] ?? '', theirs[at] ?? ''];
}

function hasCodes(ours: string, theirs: string): (compared: Compared) => boolean {
  return (compared) => {
    const [left, right] = differing(compared);
    return left === ours && right === theirs;
  };
}

/** The place of the first failing entry; one after all where nothing fails. */
function errorIndex(answer: string): number {
  if (answer.startsWith('error')) return 0;
  const [, index] = /"writeErrors":\[\{"index":\{"\$numberInt":"(\d+)"/.exec(answer) ?? [];
  return index === undefined ? Number.MAX_SAFE_INTEGER : Number(index);
}

/** Of an answer, not of an error. */
function withoutKeyValue(answer: string): string {
  if (!answer.startsWith('{')) return answer;
  return JSON.stringify(JSON.parse(answer, (key, value) => (key === 'keyValue' ? undefined : value)));
}

function withoutEmpty(docs: readonly string[]): string {
  return docs.map(stripped).sort().join('\n');
}

function stripped(text: string): string {
  const less = text.replaceAll(/,?"[^"]+":(\{\}|\[\])/g, '').replaceAll('{,', '{');
  return less === text ? text : stripped(less);
}

/** The reference engine is DocumentDB, no mongod: everything in which it is known to differ, by name. */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  refuses: {
    reason: 'one of them has no such option or operator',
    applies: ({ result, expected }) => codesOf(expected).includes('115') || codesOf(result).includes('115'),
  },
  atomic: {
    reason: 'one update of many documents leaves nothing behind when it fails',
    applies: ({ result, expected, left, right }, text) =>
      text.includes('"multi":true') &&
      result === expected &&
      codesOf(result).length > 0 &&
      left.join() !== right.join(),
  },
  keyValue: {
    reason: 'it does not know which value of an update was a duplicate, and names the first element of a list',
    applies: ({ result, expected }) =>
      expected.includes('"keyValue"') && withoutKeyValue(result) === withoutKeyValue(expected),
  },
  lateChecks: {
    reason: 'it looks for conflicts, and at the names of $rename, after other mistakes or only when a document matches',
    applies: ({ result, expected }, text) =>
      (codesOf(result)[0] === '40' && (codesOf(expected)[0] !== '40' || errorIndex(expected) > errorIndex(result))) ||
      (codesOf(result)[0] === '2' && text.includes('$rename') && errorIndex(expected) > errorIndex(result)),
  },
  someIndexes: {
    reason: 'it makes the indexes of a command one by one, MongoDB all or none',
    applies: ({ command, result, expected }) =>
      'createIndexes' in command && codesOf(result)[0] === '11000' && codesOf(expected)[0] === '11000',
  },
  databaseNames: {
    reason: 'it cannot filter databases by name',
    applies: ({ command }) => 'listDatabases' in command && 'filter' in command,
  },
  stableApi: {
    reason: 'it does not look at what belongs to the Stable API, nor at what test runners send',
    applies: ({ command, result }) =>
      codesOf(result).includes('323') ||
      'killAllSessions' in command ||
      'getParameter' in command ||
      'getCmdLineOpts' in command,
  },
  emptyParents: {
    reason: 'what takes something away below a missing field leaves an empty document behind there',
    applies: ({ left, right }, text) =>
      /\$(pull|pullAll|pop|unset|rename)"/.test(text) &&
      withoutEmpty(left) === withoutEmpty(right) &&
      left.join() !== right.join(),
  },
  setOfMissing: {
    reason: '$addToSet of a missing field adds null, MongoDB nothing',
    applies: ({ result, expected }, text) =>
      text.includes('$addToSet') &&
      text.includes('$group') &&
      result === expected.replaceAll(/("set":\[.*?)null,?/g, '$1').replaceAll(',]', ']'),
  },
  emptyList: {
    reason: 'it sorts an empty list with null, MongoDB before it, so that it takes another document',
    applies: ({ before }, text) => text.includes('sort') && before.join().includes(':[]'),
  },
  sumsOfBooleans: {
    reason: '$inc and $mul take true for 1 and false for 0, MongoDB for a mistake',
    applies: (compared, text) => /\$(inc|mul)"/.test(text) && hasCodes('14', '')(compared),
  },
  endlessProduct: {
    reason: '$mul of a missing field by infinity is 0 there, NaN in MongoDB',
    applies: ({ left, right }, text) =>
      text.includes('$mul') && left.join().replaceAll('"NaN"', '"0.0"') === right.join().replaceAll('"NaN"', '"0.0"'),
  },
  listsAsDocuments: {
    reason: '$elemMatch takes no list inside a list for a document',
    applies: ({ before }, text) => text.includes('$elemMatch') && before.join().includes('[['),
  },
  countOfNone: {
    reason: '$count of no documents gives 0, MongoDB no document',
    applies: ({ result, expected }, text) =>
      text.includes('"$count":"') && result.includes('[]') && expected.includes('0'),
  },
  upsertOfElements: {
    reason: 'it takes an $elemMatch in an $all for an equality to put into the new document',
    applies: (_compared, text) => text.includes('"$all":[{"$elemMatch"') && text.includes('"upsert":true'),
  },
  emptyHint: {
    reason: 'it looks for an index for the hint {}, and for any hint where there is no collection',
    applies: ({ expected, before }, text) =>
      text.includes('"hint":') && (before.length === 0 || text.includes('"hint":{}')) && codesOf(expected)[0] === '2',
  },
  sortOfLists: {
    reason: 'it sorts by lists side by side',
    applies: (compared, text) => text.includes('ort":') && hasCodes('2', '')(compared),
  },
  regexBounds: {
    reason: 'it compares with regular expressions, and takes them in $ne',
    applies: ({ result }, text) => /"\$(lt|lte|gt|gte|ne)":\{"pattern"/.test(text) && codesOf(result).includes('2'),
  },
  nothingPushed: {
    reason: 'it makes no list of an empty $each',
    applies: ({ left, right }, text) =>
      /"\$each":\[\]|"\$slice":0/.test(text) && withoutEmpty(left) === withoutEmpty(right),
  },
  descendingUnique: {
    reason: 'its descending unique indexes let missing fields through',
    applies: ({ command, result }, text) => {
      const [pattern = ''] = /"keyPattern":\{.*?\}\}/.exec(result) ?? [];
      return codesOf(result).includes('11000') && /:-1\b|"-1"/.test('createIndexes' in command ? text : pattern);
    },
  },
  noOpModify: {
    reason: 'findAndModify counts no document that it found and did not have to change',
    applies: ({ command, result, expected }) =>
      'findAndModify' in command &&
      result.replace(
        '"n":{"$numberInt":"1"},"updatedExisting":true',
        '"n":{"$numberInt":"0"},"updatedExisting":false',
      ) === expected,
  },
  emptyAll: {
    reason: '$all of nothing matches everything there, nothing in MongoDB',
    applies: (_compared, text) => text.includes('"$all":[]'),
  },
  insertFilters: {
    reason: 'it does not count array filters that only $setOnInsert uses',
    applies: ({ result, expected }, text) =>
      text.includes('$setOnInsert') &&
      text.includes('arrayFilters') &&
      ['2', '9'].includes(codesOf(expected)[0] ?? '') &&
      errorIndex(result) > errorIndex(expected),
  },
  lazy: {
    reason: 'it works out only the fields that are asked for, and constants only if there are documents',
    applies: ({ command, result }) =>
      ('aggregate' in command || 'explain' in command) && EXPRESSION_CODES.includes(codesOf(result)[0] ?? ''),
  },
  parallelLists: {
    reason: 'it puts two lists side by side into an index',
    applies: ({ result }) => codesOf(result).includes('171'),
  },
  missingIds: {
    reason:
      'a group whose _id is missing has any _id there, a field of the _id that is missing null; MongoDB the reverse',
    applies: ({ command, result, expected }, text) =>
      'aggregate' in command &&
      codesOf(expected).length === 0 &&
      ((/"\$group":\{"_id":("\$|\{)/.test(text) && result.includes('"_id":null')) ||
        result === expected.replaceAll(/,"[xy]":null/g, '')),
  },
  fieldOrder: {
    reason: '$project puts new fields before those it keeps, now and then',
    applies: ({ result, expected }, text) =>
      text.includes('$project') && [...result].sort().join('') === [...expected].sort().join(''),
  },
  collision: {
    reason: 'it merges stages that may not be merged',
    applies: ({ command, expected }) => 'aggregate' in command && expected === 'error 31249',
  },
  emptyCollection: {
    reason: 'a failed upsert leaves an empty collection behind in one of them',
    applies: ({ command, before, result }) =>
      before.length === 0 && /ndexes/.test(Object.keys(command)[0] ?? '') && result.includes('error 26'),
  },
  listsThatAreNone: {
    reason: '$ and $[] on what is no list are PathNotViable or ignored there, BadValue in MongoDB',
    applies: (compared, text) => text.includes('.$') && differing(compared)[0] === '2',
  },
  unsetThroughLists: {
    reason: '$unset of a field of a list is an error there, nothing in MongoDB',
    applies: (compared, text) => text.includes('$unset') && hasCodes('', '28')(compared),
  },
  firstMistake: {
    reason: 'of several mistakes it finds another one first',
    applies: (compared) => differing(compared).every((code) => UPDATE_CODES.includes(code)),
  },
  eager: {
    reason: 'it works out fields of documents that a later $limit leaves out',
    applies: ({ result, expected }, text) =>
      text.includes('$limit') && codesOf(result).length === 0 && EXPRESSION_CODES.includes(codesOf(expected)[0] ?? ''),
  },
  renamedLists: {
    reason: '$rename into a list is FailedToParse there, onto its own path a conflict',
    applies: (compared, text) =>
      text.includes('$rename') && (hasCodes('2', '9')(compared) || hasCodes('2', '40')(compared)),
  },
  throughLists: {
    reason: 'a field of a list is FailedToParse there, PathNotViable in MongoDB',
    applies: hasCodes('28', '9'),
  },
  positionConflict: {
    reason: '$ and a position are in conflict for it whether or not they are the same',
    applies: (compared, text) =>
      text.includes('.$') &&
      ['', '2'].includes(codesOf(compared.result)[0] ?? '') &&
      codesOf(compared.expected)[0] === '40',
  },
};

/** What ends the reference engine. */
export function endsReference(command: Operation['command']): boolean {
  return /"\$elemMatch":\{"\$eq":\{"pattern/.test(textOf(command));
}

function textOf(command: Operation['command']): string {
  return JSON.stringify(command, (_key, value) => (value instanceof Map ? Object.fromEntries(value) : value));
}

export function knownDifference(compared: Compared): string | undefined {
  const text = textOf(compared.command);
  return Object.entries(DIFFERENCES).find(([, { applies }]) => applies(compared, text))?.[0];
}

/** Options that change nothing and that the reference engine refuses: it gets the command without them. */
const LACKS: Readonly<Record<string, readonly string[]>> = {
  distinct: ['collation'],
  findAndModify: ['collation'],
  create: ['collation', 'autoIndexId'],
  createIndexes: ['collation'],
};

export function forReference({ command, cursor }: Operation): Operation {
  const [name = ''] = Object.keys(command);
  const kept = Object.entries(command).filter(([field]) => !LACKS[name]?.includes(field));
  return { command: Object.fromEntries(kept.map(([field, value]) => [field, withoutCollation(value)])), cursor };
}

/** The entries of updates, deletes and indexes too. */
function withoutCollation(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((entry) =>
    entry instanceof Map ? new Map([...entry].filter(([name]) => name !== 'collation')) : entry,
  );
}
