import { Binary, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import { codeOf, idsOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

describe('order', () => {
  it('goes by type first: MinKey, null, numbers, strings, objects, arrays, binary, ids, booleans, dates, regex, MaxKey', async () => {
    const values = [
      new MinKey(),
      null,
      Number.NaN,
      -1,
      Long.fromString('9007199254740993'),
      'a',
      { a: 1 },
      new Binary(Buffer.from('x')),
      new ObjectId(),
      false,
      true,
      new Date(0),
      /a/,
      new MaxKey(),
    ];
    const docs = values.map((v, _id) => ({ _id, v }));
    const collection = await database.collection(...docs.toReversed());
    const expected = values.map((_, id) => id);
    expect(await idsOf(collection, {}, { v: 1 })).toEqual(expected);
    expect(await idsOf(collection, {}, { v: -1 })).toEqual(expected.toReversed());
    await collection.createIndex({ v: 1 });
    expect(await idsOf(collection, {}, { v: 1 })).toEqual(expected);
    expect(await idsOf(collection, {}, { v: -1 })).toEqual(expected.toReversed());
  });

  it('compares numbers of all types by value, exactly', async () => {
    const big = Long.fromString('9007199254740993');
    const collection = await database.collection(
      { _id: 1, v: big },
      { _id: 2, v: 9007199254740992 },
      { _id: 3, v: Long.fromNumber(5) },
    );
    expect(await idsOf(collection, { v: 5 })).toEqual([3]);
    expect(await idsOf(collection, { v: { $gt: 9007199254740992 } })).toEqual([1]);
    expect(await idsOf(collection, { v: big })).toEqual([1]);
  });

  it('takes the least element of an array ascending, the greatest descending, an empty one before null', async () => {
    const collection = await database.collection(
      { _id: 1, v: [5, 1] },
      { _id: 2, v: 3 },
      { _id: 3, v: [] },
      { _id: 4 },
      { _id: 5, v: null },
    );
    expect(await idsOf(collection, {}, { v: 1 })).toEqual([3, 4, 5, 1, 2]);
    expect(await idsOf(collection, {}, { v: -1 })).toEqual([1, 2, 4, 5, 3]);
  });

  it('compares strings by their UTF-8 bytes, objects field by field in order', async () => {
    const collection = await database.collection(
      { _id: 1, v: '\u{1f600}' },
      { _id: 2, v: '\uffee' },
      { _id: 3, v: { b: 1, a: 2 } },
      { _id: 4, v: { a: 2, b: 1 } },
    );
    expect(await idsOf(collection, { v: { $type: 'string' } }, { v: 1 })).toEqual([2, 1]);
    expect(await idsOf(collection, { v: { a: 2, b: 1 } })).toEqual([4]);
  });
});

describe('filters', () => {
  it('match ranges within one type only, and elements of arrays', async () => {
    const collection = await database.collection(
      { _id: 1, v: 5 },
      { _id: 2, v: '5' },
      { _id: 3, v: [1, 9] },
      { _id: 4, v: null },
      { _id: 5 },
    );
    expect(await idsOf(collection, { v: { $gt: 2 } })).toEqual([1, 3]);
    expect(await idsOf(collection, { v: { $gt: 2, $lt: 8 } })).toEqual([1, 3]);
    expect(await idsOf(collection, { v: { $elemMatch: { $gt: 2, $lt: 8 } } })).toEqual([]);
    expect(await idsOf(collection, { v: { $gte: null } })).toEqual([4, 5]);
    expect(await idsOf(collection, { v: { $ne: 5 } })).toEqual([2, 3, 4, 5]);
  });

  it('find null where a dotted path has nothing, but not in empty arrays or arrays of scalars', async () => {
    const collection = await database.collection(
      { _id: 1 },
      { _id: 2, a: 5 },
      { _id: 3, a: {} },
      { _id: 4, a: [{ b: 1 }, {}] },
      { _id: 5, a: [] },
      { _id: 6, a: [1] },
      { _id: 7, a: { b: 1 } },
    );
    expect(await idsOf(collection, { 'a.b': null })).toEqual([1, 2, 3, 4]);
    expect(await idsOf(collection, { 'a.b': { $ne: null } })).toEqual([5, 6, 7]);
    await collection.createIndex({ 'a.b': 1 });
    expect(await idsOf(collection, { 'a.b': null })).toEqual([1, 2, 3, 4]);
  });

  it('take a number in a path as an index and as a field name', async () => {
    const collection = await database.collection(
      { _id: 1, a: [{ b: 1 }, { b: 2 }] },
      { _id: 2, a: { '1': { b: 2 } } },
      { _id: 3, a: [{ '1': { b: 2 } }] },
    );
    expect(await idsOf(collection, { 'a.1.b': 2 })).toEqual([1, 2, 3]);
    expect(await idsOf(collection, { 'a.0.b': 2 })).toEqual([]);
  });

  it('tell $elemMatch, $all, $size and $type of elements apart', async () => {
    const collection = await database.collection(
      {
        _id: 1,
        a: [
          { x: 1, y: 2 },
          { x: 2, y: 1 },
        ],
      },
      { _id: 2, a: [{ x: 1, y: 1 }] },
      { _id: 3, a: ['p', 'q', 3] },
    );
    expect(await idsOf(collection, { 'a.x': 1, 'a.y': 1 })).toEqual([1, 2]);
    expect(await idsOf(collection, { a: { $elemMatch: { x: 1, y: 1 } } })).toEqual([2]);
    expect(await idsOf(collection, { a: { $all: ['q', 'p'] } })).toEqual([3]);
    expect(await idsOf(collection, { a: { $size: 2 } })).toEqual([1]);
    expect(await idsOf(collection, { a: { $type: 'string' } })).toEqual([3]);
    expect(await idsOf(collection, { a: { $type: 'array' } })).toEqual([1, 2, 3]);
  });

  it('read regular expressions as Perl does, or refuse them', async () => {
    const collection = await database.collection({ _id: 1, s: 'abc\n' }, { _id: 2, s: 'ABC' }, { _id: 3, s: 'x.y' });
    expect(await idsOf(collection, { s: /c$/ })).toEqual([1]);
    expect(await idsOf(collection, { s: { $regex: '^abc', $options: 'i' } })).toEqual([1, 2]);
    expect(await idsOf(collection, { s: { $in: [/^x\.y$/, 'ABC'] } })).toEqual([2, 3]);
    expect(await codeOf(collection.findOne({ s: { $regex: '(?i)abc' } }))).toBe(115);
    expect(await codeOf(collection.findOne({ s: { $regex: 'a', $options: 'x' } }))).toBe(115);
    expect(await codeOf(collection.findOne({ s: { $regex: '(' } }))).toBe(51091);
  });

  it('are checked even where the collection does not exist', async () => {
    const collection = database.db.collection('nowhere');
    expect(await codeOf(collection.findOne({ a: { $in: 1 } }))).toBe(2);
    expect(await codeOf(collection.findOne({ $or: [] }))).toBe(2);
    expect(await codeOf(database.db.command({ find: 'nowhere', filter: 5 }))).toBe(14);
  });

  it('treat fields named like parts of JavaScript as data', async () => {
    const doc = JSON.parse('{"_id": 1, "__proto__": {"x": 1}, "constructor": 2, "toString": 3}') as object;
    const collection = await database.collection(doc, { _id: 2 });
    expect(await idsOf(collection, { '__proto__.x': 1 })).toEqual([1]);
    expect(await idsOf(collection, { constructor: { $exists: true } })).toEqual([1]);
    expect(await idsOf(collection, { toString: 3 })).toEqual([1]);
  });
});

describe('projections', () => {
  it('keep or drop fields, through arrays and documents', async () => {
    const collection = await database.collection({ _id: 1, a: [{ x: 1, y: 2 }, 5, { y: 3 }], b: { x: 1, y: 2 }, c: 1 });
    const read = (projection: object): Promise<unknown> => collection.findOne({}, { projection });
    expect(await read({ 'a.x': 1, 'b.y': 1, _id: 0 })).toEqual({ a: [{ x: 1 }, {}], b: { y: 2 } });
    expect(await read({ 'a.y': 0, b: 0 })).toEqual({ _id: 1, a: [{ x: 1 }, 5, {}], c: 1 });
    expect(await read({ c: 1, a: { $elemMatch: { y: 3 } } })).toEqual({ _id: 1, c: 1, a: [{ y: 3 }] });
    expect(await read({ a: { $slice: [1, 1] }, c: 1 })).toEqual({ _id: 1, a: [5], c: 1 });
    expect(await codeOf(read({ a: 1, b: 0 }))).toBe(31254);
    expect(await codeOf(read({ a: '$b' }))).toBe(115);
    expect(await codeOf(read({ 'a.$': 1 }))).toBe(115);
  });
});

describe('cursors', () => {
  it('are snapshots with a first batch of 101, and are gone when used up or killed', async () => {
    const collection = await database.collection(...Array.from({ length: 250 }, (_, _id) => ({ _id })));
    const namespace = collection.collectionName;
    const first = await database.db.command({ find: namespace });
    expect(first['cursor'].firstBatch).toHaveLength(101);
    await collection.deleteMany({});
    const second = await database.db.command({ getMore: first['cursor'].id, collection: namespace, batchSize: 100 });
    expect(second['cursor'].nextBatch[99]).toEqual({ _id: 200 });
    const killed = await database.db.command({ killCursors: namespace, cursors: [first['cursor'].id] });
    expect(killed['cursorsKilled']).toHaveLength(1);
    expect(await codeOf(database.db.command({ getMore: first['cursor'].id, collection: namespace }))).toBe(43);
  });

  it('stop at the limit, and at once with a batch size of 0 and a single batch', async () => {
    const collection = await database.collection(...Array.from({ length: 20 }, (_, _id) => ({ _id })));
    expect(await collection.find({}, { limit: 7, batchSize: 2 }).toArray()).toHaveLength(7);
    expect(await collection.find({}, { skip: 18 }).toArray()).toEqual([{ _id: 18 }, { _id: 19 }]);
    expect(await collection.find({}, { limit: -3 }).toArray()).toHaveLength(3);
    const { cursor } = await database.db.command({ find: collection.collectionName, batchSize: 0 });
    expect(cursor.firstBatch).toEqual([]);
    expect(String(cursor.id)).not.toBe('0');
  });
});

describe('aggregate, count, distinct', () => {
  it('group, count nothing as nothing, and open arrays', async () => {
    const collection = await database.collection(
      { _id: 1, k: 'a', n: 1, t: ['x', 'y'] },
      { _id: 2, k: 'a', n: 2.5 },
      { _id: 3, t: ['x'] },
    );
    const groups = await collection
      .aggregate([
        { $group: { _id: '$k', n: { $sum: '$n' }, all: { $push: '$n' }, max: { $max: '$n' } } },
        { $sort: { _id: 1 } },
      ])
      .toArray();
    expect(groups).toEqual([
      { _id: null, n: 0, all: [], max: null },
      { _id: 'a', n: 3.5, all: [1, 2.5], max: 2.5 },
    ]);
    await collection.insertOne({ _id: 4 as never, k: null });
    expect(
      await collection.aggregate([{ $group: { _id: '$k', n: { $sum: 1 } } }, { $sort: { _id: 1 } }]).toArray(),
    ).toEqual([
      { _id: null, n: 2 },
      { _id: 'a', n: 2 },
    ]);
    await collection.deleteOne({ _id: 4 as never });
    expect(await collection.aggregate([{ $match: { k: 'z' } }, { $count: 'n' }]).toArray()).toEqual([]);
    expect(
      await collection
        .aggregate([{ $unwind: '$t' }, { $group: { _id: '$t', n: { $sum: 1 } } }, { $sort: { n: -1 } }])
        .toArray(),
    ).toEqual([
      { _id: 'x', n: 2 },
      { _id: 'y', n: 1 },
    ]);
    expect(await collection.distinct('t')).toEqual(['x', 'y']);
    expect(await collection.countDocuments({ k: 'a' })).toBe(2);
    expect(await collection.estimatedDocumentCount()).toBe(3);
  });

  it('compute fields by their types, not as filters would', async () => {
    const collection = await database.collection({ _id: 1, a: [1], b: null, d: new Date(5000) });
    const [result] = await collection
      .aggregate([
        {
          $project: {
            less: { $lt: ['$a', 2] },
            missing: { $eq: ['$none', null] },
            isNull: { $eq: ['$b', null] },
            sum: { $add: [1, 2.5] },
            text: { $concat: ['x', { $toString: '$_id' }] },
            pick: { $cond: [{ $in: [1, '$a'] }, 'in', 'out'] },
            ms: { $subtract: ['$d', new Date(1000)] },
          },
        },
      ])
      .toArray();
    expect(result).toEqual({
      _id: 1,
      less: false,
      missing: false,
      isNull: true,
      sum: 3.5,
      text: 'x1',
      pick: 'in',
      ms: 4000,
    });
  });
});
