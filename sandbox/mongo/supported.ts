import { unsupported } from './errors.ts';
import { refusalOf } from './mongodb-names.ts';

/**
 * The named subset, in one place: every name below works as in MongoDB 7.0, every other one is refused with code 115.
 * The parser checks against it and the README's list is made from it.
 */
export const SUPPORTED = {
  /** Fields every command may carry. README.md says what each means here. */
  genericFields: [
    '$db',
    '$readPreference',
    'lsid',
    'txnNumber',
    'readConcern',
    'writeConcern',
    'comment',
    'maxTimeMS',
    'apiVersion',
    'apiStrict',
    'apiDeprecationErrors',
  ],
  commands: {
    hello: [
      'helloOk',
      'client',
      'compression',
      'loadBalanced',
      'saslSupportedMechs',
      'topologyVersion',
      'maxAwaitTimeMS',
      'backpressure',
    ],
    ismaster: [
      'helloOk',
      'client',
      'compression',
      'loadBalanced',
      'saslSupportedMechs',
      'topologyVersion',
      'maxAwaitTimeMS',
      'backpressure',
    ],
    isMaster: [
      'helloOk',
      'client',
      'compression',
      'loadBalanced',
      'saslSupportedMechs',
      'topologyVersion',
      'maxAwaitTimeMS',
      'backpressure',
    ],
    ping: [],
    buildInfo: [],
    buildinfo: [],
    connectionStatus: ['showPrivileges'],
    getCmdLineOpts: [],
    getParameter: [
      'featureCompatibilityVersion',
      'authenticationMechanisms',
      'enableTestCommands',
      'requireApiVersion',
    ],
    serverStatus: [],
    endSessions: [],
    killAllSessions: [],
    killCursors: ['cursors'],
    getMore: ['collection', 'batchSize'],
    find: [
      'filter',
      'sort',
      'projection',
      'hint',
      'skip',
      'limit',
      'batchSize',
      'singleBatch',
      'noCursorTimeout',
      'allowDiskUse',
      'allowPartialResults',
      'collation',
    ],
    count: ['query', 'limit', 'skip', 'hint', 'collation'],
    distinct: ['key', 'query', 'collation'],
    aggregate: ['pipeline', 'cursor', 'allowDiskUse', 'hint', 'collation', 'bypassDocumentValidation'],
    insert: ['documents', 'ordered', 'bypassDocumentValidation'],
    update: ['updates', 'ordered', 'bypassDocumentValidation'],
    delete: ['deletes', 'ordered'],
    findAndModify: [
      'query',
      'sort',
      'remove',
      'update',
      'new',
      'fields',
      'upsert',
      'arrayFilters',
      'hint',
      'collation',
      'bypassDocumentValidation',
    ],
    create: ['autoIndexId', 'collation'],
    drop: [],
    dropDatabase: [],
    listCollections: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
    listDatabases: ['filter', 'nameOnly', 'authorizedDatabases'],
    createIndexes: ['indexes', 'commitQuorum'],
    listIndexes: ['cursor'],
    dropIndexes: ['index'],
    explain: ['verbosity'],
  },
  /** What a client that asks for the Stable API only (`apiStrict`) may send; the rest answers it with MongoDB's 323. */
  stableCommands: [
    'hello',
    'ping',
    'endSessions',
    'killCursors',
    'getMore',
    'find',
    'count',
    'aggregate',
    'insert',
    'update',
    'delete',
    'findAndModify',
    'create',
    'drop',
    'dropDatabase',
    'listCollections',
    'listDatabases',
    'createIndexes',
    'listIndexes',
    'dropIndexes',
    'explain',
  ],
  /** Fields of one entry of `updates` and `deletes`. */
  updateEntry: ['q', 'u', 'multi', 'upsert', 'arrayFilters', 'hint', 'collation'],
  deleteEntry: ['q', 'limit', 'hint', 'collation'],
  indexOptions: [
    'key',
    'name',
    'v',
    'ns',
    'unique',
    'sparse',
    'background',
    'expireAfterSeconds',
    'partialFilterExpression',
    'collation',
    'hidden',
  ],
  queryLogic: ['$and', '$or', '$nor', '$comment'],
  queryOperators: [
    '$eq',
    '$ne',
    '$gt',
    '$gte',
    '$lt',
    '$lte',
    '$in',
    '$nin',
    '$exists',
    '$type',
    '$regex',
    '$options',
    '$size',
    '$mod',
    '$all',
    '$elemMatch',
    '$not',
  ],
  updateOperators: [
    '$set',
    '$unset',
    '$inc',
    '$mul',
    '$min',
    '$max',
    '$rename',
    '$setOnInsert',
    '$currentDate',
    '$push',
    '$addToSet',
    '$pop',
    '$pull',
    '$pullAll',
  ],
  pushModifiers: ['$each', '$position', '$slice', '$sort'],
  projectionOperators: ['$slice', '$elemMatch'],
  stages: [
    '$match',
    '$sort',
    '$skip',
    '$limit',
    '$project',
    '$addFields',
    '$set',
    '$unset',
    '$unwind',
    '$replaceRoot',
    '$replaceWith',
    '$count',
    '$group',
  ],
  accumulators: ['$sum', '$avg', '$min', '$max', '$first', '$last', '$push', '$addToSet', '$count'],
  expressions: [
    '$literal',
    '$eq',
    '$ne',
    '$gt',
    '$gte',
    '$lt',
    '$lte',
    '$cmp',
    '$and',
    '$or',
    '$not',
    '$cond',
    '$ifNull',
    '$add',
    '$subtract',
    '$multiply',
    '$divide',
    '$concat',
    '$size',
    '$in',
    '$arrayElemAt',
    '$toString',
  ],
} as const;

type ListName = Exclude<keyof typeof SUPPORTED, 'commands'>;
export type CommandName = keyof typeof SUPPORTED.commands;

const lookups = new Map<readonly string[], ReadonlySet<string>>();

/** Throws Fault 115 that names `thing` unless `name` is on the list; MongoDB's own error if it has no such name. */
export function checkSupported(list: ListName, name: string, thing: string): void {
  if (!setOf(SUPPORTED[list]).has(name)) throw refusalOf(list, name, thing);
}

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(SUPPORTED.commands, name);
}

/** Every field of a command must be its own name, one of its options or a generic field. */
export function checkCommandFields(command: CommandName, fields: Iterable<string>): void {
  const options = setOf(SUPPORTED.commands[command]);
  const generic = setOf(SUPPORTED.genericFields);
  for (const field of fields) {
    if (field === 'startTransaction' || field === 'autocommit') throw unsupported('a transaction');
    if (field === command || options.has(field) || generic.has(field)) continue;
    // Its other fields are the names of parameters.
    throw refusalOf(command === 'getParameter' ? 'parameters' : 'options', field, `the option ${field} of ${command}`);
  }
}

function setOf(names: readonly string[]): ReadonlySet<string> {
  const known = lookups.get(names);
  if (known) return known;
  const made = new Set(names);
  lookups.set(names, made);
  return made;
}

const TITLES: Readonly<Record<ListName, string>> = {
  genericFields: 'Fields of every command',
  stableCommands: 'Commands of the Stable API (`apiStrict`)',
  updateEntry: 'Fields of an update',
  deleteEntry: 'Fields of a delete',
  indexOptions: 'Index options (`hidden` only false, `collation` only `{ locale: "simple" }`)',
  queryLogic: 'Query operators that join filters',
  queryOperators: 'Query operators of a field',
  updateOperators: 'Update operators, with `$`, `$[]` and `$[name]` in paths',
  pushModifiers: 'Modifiers of $push (and $each of $addToSet)',
  projectionOperators: 'Projection operators of find',
  stages: 'Aggregation stages',
  accumulators: 'Accumulators of $group',
  expressions: 'Aggregation expressions',
};

/** The README's list, in Markdown. */
export function listSupported(): string {
  const commands = Object.entries(SUPPORTED.commands).map(([name, options]) =>
    options.length === 0 ? `- ${quote(name)}` : `- ${quote(name)}: ${options.map(quote).join(', ')}`,
  );
  const lists = Object.entries(TITLES).map(([name, title]) => `- ${title}: ${itemsOf(name).map(quote).join(', ')}`);
  return ['Commands, with their options:', '', ...commands, '', 'Within them:', '', ...lists, ''].join('\n');
}

function itemsOf(name: string): readonly string[] {
  const found = Object.entries(SUPPORTED).find(([key]) => key === name)?.[1];
  return Array.isArray(found) ? found : [];
}

function quote(name: string): string {
  return `\`${name}\``;
}
