import { Long } from 'mongodb';
import { type Db, EJSON, MongoServerError } from '../driver.ts';
import { COLLECTION, type Operation } from './commands.ts';

type Reply = Readonly<Record<string, unknown>>;

/** Where an operation runs. */
export interface Place {
  readonly db: Db;
  readonly collection: string;
}

/** Of each reply what is the same on every server; of the commands that are not here only that they succeed. */
const COMPARED: Readonly<Record<string, readonly string[]>> = {
  insert: ['n', 'writeErrors', 'writeConcernError'],
  update: ['n', 'nModified', 'upserted', 'writeErrors', 'writeConcernError'],
  delete: ['n', 'writeErrors', 'writeConcernError'],
  findAndModify: ['lastErrorObject', 'value', 'writeConcernError'],
  count: ['n'],
  distinct: ['values'],
  find: ['cursor'],
  aggregate: ['cursor'],
  createIndexes: ['numIndexesBefore', 'numIndexesAfter'],
};

let transactions = 0;

/** Runs one operation and says in text what came of it: the result with its BSON types, or the error's code. */
export async function run(place: Place, operation: Operation): Promise<string> {
  const command = withName(operation.command, place.collection) as Record<string, unknown>;
  const [name = ''] = Object.keys(command);
  if ('txnNumber' in command) {
    transactions += 1;
    command['txnNumber'] = Long.fromNumber(transactions);
  }
  try {
    const reply: Reply = await send(place, command);
    const shown: [string, unknown][] = [];
    for (const field of COMPARED[name] ?? []) {
      if (field === 'cursor') shown.push(['docs', await documentsOf(place, reply, operation)]);
      else if (reply[field] !== undefined) shown.push([field, comparable(field, reply[field])]);
    }
    return steady(show(Object.fromEntries(shown)));
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    const { keyPattern } = error.errorResponse;
    return `error ${error.code}${keyPattern ? ` ${show({ keyPattern })}` : ''}`;
  }
}

/** With every BSON type as it came. */
async function send({ db }: Place, command: object): Promise<Reply> {
  const options = { promoteValues: false, bsonRegExp: true };
  const isOfServer = ['listDatabases', 'getParameter', 'getCmdLineOpts'].some((name) => name in command);
  return await (isOfServer ? db.admin().command(command, options) : db.command(command, options));
}

/** Everything that is stored, and the indexes, in an order that depends on nothing else. */
export async function contentsOf(place: Place): Promise<readonly string[]> {
  const found = await send(place, { find: place.collection, batchSize: 10_000 });
  return (found['cursor'] as { firstBatch: unknown[] }).firstBatch.map((doc) => steady(show(doc))).sort();
}

export async function indexesOf(place: Place): Promise<string> {
  try {
    const found = await send(place, { listIndexes: place.collection, cursor: { batchSize: 100 } });
    return show((found['cursor'] as { firstBatch: { name: string }[] }).firstBatch.map(({ name }) => name).sort());
  } catch (error) {
    return error instanceof MongoServerError ? `error ${error.code}` : String(error);
  }
}

export function show(value: unknown): string {
  return EJSON.stringify(value, { relaxed: false });
}

function withName(value: unknown, name: string): unknown {
  if (value === COLLECTION) return name;
  if (value instanceof Map) return new Map([...value].map(([key, inner]) => [key, withName(inner, name)]));
  if (Object.getPrototypeOf(value ?? 0) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, withName(inner, name)]));
}

function comparable(field: string, value: unknown): unknown {
  if (field === 'values') return sortedByText(value as unknown[]);
  if (field !== 'writeErrors' && field !== 'writeConcernError') return value;
  const short = ({ index, code, keyPattern, keyValue }: Record<string, unknown>): object => ({
    index,
    code,
    keyPattern,
    keyValue,
  });
  return Array.isArray(value) ? value.map(short) : short(value as Record<string, unknown>);
}

/** All documents of a cursor; of one that is killed, those that came first and what its next batch is. */
async function documentsOf(place: Place, reply: Reply, { command, cursor: fate }: Operation): Promise<unknown> {
  const { collection } = place;
  const api = Object.fromEntries(Object.entries(command).filter(([field]) => field.startsWith('api')));
  let { id, firstBatch: docs } = reply['cursor'] as { id: Long; firstBatch: unknown[] };
  if (fate === 'kill' && !id.isZero()) {
    await send(place, { killCursors: collection, cursors: [id], ...api });
    const after = await run(place, { command: { getMore: id, collection, ...api }, cursor: 'drain' });
    if (after !== 'error 43') throw new Error(`a cursor lives on after killCursors: ${after}`);
    return inOrder(command, docs);
  }
  while (!id.isZero()) {
    const more = await send(place, { getMore: id, collection, batchSize: 2, ...api });
    const next = more['cursor'] as { id: Long; nextBatch: unknown[] };
    docs = [...docs, ...next.nextBatch];
    id = next.id;
  }
  return inOrder(command, docs);
}

/** Where nothing says which document comes first, or which element of a set, they are sorted by their text. */
function inOrder(command: Operation['command'], docs: readonly unknown[]): unknown {
  const stages = (Array.isArray(command['pipeline']) ? command['pipeline'] : []) as ReadonlyMap<string, unknown>[];
  const names = stages.flatMap((stage) => [...stage.keys()]);
  const isOrdered = 'aggregate' in command ? names.lastIndexOf('$sort') > names.indexOf('$group') : 'sort' in command;
  const shown = docs.map(withSortedSet);
  return isOrdered ? shown : sortedByText(shown);
}

function sortedByText(values: readonly unknown[]): unknown[] {
  return values
    .map((value) => ({ value, text: show(value) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ value }) => value);
}

function withSortedSet(doc: unknown): unknown {
  const { set } = doc as { set?: unknown };
  return Array.isArray(set) ? { ...(doc as object), set: sortedByText(set) } : doc;
}

const FIRST_NOW = Date.UTC(2026, 0, 1);

/** Without what no two servers have in common: the time of day and generated ids. */
function steady(text: string): string {
  return text
    .replaceAll(/\{"\$date":\{"\$numberLong":"(\d+)"\}\}/g, (whole, ms) => (Number(ms) > FIRST_NOW ? '<now>' : whole))
    .replaceAll(/("\$oid":")(?!0{12})[0-9a-f]{24}/g, '$1<generated>');
}

/** Extended JSON for the eye: 1 is an int, 1L a long, 1.0d a double. */
export function brief(text: string): string {
  return text
    .replaceAll(/\{"\$numberInt":"(-?\d+)"\}/g, '$1')
    .replaceAll(/\{"\$numberLong":"(-?\d+)"\}/g, '$1L')
    .replaceAll(/\{"\$numberDouble":"([^"]+)"\}/g, '$1d');
}
