import { Long } from 'mongodb';
import { codeOf, idsOf, openTestDatabase, type TestDatabase } from './support.ts';

/** What random operations found to differ from MongoDB, each in its smallest form. */
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

/** A document after an update, or the error's code. */
async function updated(doc: object, update: object, filter: object = {}, arrayFilters?: object[]): Promise<unknown> {
  const collection = await database.collection({ _id: 1, ...doc });
  const code = await codeOf(collection.updateOne(filter, update, arrayFilters ? { arrayFilters } : {}));
  if (code !== 'no error') return code;
  const { _id, ...rest } = (await collection.findOne()) ?? { _id: 0 };
  return rest;
}

async function aggregated(doc: object, expression: unknown): Promise<unknown> {
  const collection = await database.collection({ _id: 1, ...doc });
  const found = collection.aggregate([{ $project: { _id: 0, result: expression } }]).toArray();
  return await found.then(
    ([first]) => first?.['result'],
    (error: { code: unknown }) => error.code,
  );
}

describe('updates through arrays', () => {
  it('choose the elements before any of them is changed', async () => {
    const update = { $set: { 'a.$[].x': 1, 'a.$[e].y': 2 } };
    expect(await updated({ a: [{ x: 0 }, { x: 5 }] }, update, {}, [{ 'e.x': 0 }])).toEqual({
      a: [{ x: 1, y: 2 }, { x: 1 }],
    });
  });

  it.each<[string, object, object, object[] | undefined]>([
    ['$[] and $[name] of one element', { $set: { 'a.$[]': 1, 'a.$[e]': 2 } }, {}, [{ e: 1 }]],
    ['$ and the position it stands for', { $set: { 'a.$': 1, 'a.0': 2 } }, { a: 1 }, undefined],
    ['a list and a position', { $set: { 'a.$[]': 1, 'a.5': 2 } }, {}, undefined],
    ['a list and a field', { $set: { 'a.$[].x': 1, 'a.x': 2 } }, { _id: 7 }, undefined],
  ])('are in conflict: %s', async (_what, update, filter, arrayFilters) => {
    expect(await updated({ a: [1, 2] }, update, filter, arrayFilters)).toBe(40);
  });
});

describe('$rename', () => {
  it('adds its field in the order of all fields', async () => {
    const after = await updated({ a: 5 }, { $rename: { a: 'd' }, $set: { c: 1, e: 2 } });
    expect(Object.keys(Object(after))).toEqual(['c', 'd', 'e']);
  });

  it.each([
    ['onto its own path', { a: { x: 1 } }, { a: 'a.x' }, 2],
    ['from below a scalar', { a: 1 }, { 'a.x': 'b' }, 28],
    ['from below a list', { a: [{ x: 1 }] }, { 'a.x': 'b' }, 28],
    ['of an element', { a: [1] }, { 'a.0': 'b' }, 2],
    ['into a list', { a: 1, b: [1] }, { a: 'b.0' }, 2],
  ])('is refused %s', async (_what, doc, $rename, code) => {
    expect(await updated(doc, { $rename })).toBe(code);
  });
});

describe('$inc and $mul', () => {
  it('take true for no number', async () => {
    expect(await updated({ a: [{ x: true }] }, { $inc: { 'a.0.x': -2 } })).toBe(14);
    expect(await updated({ a: false }, { $mul: { a: 2 } })).toBe(14);
  });
});

describe('$pull', () => {
  it('opens an element that is a list once, and takes filters of the fields of documents', async () => {
    expect(await updated({ a: [[1], [[1]], 1, 5] }, { $pull: { a: { $lt: 3 } } })).toEqual({ a: [[[1]], 5] });
    const $pull = { a: { $or: [{ x: 1 }, { y: 2 }] } };
    expect(await updated({ a: [{ x: 1 }, { y: 2 }, 1, { x: 2 }] }, { $pull })).toEqual({ a: [1, { x: 2 }] });
  });
});

describe('upserts', () => {
  it('take two conditions on one path for a mistake, unless they replace', async () => {
    const collection = await database.collection();
    const filter = { _id: 7 as never, a: [1], 'a.y': 2, 'b.x': 1 };
    expect(await codeOf(collection.updateOne(filter, { $set: { c: 1 } }, { upsert: true }))).toBe(54);
    await collection.replaceOne(filter, { c: 1 }, { upsert: true });
    expect(await collection.find().toArray()).toEqual([{ _id: 7, c: 1 }]);
    expect(await codeOf(collection.replaceOne({ '_id.x': 1 }, { c: 1 }, { upsert: true }))).toBe(61);
  });
});

describe('unique indexes', () => {
  it('are checked in the order they were made: the _id before lists side by side', async () => {
    const collection = await database.collection({ _id: 1 });
    await collection.createIndex({ a: 1, b: 1 });
    expect(await codeOf(collection.insertOne({ _id: 1 as never, a: [1], b: [1] }))).toBe(11000);
    expect(await codeOf(collection.insertOne({ _id: 2 as never, a: [1], b: [1] }))).toBe(171);
  });
});

describe('expressions', () => {
  it('look for a field in the documents of a list, not in lists inside it', async () => {
    expect(await aggregated({ a: [[{ x: 1 }, 2], { x: 3 }, 4, { y: 5 }] }, '$a.x')).toEqual([3]);
    expect(await aggregated({ a: [{ x: [{ y: 1 }, [{ y: 2 }]] }, { x: { y: 3 } }] }, '$a.x.y')).toEqual([[1], 3]);
  });

  it.each<[unknown, unknown]>([
    [{ $add: ['$s', null] }, 14],
    [{ $add: [null, '$s'] }, null],
    [{ $multiply: ['$s', '$nothing'] }, 14],
    [{ $concat: ['$n', '$nothing'] }, 16702],
    [{ $concat: ['$nothing', '$n'] }, null],
  ])('take what comes first, a mistake or nothing: %j', async (expression, result) => {
    expect(await aggregated({ s: 'x', n: 1 }, expression)).toBe(result);
  });

  it.each([[[1]], [{ x: 1 }], [/a/]])('make no text of %p', async (value) => {
    expect(await aggregated({}, { $toString: { $literal: value } })).toBe(241);
  });
});

describe('expressions that depend on no document', () => {
  it.each<[unknown, number]>([
    [{ $divide: [1, 0] }, 2],
    [{ $cond: [true, 1, { $size: 'a' }] }, 17124],
    [{ $ifNull: ['$a', { $add: ['x', 1] }] }, 14],
  ])('are worked out even where there are no documents: %j', async (expression, code) => {
    const collection = await database.collection();
    expect(await codeOf(collection.aggregate([{ $project: { x: expression } }]).toArray())).toBe(code);
  });
});

describe('filters', () => {
  it('by $elemMatch take an element that is a list whole', async () => {
    const collection = await database.collection(
      { _id: 1, a: [[2.5, null]] },
      { _id: 2, a: [1] },
      { _id: 3, a: [[[1]]] },
    );
    expect(await idsOf(collection, { a: { $elemMatch: { $gte: 1 } } })).toEqual([2]);
    expect(await idsOf(collection, { a: { $elemMatch: { $type: 'array' } } })).toEqual([1, 3]);
    expect(await idsOf(collection, { a: { $elemMatch: { $not: { $gte: 1 } } } })).toEqual([1, 3]);
    expect(await idsOf(collection, { a: { $elemMatch: { $elemMatch: { $gte: 1 } } } })).toEqual([1]);
    expect(await idsOf(collection, { a: { $elemMatch: { $all: [[2.5, null]] } } })).toEqual([1]);
  });

  it('by $mod are exact beyond 2^53', async () => {
    const long = Long.fromString('9007199254740993');
    const collection = await database.collection({ _id: 1, a: long }, { _id: 2, a: 4.9 }, { _id: 3, a: 1e300 });
    expect(await idsOf(collection, { a: { $mod: [2, 1] } })).toEqual([1]);
    expect(await idsOf(collection, { a: { $mod: [2, 0] } })).toEqual([2]);
  });
});

describe('sparse indexes', () => {
  it('leave out the elements of a list that have none of their fields', async () => {
    const collection = await database.collection({ _id: 1, a: [{ x: 1 }, {}] }, { _id: 2, a: [{ x: 2 }, {}, 5] });
    await collection.createIndex({ 'a.x': 1, 'a.y': 1 }, { unique: true, sparse: true });
    await collection.insertOne({ _id: 3 as never, a: [] });
    expect(await codeOf(collection.insertOne({ _id: 4 as never, a: [{ x: 2 }] }))).toBe(11000);
    expect(await collection.countDocuments()).toBe(3);
  });
});

describe('sorts', () => {
  it('take two fields of one list together, from the same element', async () => {
    const collection = await database.collection(
      {
        _id: 1,
        a: [
          { x: 1, y: 5 },
          { x: 2, y: 0 },
        ],
      },
      { _id: 2, a: [{ x: 1, y: 3 }] },
    );
    expect(await idsOf(collection, {}, { 'a.x': 1, 'a.y': 1 })).toEqual([2, 1]);
  });

  it('refuse two lists side by side', async () => {
    const collection = await database.collection({ _id: 1, a: [1], b: [1] });
    expect(await codeOf(collection.find().sort({ a: 1, b: 1 }).toArray())).toBe(2);
  });

  it('of $push compare lists whole and take what is no document as without fields', async () => {
    const update = { $push: { a: { $each: [{ x: [0, 9] }, 7, { x: 3 }, { x: [1] }], $sort: { x: 1 } } } };
    expect(await updated({ a: [] }, update)).toEqual({ a: [7, { x: 3 }, { x: [0, 9] }, { x: [1] }] });
    expect(await updated({ a: [] }, { $push: { a: { $each: [], $sort: { x: 2 } } } })).toBe(2);
  });
});
