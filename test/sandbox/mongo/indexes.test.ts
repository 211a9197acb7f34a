import { Binary, ObjectId } from 'mongodb';
import { createStore, ensureCollection } from '../../../sandbox/mongo/store/store.ts';
import type { Collection } from './driver.ts';
import { codeOf, idsOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

/** The stages of the plan of a query, from the top, with the index's name. */
async function planOf(
  collection: Collection,
  filter: object,
  sort: Record<string, 1 | -1> = {},
  options: object = {},
): Promise<string> {
  const { queryPlanner } = await collection.find(filter, { sort, ...options }).explain('queryPlanner');
  const stages: string[] = [];
  for (let stage = queryPlanner.winningPlan; stage; stage = stage.inputStage ?? stage.inputStages?.[0]) {
    stages.push(
      stage.indexName
        ? `${stage.stage} ${stage.indexName}${stage.direction === 'backward' ? ' backward' : ''}`
        : stage.stage,
    );
  }
  return stages.join(', ');
}

describe('unique indexes', () => {
  it('say which key was taken, as clients expect it', async () => {
    const collection = await database.collection({ _id: 1, tenant: 't', name: 'a' });
    await collection.createIndex({ tenant: 1, name: -1 }, { unique: true });
    const error = await collection.insertOne({ tenant: 't', name: 'a' }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 11000,
      keyPattern: { tenant: 1, name: -1 },
      keyValue: { tenant: 't', name: 'a' },
      message: `E11000 duplicate key error collection: test.${collection.collectionName} index: tenant_1_name_-1 dup key: { tenant: "t", name: "a" }`,
    });
    expect(await codeOf(collection.insertOne({ _id: 1 as never }))).toBe(11000);
  });

  it('hold each element of an array, but let one document hold it twice', async () => {
    const collection = await database.collection({ _id: 1, tags: ['a', 'a', 'b'] });
    await collection.createIndex({ tags: 1 }, { unique: true });
    expect(await codeOf(collection.insertOne({ tags: ['c', 'b'] }))).toBe(11000);
    expect(await codeOf(collection.insertOne({ tags: 'a' }))).toBe(11000);
    expect(await codeOf(collection.insertOne({ tags: ['c', 'd'] }))).toBe('no error');
  });

  it('take null and missing as one key, unless they are sparse or partial', async () => {
    const plain = await database.collection({ _id: 1 });
    await plain.createIndex({ a: 1 }, { unique: true });
    expect(await codeOf(plain.insertOne({ a: null }))).toBe(11000);
    const sparse = await database.collection({ _id: 1 }, { _id: 2 }, { _id: 3, a: 1 });
    await sparse.createIndex({ a: 1 }, { unique: true, sparse: true });
    expect(await codeOf(sparse.insertOne({}))).toBe('no error');
    expect(await codeOf(sparse.insertOne({ a: 1 }))).toBe(11000);
    const partial = await database.collection({ _id: 1, a: 1, on: true }, { _id: 2, a: 1, on: false });
    await partial.createIndex({ a: 1 }, { unique: true, partialFilterExpression: { on: true } });
    expect(await codeOf(partial.insertOne({ a: 1, on: true }))).toBe(11000);
    expect(await codeOf(partial.updateOne({ _id: 2 as never }, { $set: { on: true } }))).toBe(11000);
    expect(await codeOf(partial.updateOne({ _id: 2 as never }, { $set: { on: true, a: 2 } }))).toBe('no error');
  });

  it('change nothing at all when one of several is violated', async () => {
    const collection = await database.collection({ _id: 1, a: 1, b: 1 }, { _id: 2, a: 2, b: 2 });
    await collection.createIndex({ a: 1 }, { unique: true });
    await collection.createIndex({ b: 1 }, { unique: true });
    expect(await codeOf(collection.updateOne({ _id: 1 as never }, { $set: { a: 9, b: 2 } }))).toBe(11000);
    expect(await idsOf(collection, { a: 9 })).toEqual([]);
    expect(await idsOf(collection, { a: 1 })).toEqual([1]);
  });

  it('are not made over duplicates, and leave nothing behind', async () => {
    const collection = await database.collection({ _id: 1, a: 1 }, { _id: 2, a: 1 });
    expect(
      await codeOf(
        collection.createIndexes([
          { key: { b: 1 }, name: 'b' },
          { key: { a: 1 }, name: 'a', unique: true },
        ]),
      ),
    ).toBe(11000);
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(['_id_']);
  });
});

describe('the list of indexes', () => {
  it('takes the same again as done, and tells half-same ones apart', async () => {
    const collection = await database.collection();
    await collection.createIndex({ a: 1 }, { name: 'n', unique: true });
    expect(await collection.createIndex({ a: 1 }, { name: 'n', unique: true })).toBe('n');
    expect(await codeOf(collection.createIndex({ a: 1 }, { name: 'other', unique: true }))).toBe(85);
    expect(await codeOf(collection.createIndex({ a: 1 }, { name: 'n', unique: true, expireAfterSeconds: 9 }))).toBe(85);
    expect(await codeOf(collection.createIndex({ a: 1 }, { name: 'n' }))).toBe(86);
    expect(await codeOf(collection.createIndex({ b: 1 }, { name: 'n' }))).toBe(86);
    expect(await collection.createIndex({ a: 1 }, { name: 'plain' })).toBe('plain');
    expect(await collection.createIndex({ a: 1 }, { name: 'sparse', sparse: true })).toBe('sparse');
    expect(await collection.indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { a: 1 }, name: 'n', unique: true },
      { v: 2, key: { a: 1 }, name: 'plain' },
      { v: 2, key: { a: 1 }, name: 'sparse', sparse: true },
    ]);
    const twice = { key: { b: 1 }, name: 'b' };
    expect(await codeOf(collection.createIndexes([twice, twice]))).toBe(68);
    expect(await codeOf(collection.createIndexes([twice, { key: { c: 1 }, name: 'b' }]))).toBe(86);
  });

  it("answers MongoDB's codes for what is not there", async () => {
    const missing = database.db.collection('not-there');
    expect(await codeOf(missing.indexes())).toBe(26);
    const collection = await database.collection({ _id: 1 });
    expect(await codeOf(collection.dropIndex('nope'))).toBe(27);
    expect(await codeOf(collection.dropIndex('_id_'))).toBe(72);
    expect(await codeOf(collection.createIndex({ a: '2dsphere' }))).toBe(115);
    expect(await codeOf(collection.createIndex({ a: 'text' }))).toBe(115);
    expect(await codeOf(collection.createIndex({ '$**': 1 }))).toBe(115);
    expect(await codeOf(collection.createIndex({ a: 1 }, { collation: { locale: 'en' } }))).toBe(115);
    expect(await codeOf(collection.createIndex({ a: 1, b: 1 }, { expireAfterSeconds: 5 }))).toBe(67);
  });

  it('forgets dropped indexes', async () => {
    const collection = await database.collection({ _id: 1, a: 1 });
    await collection.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }, { key: { c: 1 } }]);
    await collection.dropIndex('a_1');
    expect(await planOf(collection, { a: 1 })).toBe('COLLSCAN');
    await collection.dropIndexes();
    expect(await collection.indexes()).toHaveLength(1);
  });
});

describe('plans', () => {
  it('use an index for equality, $in, ranges and sorts on its first fields, and say so', async () => {
    const collection = await database.collection(
      ...Array.from({ length: 200 }, (_, _id) => ({ _id, t: _id % 4, at: new Date(_id * 1000), s: `s${_id % 7}` })),
    );
    await collection.createIndex({ t: 1, at: -1 });
    await collection.createIndex({ at: 1 });
    expect(await planOf(collection, { t: 1 })).toBe('FETCH, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { t: { $in: [1, 2] } })).toBe('FETCH, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { t: 1, at: { $gt: new Date(5000) } })).toBe('FETCH, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { t: 1 }, { at: -1 })).toBe('FETCH, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { t: 1 }, { at: 1 })).toBe('FETCH, IXSCAN t_1_at_-1 backward');
    expect(await planOf(collection, {}, { at: -1 })).toBe('FETCH, IXSCAN at_1 backward');
    expect(await planOf(collection, { at: { $lte: new Date(9000) } }, { at: 1 })).toBe('FETCH, IXSCAN at_1');
    expect(await planOf(collection, { _id: 5 })).toBe('FETCH, IXSCAN _id_');
    expect(await planOf(collection, { t: 1 }, { s: 1 })).toBe('SORT, FETCH, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { s: 's1' })).toBe('COLLSCAN');
    expect(await planOf(collection, { $or: [{ t: 1 }, { at: new Date(0) }] })).toBe('FETCH, OR, IXSCAN t_1_at_-1');
    expect(await planOf(collection, { $or: [{ t: 1 }, { s: 's1' }] })).toBe('COLLSCAN');
    expect(
      await planOf(collection, { $and: [{ $or: [{ s: 's1' }, { s: 's2' }] }, { $or: [{ t: 1 }, { _id: 3 }] }] }),
    ).toBe('COLLSCAN');
    expect(await planOf(collection, { s: 's1', $and: [{ $or: [{ t: 1 }, { _id: 3 }] }] })).toBe(
      'FETCH, OR, IXSCAN t_1_at_-1',
    );
    // Few through two indexes and sorted are cheaper than all in order.
    const few = { $or: [{ at: new Date(0) }, { _id: 3 }] };
    expect(await planOf(collection, few, { at: 1 })).toBe('SORT, FETCH, OR, IXSCAN at_1');
    expect(await idsOf(collection, few, { at: -1 })).toEqual([3, 0]);
    expect(await planOf(collection, { s: 's1' }, {}, { hint: { at: 1 } })).toBe('FETCH, IXSCAN at_1');
    expect(await codeOf(collection.find({}, { hint: 'nope' }).toArray())).toBe(2);
  });

  it('reach the ends of every type, upwards and downwards', async () => {
    const ids = ['000000000000000000000000', 'ff0000000000000000000000', 'ffffffffffffffffffffffff'];
    const values: unknown[] = [
      ...[Number.NEGATIVE_INFINITY, -Number.MAX_VALUE, -1, 0, 1, Number.MAX_VALUE, Number.POSITIVE_INFINITY],
      ...['', '\0', '\x01', '\0\x01', 'a', 'a\0', '\u{10ffff}'],
      ...ids.map((id) => new ObjectId(id)),
      ...[new Date(-8.64e15), new Date(0), new Date(8.64e15)],
      ...[false, true, null, {}, { a: 1 }],
      ...[new Binary(Buffer.alloc(0)), new Binary(Buffer.alloc(3, 0xff), 0xff)],
    ];
    const docs = values.map((v, _id) => ({ _id, v }));
    const plain = await database.collection(...docs);
    for (const key of [{ v: 1 }, { v: -1 }, { v: -1, _id: 1 }] as const) {
      const indexed = await database.collection(...docs);
      await indexed.createIndex(key);
      for (const value of values) {
        for (const operator of ['$eq', '$gt', '$gte', '$lt', '$lte']) {
          const filter = { v: { [operator]: value } };
          expect([filter, await idsOf(indexed, filter)]).toEqual([filter, await idsOf(plain, filter)]);
        }
      }
    }
  });

  it('look only at what is due among many', async () => {
    const collection = await database.collection(
      ...Array.from({ length: 5000 }, (_, _id) => ({ _id, at: new Date(_id) })),
    );
    await collection.createIndex({ at: 1 });
    const { executionStats } = await collection
      .find({ at: { $lte: new Date(19) } }, { sort: { at: 1 } })
      .explain('executionStats');
    expect(executionStats).toMatchObject({ nReturned: 20, totalDocsExamined: 20, totalKeysExamined: 20 });
    const limited = await collection.find({}, { sort: { at: -1 }, limit: 3 }).explain('executionStats');
    expect(limited['executionStats']).toMatchObject({ nReturned: 3, totalDocsExamined: 3 });
  });

  it('use a partial or sparse index only for queries it holds all documents of', async () => {
    const collection = await database.collection({ _id: 1, a: 1, on: true }, { _id: 2, a: 1 });
    await collection.createIndex({ a: 1 }, { name: 'partial', partialFilterExpression: { on: true } });
    expect(await planOf(collection, { a: 1 })).toBe('COLLSCAN');
    expect(await planOf(collection, { a: 1, on: true })).toBe('FETCH, IXSCAN partial');
    expect(await idsOf(collection, { a: 1 })).toEqual([1, 2]);
    const sparse = await database.collection({ _id: 1, a: 1 }, { _id: 2 });
    await sparse.createIndex({ a: 1 }, { sparse: true });
    expect(await planOf(sparse, {}, { a: 1 })).toBe('SORT, COLLSCAN');
    expect(await planOf(sparse, { a: null })).toBe('COLLSCAN');
    expect(await planOf(sparse, { a: { $gt: 0 } })).toBe('FETCH, IXSCAN a_1');
  });

  it('give a document once and in full where its index goes through an array', async () => {
    const collection = await database.collection(
      { _id: 1, a: [1, 9] },
      {
        _id: 2,
        a: [
          { x: 1, y: 2 },
          { x: 2, y: 1 },
        ],
      },
      { _id: 3, a: 5 },
    );
    await collection.createIndex({ a: 1 });
    await collection.createIndex({ 'a.x': 1, 'a.y': 1 });
    expect(await idsOf(collection, { a: { $gt: 0 } })).toEqual([1, 3]);
    expect(await idsOf(collection, { a: { $gt: 8, $lt: 2 } })).toEqual([1]);
    expect(await idsOf(collection, { 'a.x': 1, 'a.y': 1 })).toEqual([2]);
    expect(await codeOf(collection.createIndex({ a: 1, _id: 1 }))).toBe('no error');
    const parallel = await database.collection({ _id: 1, a: [1], b: [1] });
    expect(await codeOf(parallel.createIndex({ a: 1, b: 1 }))).toBe(171);
  });
});

describe('the TTL sweep', () => {
  it('removes by date, by the earliest of an array, within the partial filter, and never null or other types', async () => {
    const { sweepExpired } = await import('../../../sandbox/mongo/store/ttl.ts');
    const { addIndex } = await import('../../../sandbox/mongo/store/store.ts');
    const { parseIndexSpec } = await import('../../../sandbox/mongo/store/index-spec.ts');
    const { docOf, int } = await import('../../../sandbox/mongo/bson/values.ts');
    const { insertRecord } = await import('../../../sandbox/mongo/store/collection.ts');
    const { encodeRaw } = await import('../../../sandbox/mongo/bson/encode.ts');
    const store = createStore();
    const collection = ensureCollection(store, 'd', 'c');
    const spec = docOf({
      key: docOf({ at: int(-1) }),
      name: 'ttl',
      expireAfterSeconds: int(10),
      partialFilterExpression: docOf({ on: true }),
    });
    addIndex(collection, parseIndexSpec(spec), store.journal);
    const old = new Date(1000);
    const young = new Date(95_000);
    const rows = [
      { at: old, on: true, gone: true },
      { at: [young, old], on: true, gone: true },
      { at: new Date(90_000), on: true, gone: true },
      { at: new Date(90_001), on: true, gone: false },
      { at: young, on: true, gone: false },
      { at: old, on: false, gone: false },
      { at: null, on: true, gone: false },
      { at: 5, on: true, gone: false },
    ];
    rows.forEach((row, id) => {
      const doc = docOf({ _id: int(id), ...row });
      insertRecord(collection, doc, encodeRaw(doc));
    });
    expect(sweepExpired(store, new Date(100_000))).toBe(3);
    expect(collection.records.size).toBe(rows.filter(({ gone }) => !gone).length);
    expect(sweepExpired(store, new Date(100_000))).toBe(0);
  });
});
