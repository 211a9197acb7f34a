import fc from 'fast-check';
import { Long, ObjectId } from 'mongodb';
import { SUPPORTED } from '../../../../sandbox/mongo/supported.ts';
import { elementFilter, filter } from './filters.ts';
import { anyIndex, indexKey, lenientIndex, nameOf } from './indexes.ts';
import { pipeline } from './pipelines.ts';
import { operators, type RandomUpdate, replacement } from './updates.ts';
import { choose, type Doc, docOf, fields, id, path, pick, sortPath } from './values.ts';

/** Where the collection's name goes. */
export const COLLECTION = '<collection>';

/** A command as it is sent, and what is done with a cursor it leaves open. */
export interface Operation {
  readonly command: Readonly<Record<string, unknown>>;
  readonly cursor: 'drain' | 'kill';
}

export type Commands = fc.Arbitrary<Operation['command']>;

const SIMPLE = docOf(['locale', 'simple']);
const collation = pick<object>({ collation: SIMPLE }, { collation: docOf() });

/** Nothing, mostly; else one of the options given. */
function rarely(...options: readonly object[]): fc.Arbitrary<object> {
  return choose<object>([6 * options.length, fc.constant({})], [options.length, pick(...options)]);
}

function spread(...parts: readonly fc.Arbitrary<object>[]): Commands {
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all));
}

const STABLE = { apiVersion: '1', apiStrict: true };
const STABLE_COMMANDS: readonly string[] = SUPPORTED.stableCommands;
const IDS_OF_NOBODY = new ObjectId('000000000000000000000001');
const readGeneric = rarely(
  { comment: 'why' },
  { maxTimeMS: 100_000 },
  { readConcern: docOf(['level', 'majority']) },
  { $readPreference: docOf(['mode', 'primaryPreferred']) },
  { apiVersion: '1' },
  { apiVersion: '1', apiStrict: false, apiDeprecationErrors: false },
);
const writeGeneric = rarely(
  { comment: docOf(['by', 1]) },
  { maxTimeMS: 100_000 },
  { writeConcern: docOf(['w', 1]) },
  { writeConcern: docOf(['w', 'majority'], ['j', true], ['wtimeout', 1000]) },
  // The number is put in when it is sent.
  { txnNumber: 'next' },
);
const bypass = rarely({ bypassDocumentValidation: true }, { bypassDocumentValidation: false });

const hint = rarely({ hint: docOf(['_id', 1]) }, { hint: '_id_' }, { hint: docOf() });
const indexHint = choose<object>(
  [12, hint],
  [1, indexKey.map((key) => ({ hint: key }))],
  [1, indexKey.map((key) => ({ hint: nameOf(key) }))],
);

/** With `_id` last, so that it is certain which comes first. */
export const sort: fc.Arbitrary<Doc> = choose<Doc>(
  [1, pick(1, -1).map((by) => docOf(['_id', by]))],
  [4, fc.tuple(sortPath, pick(1, -1), pick(1, -1)).map(([name, by, tie]) => docOf([name, by], ['_id', tie]))],
  [
    1,
    fc
      .tuple(pick('a', 'a.x'), pick(1, -1), pick('c', 'b'), pick(1, -1))
      .map(([x, i, y, j]) => docOf([x, i], [y, j], ['_id', 1])),
  ],
);

export const projection: fc.Arbitrary<Doc> = choose<Doc>(
  [1, fc.constant(docOf())],
  [
    3,
    fc
      .tuple(
        fc
          .subarray(['a', 'b.x', 'c', '_id', 'a.x.y', 'constructor'], { minLength: 1 })
          .filter((n) => !(n.includes('a') && n.includes('a.x.y'))),
        pick<unknown>(1, true, 0, false),
      )
      .map(([names, is]) => new Map(names.map((n): [string, unknown] => [n, is]))),
  ],
  [1, pick('a', 'b.x').map((n) => docOf(['_id', 0], [n, 1]))],
  [
    2,
    fc
      .tuple(
        pick('a', 'b', 'a.x'),
        choose<unknown>(
          [2, fc.integer({ min: -2, max: 2 })],
          [1, fc.tuple(fc.integer({ min: -2, max: 2 }), pick(1, 2))],
        ),
      )
      .map(([n, s]) => docOf([n, docOf(['$slice', s])])),
  ],
  [
    1,
    fc
      .tuple(pick(1, 0), fc.integer({ min: -2, max: 2 }))
      .map(([is, s]) => docOf(['c', is], ['a', docOf(['$slice', s])])),
  ],
  [2, fc.tuple(pick('a', 'b'), elementFilter).map(([n, f]) => docOf([n, docOf(['$elemMatch', f])]))],
  [1, fc.tuple(pick('a', 'b'), elementFilter).map(([n, f]) => docOf(['c', 1], [n, docOf(['$elemMatch', f])]))],
);

const newDoc = fc.tuple(id, fields).map(([own, rest]) => new Map([['_id', own], ...rest]));
const insert = spread(
  fc.array(newDoc, { minLength: 1, maxLength: 3 }).map((documents) => ({ insert: COLLECTION, documents })),
  rarely({ ordered: false }, { ordered: true }),
  bypass,
  writeGeneric,
);

const find = spread(
  filter.map((f) => ({ find: COLLECTION, filter: f })),
  choose<object>([1, fc.constant({})], [4, sort.map((s) => ({ sort: s }))]).chain((order) =>
    'sort' in order
      ? fc
          .tuple(fc.constant(order), pick({}, { skip: 1 }, { limit: 3 }, { skip: 2, limit: 2 }, { limit: 1 }))
          .map(([o, cut]) => ({ ...o, ...cut }))
      : fc.constant(order),
  ),
  choose<object>([1, fc.constant({})], [1, projection.map((p) => ({ projection: p }))]),
  indexHint,
  choose<object>(
    [3, fc.constant({})],
    [1, pick({ batchSize: 2 }, { batchSize: 0 }, { limit: 2, singleBatch: true, sort: docOf(['_id', -1]) })],
  ),
  rarely({ noCursorTimeout: true }, { allowDiskUse: true }, { allowPartialResults: true }, { collation: SIMPLE }),
  readGeneric,
);

const count = spread(
  filter.map((query) => ({ count: COLLECTION, query })),
  rarely({ limit: 2 }, { skip: 1 }, { limit: -3, skip: 1 }),
  indexHint,
  rarely({ collation: SIMPLE }),
  readGeneric,
);
const distinct = spread(
  fc.tuple(path, filter).map(([key, query]) => ({ distinct: COLLECTION, key, query })),
  rarely({ collation: SIMPLE }),
  readGeneric,
);
const aggregate = spread(
  pipeline.map((stages) => ({ aggregate: COLLECTION, pipeline: stages })),
  pick({ cursor: docOf() }, { cursor: docOf() }, { cursor: docOf(['batchSize', 2]) }),
  rarely(
    { allowDiskUse: true },
    { collation: SIMPLE },
    { bypassDocumentValidation: true },
    { hint: docOf(['_id', 1]) },
  ),
  readGeneric,
);

/** One document at most, unless all are meant: which of several is taken is not certain. */
const single: fc.Arbitrary<Doc> = fc.tuple(fc.nat(12), filter).map(([own, f]) => new Map([...f, ['_id', own]]));
const entryHint = rarely({ hint: docOf(['_id', 1]) }, { hint: '_id_' });
const entryCollation = choose<object>([12, fc.constant({})], [1, collation]);

function withFilters({ u, arrayFilters }: RandomUpdate): object {
  return arrayFilters.length > 0 ? { u, arrayFilters } : { u };
}

function entry(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<Doc> {
  return fc.tuple(...parts).map((all) => new Map(Object.entries(Object.assign({}, ...all))));
}

const seeded: fc.Arbitrary<Doc> = fc
  .tuple(fc.nat(14), filter, fc.boolean())
  .map(([own, f, is]) => new Map([['_id', is ? own : docOf(['$eq', own])], ...[...f].filter(([n]) => n !== '_id')]));
const updateEntry: fc.Arbitrary<Doc> = choose<Doc>(
  [
    4,
    entry(
      filter.map((q) => ({ q })),
      operators.map(withFilters),
      fc.constant({ multi: true }),
      entryHint,
      entryCollation,
    ),
  ],
  [
    4,
    entry(
      single.map((q) => ({ q })),
      operators.map(withFilters),
      pick({}, { multi: false }),
      entryHint,
    ),
  ],
  [
    1,
    entry(
      single.map((q) => ({ q })),
      replacement.map(withFilters),
      pick({}, { upsert: true }),
    ),
  ],
  [
    3,
    entry(
      seeded.map((q) => ({ q })),
      operators.map(withFilters),
      fc.constant({ upsert: true }),
      pick({}, { multi: true }),
    ),
  ],
  [
    1,
    entry(
      filter.map((q) => ({ q })),
      operators.map(withFilters),
      fc.constant({ upsert: true, multi: true }),
    ),
  ],
);
const update = spread(
  choose<readonly Doc[]>(
    [3, updateEntry.map((one) => [one])],
    [1, fc.array(updateEntry, { minLength: 2, maxLength: 3 })],
  ).map((updates) => ({ update: COLLECTION, updates })),
  rarely({ ordered: false }, { ordered: true }),
  bypass,
  writeGeneric,
);

const deleteEntry: fc.Arbitrary<Doc> = choose<Doc>(
  [
    1,
    entry(
      filter.map((q) => ({ q })),
      fc.constant({ limit: 0 }),
      entryHint,
      entryCollation,
    ),
  ],
  [
    3,
    entry(
      single.map((q) => ({ q })),
      pick({ limit: 1 }, { limit: 0 }),
      entryHint,
    ),
  ],
);
const remove = spread(
  fc.array(deleteEntry, { minLength: 1, maxLength: 2 }).map((deletes) => ({ delete: COLLECTION, deletes })),
  rarely({ ordered: false }, { ordered: true }),
  writeGeneric,
);

function modifying({ u, arrayFilters }: RandomUpdate): object {
  return arrayFilters.length > 0 ? { update: u, arrayFilters } : { update: u };
}

const findAndModify = spread(
  choose<object>(
    [
      4,
      fc
        .tuple(filter, choose<RandomUpdate>([4, operators], [1, replacement]), pick({}, { new: true }, { new: false }))
        .map(([query, u, isNew]) => ({ findAndModify: COLLECTION, query, ...modifying(u), ...isNew })),
    ],
    [1, filter.map((query) => ({ findAndModify: COLLECTION, query, remove: true }))],
    [
      1,
      fc
        .tuple(seeded, choose<RandomUpdate>([4, operators], [1, replacement]), fc.boolean())
        .map(([query, u, isNew]) => ({ findAndModify: COLLECTION, query, ...modifying(u), upsert: true, new: isNew })),
    ],
  ),
  sort.map((s) => ({ sort: s })),
  choose<object>([2, fc.constant({})], [1, projection.map((p) => ({ fields: p }))]),
  indexHint,
  entryCollation,
  bypass,
  writeGeneric,
);

const commitQuorum = rarely({ commitQuorum: 'majority' }, { commitQuorum: 1 });
function createIndexes(index: fc.Arbitrary<Doc>): Commands {
  return spread(
    fc.array(index, { minLength: 1, maxLength: 2 }).map((indexes) => ({ createIndexes: COLLECTION, indexes })),
    commitQuorum,
  );
}
const dropIndexes: Commands = choose<unknown>(
  [2, indexKey.map(nameOf)],
  [1, indexKey],
  [1, indexKey.map((key) => [nameOf(key)])],
  [1, pick('*', '_id_', 'nothing')],
).map((index) => ({ dropIndexes: COLLECTION, index }));

const catalog: Commands = choose<Operation['command']>(
  [1, fc.constant({ drop: COLLECTION })],
  [
    1,
    pick({ create: COLLECTION }, { create: COLLECTION, autoIndexId: true }, { create: COLLECTION, collation: SIMPLE }),
  ],
  [2, pick({ listIndexes: COLLECTION }, { listIndexes: COLLECTION, cursor: docOf(['batchSize', 1]) })],
  [
    1,
    spread(
      fc.constant({ listCollections: 1, filter: docOf(['name', COLLECTION]) }),
      pick({}, { nameOnly: true }, { authorizedCollections: true }, { cursor: docOf() }),
    ),
  ],
  [
    1,
    pick(
      { listDatabases: 1, nameOnly: true, filter: docOf(['name', 'nothing']) },
      { listDatabases: 1, filter: docOf(['name', 'x']), authorizedDatabases: true },
    ),
  ],
  [1, fc.constant({ dropDatabase: 1 })],
);

const greetingOption = pick<object>(
  {},
  { helloOk: true },
  { client: docOf(['driver', docOf(['name', 'x'])]) },
  { compression: [] },
  { loadBalanced: false },
  { saslSupportedMechs: 'admin.x' },
  { backpressure: true },
  { topologyVersion: docOf(['processId', IDS_OF_NOBODY], ['counter', Long.ZERO]), maxAwaitTimeMS: 1 },
);
const greeting = spread(pick<object>({ hello: 1 }, { ismaster: 1 }, { isMaster: 1 }), greetingOption);
const handshake: Commands = choose<Operation['command']>(
  [2, greeting],
  [
    2,
    pick<Operation['command']>(
      { ping: 1 },
      { buildInfo: 1 },
      { buildinfo: 1 },
      { connectionStatus: 1, showPrivileges: false },
      { getCmdLineOpts: 1 },
      { getParameter: 1, featureCompatibilityVersion: 1 },
      { getParameter: 1, authenticationMechanisms: 1, enableTestCommands: 1, requireApiVersion: 1 },
      { serverStatus: 1 },
      { endSessions: [] },
      { killAllSessions: [] },
    ),
  ],
);

const explained: Commands = fc
  .tuple(
    choose<Operation['command']>([2, find], [1, count], [1, distinct], [1, aggregate]),
    pick({}, { verbosity: 'queryPlanner' }, { verbosity: 'executionStats' }),
  )
  .map(([inner, more]) => ({ explain: new Map(Object.entries(inner)), ...more }));

/** Now and then a command of the Stable API is sent as one. */
function operations(...commands: readonly (readonly [number, Commands])[]): fc.Arbitrary<Operation> {
  return fc
    .tuple(choose(...commands), pick('drain' as const, 'drain' as const, 'drain' as const, 'kill' as const), fc.nat(5))
    .map(([command, cursor, chance]) => {
      const isStable = chance === 0 && STABLE_COMMANDS.includes(Object.keys(command)[0] ?? '');
      return { command: isStable ? { ...command, ...STABLE } : command, cursor };
    });
}

const dataCommands = [
  [8, insert],
  [8, find],
  [2, count],
  [2, distinct],
  [5, aggregate],
  [8, update],
  [1.5, remove],
  [4, findAndModify],
] as const;

/** Everything the subset has. */
export const operation: fc.Arbitrary<Operation> = operations(
  ...dataCommands,
  [2, createIndexes(anyIndex)],
  [0.7, dropIndexes],
  [0.8, catalog],
  [1.2, handshake],
  [0.3, explained],
);

/** What answers the same whichever indexes there are, and indexes that refuse nothing. */
export const dataOperation: fc.Arbitrary<Operation> = operations(...dataCommands);
export const indexing: Commands = createIndexes(lenientIndex);
