import fc from 'fast-check';
import { SUPPORTED } from '../../../sandbox/mongo/supported.ts';
import { MANUAL } from './refusal-names.ts';
import { openTestDatabase, type TestDatabase } from './support.ts';

/** Names outside the subset, at every place where one may stand: refused by name, and nothing is changed. */
const RUNS = Number(process.env['REFUSAL_RUNS'] ?? 300);
const START = [
  { _id: 1, a: [{ b: 1 }, 2], c: 'x' },
  { _id: 2, a: 3 },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.db.collection<{ _id: number }>('r').insertMany(START);
});

afterAll(async () => {
  await database.close();
});

type Command = Readonly<Record<string, unknown>>;
type Place = (name: string) => Command;

const find = (filter: object, more: object = {}): Command => ({ find: 'r', filter, ...more });
const aggregate = (...stages: object[]): Command => ({ aggregate: 'r', pipeline: stages, cursor: {} });
const update = (u: unknown, more: object = {}): Command => ({
  update: 'r',
  updates: [{ q: {}, u, multi: true, ...more }],
});
const index = (more: object): Command => ({ createIndexes: 'r', indexes: [{ key: { a: 1 }, name: 'a_1', ...more }] });
const not = (all: readonly string[], supported: readonly string[]): string[] =>
  all.filter((name) => !supported.includes(name));

/** Where a filter may stand, of documents or of elements. */
const documentPlaces: readonly ((filter: object) => Command)[] = [
  (filter) => find(filter),
  (filter) => find({ $and: [{ c: 'x' }, { $or: [filter] }] }),
  (filter) => find({ $nor: [filter] }),
  (filter) => ({ count: 'r', query: filter }),
  (filter) => ({ distinct: 'r', key: 'a', query: filter }),
  (filter) => ({ delete: 'r', deletes: [{ q: filter, limit: 0 }] }),
  (filter) => ({ update: 'r', updates: [{ q: filter, u: { $set: { a: 9 } }, multi: true, upsert: true }] }),
  (filter) => ({ findAndModify: 'r', query: filter, remove: true }),
  (filter) => ({ findAndModify: 'r', query: filter, update: { $set: { a: 9 } }, upsert: true }),
  (filter) => aggregate({ $match: filter }),
  (filter) => aggregate({ $project: { a: 1 } }, { $match: filter }),
  (filter) => ({ listCollections: 1, filter }),
  (filter) => ({ explain: find(filter) }),
];
const filterPlaces: readonly ((filter: object) => Command)[] = [
  ...documentPlaces,
  (filter) => find({ a: { $elemMatch: filter } }),
  (filter) => find({ a: { $not: { $elemMatch: filter } } }),
  (filter) => find({ a: { $all: [{ $elemMatch: filter }] } }),
  (filter) => find({}, { projection: { a: { $elemMatch: filter } } }),
  (filter) => update({ $pull: { a: filter } }),
];
const field = (name: string, operand: unknown = 1): object => ({ b: { [name]: operand } });
const queryPlaces: readonly Place[] = [
  ...filterPlaces.flatMap((put): Place[] => [
    (name) => put(field(name)),
    (name) => put({ b: { $not: { [name]: 1 } } }),
    (name) => put({ b: { $gt: 0, [name]: 1 } }),
  ]),
  (name) => find({ a: { $elemMatch: { [name]: 1 } } }),
  (name) => update({ $pull: { a: { [name]: 1 } } }),
  (name) => update({ $set: { 'a.$[e]': 9 } }, { arrayFilters: [{ e: { [name]: 1 } }] }),
  (name) => update({ $set: { 'a.$[e].b': 9 } }, { arrayFilters: [{ $or: [{ 'e.b': { [name]: 1 } }] }] }),
];
const topLevelPlaces: readonly Place[] = documentPlaces.map(
  (put): Place =>
    (name) =>
      put({ [name]: { $eq: [1, 1] } }),
);

/** Where an expression may stand. */
const expressionPlaces: readonly ((expression: unknown) => Command)[] = [
  (expression) => aggregate({ $addFields: { x: { $add: [1, expression] } } }),
  (expression) => aggregate({ $addFields: { x: expression } }),
  (expression) => aggregate({ $set: { x: [expression] } }),
  (expression) => aggregate({ $project: { x: { $cond: [true, 1, expression] } } }),
  (expression) => aggregate({ $project: { x: { $ifNull: ['$a', { y: expression }] } } }),
  (expression) => aggregate({ $group: { _id: expression } }),
  (expression) => aggregate({ $group: { _id: { x: expression } } }),
  (expression) => aggregate({ $group: { _id: null, x: { $sum: expression } } }),
  (expression) => aggregate({ $replaceRoot: { newRoot: { x: expression } } }),
  (expression) => aggregate({ $match: { nothing: 1 } }, { $replaceWith: expression }),
];

interface Kind {
  readonly names: readonly string[];
  readonly places: readonly Place[];
  /** MongoDB's answers to a name that it has not. */
  readonly mistakes: readonly number[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  commands: {
    names: not(MANUAL.commands, Object.keys(SUPPORTED.commands)),
    places: [(name) => ({ [name]: 'r' }), (name) => ({ [name]: 1 })],
    mistakes: [59],
  },
  'query operators': {
    names: not(MANUAL.query, SUPPORTED.queryOperators),
    places: queryPlaces,
    mistakes: [2],
  },
  'query operators at the top': {
    names: not(MANUAL.topLevel, SUPPORTED.queryLogic),
    places: topLevelPlaces,
    mistakes: [2],
  },
  'update operators': {
    names: not(MANUAL.updates, SUPPORTED.updateOperators),
    places: [
      (name) => update({ [name]: { a: 1 } }),
      (name) => update({ $set: { c: 'y' }, [name]: { a: 1 } }),
      (name) => update({ [name]: { a: 1 } }, { q: { nothing: 1 }, upsert: true }),
      (name) => ({ findAndModify: 'r', query: {}, update: { [name]: { a: 1 } } }),
    ],
    mistakes: [9],
  },
  stages: {
    names: not(MANUAL.stages, SUPPORTED.stages),
    places: [
      (name) => aggregate({ [name]: {} }),
      (name) => aggregate({ $match: { nothing: 1 } }, { [name]: 'x' }),
      (name) => aggregate({ $sort: { a: 1 } }, { $limit: 1 }, { [name]: {} }, { $count: 'n' }),
      (name) => ({ explain: aggregate({ [name]: {} }) }),
    ],
    mistakes: [40324],
  },
  accumulators: {
    names: not(MANUAL.accumulators, SUPPORTED.accumulators),
    places: [
      (name) => aggregate({ $group: { _id: null, x: { [name]: '$a' } } }),
      (name) => aggregate({ $match: { nothing: 1 } }, { $group: { _id: '$a', y: { $sum: 1 }, x: { [name]: {} } } }),
    ],
    mistakes: [15952],
  },
  expressions: {
    names: not(MANUAL.expressions, SUPPORTED.expressions),
    places: expressionPlaces.map(
      (put): Place =>
        (name) =>
          put({ [name]: ['$a'] }),
    ),
    mistakes: [168],
  },
  'expressions in projections': {
    names: not(MANUAL.expressions, SUPPORTED.projectionOperators),
    places: [
      (name) => find({}, { projection: { x: { [name]: ['$a'] } } }),
      (name) => ({ findAndModify: 'r', query: {}, remove: true, fields: { x: { [name]: ['$a'] } } }),
    ],
    mistakes: [31325],
  },
  'modifiers of $push': {
    names: [],
    places: [(name) => update({ $push: { a: { $each: [1], [name]: 1 } } })],
    mistakes: [2],
  },
  'index options': {
    names: not(MANUAL.indexOptions, SUPPORTED.indexOptions),
    places: [(name) => index({ [name]: 1 }), (name) => index({ key: { z: 1 }, name: 'z', unique: true, [name]: 1 })],
    mistakes: [197],
  },
  'options of commands': {
    names: [],
    places: [
      (name) => find({}, { [name]: 1 }),
      (name) => ({ count: 'r', query: {}, [name]: 1 }),
      (name) => ({ distinct: 'r', key: 'a', [name]: 1 }),
      (name) => ({ ...aggregate(), [name]: 1 }),
      (name) => ({ insert: 'r', documents: [{ _id: 9 }], [name]: 1 }),
      (name) => ({ ...update({ $set: { a: 1 } }), [name]: 1 }),
      (name) => update({ $set: { a: 1 } }, { [name]: 1 }),
      (name) => ({ delete: 'r', deletes: [{ q: {}, limit: 0 }], [name]: 1 }),
      (name) => ({ delete: 'r', deletes: [{ q: {}, limit: 0, [name]: 1 }] }),
      (name) => ({ findAndModify: 'r', query: {}, remove: true, [name]: 1 }),
      (name) => ({ create: 'other', [name]: 1 }),
      (name) => ({ drop: 'r', [name]: 1 }),
      (name) => ({ ...index({}), [name]: 1 }),
      (name) => ({ dropIndexes: 'r', index: '*', [name]: 1 }),
    ],
    mistakes: [40415],
  },
};

interface Refused {
  readonly code: unknown;
  readonly errmsg: string;
}

async function answerTo(command: Command): Promise<Refused> {
  const reply: unknown = await database.db.command(command).catch((error: unknown) => error);
  const { writeErrors, code, errmsg, message } = reply as Record<string, unknown>;
  const [first] = Array.isArray(writeErrors) ? (writeErrors as Refused[]) : [];
  return first ?? { code, errmsg: String(errmsg ?? message) };
}

async function expectNothingChanged(): Promise<void> {
  expect(await database.db.collection('r').find().sort({ _id: 1 }).toArray()).toEqual(START);
  expect(await database.db.listCollections().toArray()).toHaveLength(1);
  expect(await database.db.collection('r').indexes()).toHaveLength(1);
}

const REFUSAL = / is not supported by the embedded server; use MongoDB \(set MONGODB_URI\)$/;

it.each(Object.entries(KINDS))(
  'what MongoDB has and the subset has not is refused by name: %s',
  async (_kind, kind) => {
    if (kind.names.length === 0) return;
    const names = fc.constantFrom(...kind.names);
    // Each name at one place at least, and the pairs of them at random.
    for (const [at, name] of kind.names.entries()) await expectRefused(name, kind.places[at % kind.places.length]);
    await fc.assert(fc.asyncProperty(names, fc.constantFrom(...kind.places), expectRefused), { numRuns: RUNS / 5 });
    await expectNothingChanged();
  },
);

async function expectRefused(name: string, put: Place | undefined): Promise<void> {
  const command = put?.(name) ?? {};
  const { code, errmsg } = await answerTo(command);
  expect({ command, code, errmsg }).toEqual({ command, code: 115, errmsg: expect.stringMatching(REFUSAL) });
}

it.each(Object.entries(MANUAL.options))('so is an option of %s', async (command, options) => {
  const whole: Readonly<Record<string, Command>> = {
    find: find({}),
    aggregate: aggregate({ $match: {} }),
    insert: { insert: 'r', documents: [{ _id: 9 }] },
    update: update({ $set: { a: 1 } }),
    delete: { delete: 'r', deletes: [{ q: {}, limit: 0 }] },
    findAndModify: { findAndModify: 'r', query: {}, remove: true },
    create: { create: 'other' },
    listIndexes: { listIndexes: 'r' },
  };
  for (const [option, value] of Object.entries(options)) {
    const { code, errmsg } = await answerTo({ ...whole[command], [option]: value });
    expect({ option, code, errmsg }).toEqual({ option, code: 115, errmsg: expect.stringMatching(REFUSAL) });
  }
  await expectNothingChanged();
});

it.each(Object.entries(KINDS))(
  "a name that MongoDB has not gets MongoDB's own error: %s",
  async (kind, { places, mistakes }) => {
    const isOperator = kind !== 'commands' && kind !== 'options of commands' && kind !== 'index options';
    const names = fc.stringMatching(/^[a-z]{2}x[a-zA-Z]{2,8}$/).map((name) => (isOperator ? `$${name}` : name));
    await fc.assert(
      fc.asyncProperty(names, fc.constantFrom(...places), async (name, put) => {
        const command = put(name);
        const { code } = await answerTo(command);
        expect({ command, code }).toEqual({ command, code: mistakes[0] });
      }),
      { numRuns: RUNS / 10 },
    );
    await expectNothingChanged();
  },
);
