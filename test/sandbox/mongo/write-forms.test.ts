import { openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

const $set = { touched: true };

describe('a write command whose form is wrong', () => {
  it.each<[string, number, object]>([
    ['a delete without a limit', 40414, { delete: 'w', deletes: [{ q: {} }] }],
    ['a delete without a filter', 40414, { delete: 'w', deletes: [{ limit: 0 }] }],
    ['a delete with no filter but null', 40414, { delete: 'w', deletes: [{ q: null, limit: 0 }] }],
    ['a delete with a limit of two', 9, { delete: 'w', deletes: [{ q: {}, limit: 2 }] }],
    ['a delete with half a limit', 9, { delete: 'w', deletes: [{ q: {}, limit: 0.5 }] }],
    ['a delete with a text for a limit', 9, { delete: 'w', deletes: [{ q: {}, limit: '0' }] }],
    ['a delete with a number for a hint', 9, { delete: 'w', deletes: [{ q: {}, limit: 0, hint: 1 }] }],
    ['deletes that are no list', 14, { delete: 'w', deletes: { q: {}, limit: 0 } }],
    ['an update without a filter', 40414, { update: 'w', updates: [{ u: { $set } }] }],
    ['an update without an update', 40414, { update: 'w', updates: [{ q: {} }] }],
    ['an update by a number', 9, { update: 'w', updates: [{ q: {}, u: 1 }] }],
    ['an update by a pipeline', 115, { update: 'w', updates: [{ q: {}, u: [{ $set }] }] }],
    ['an update with a number for multi', 14, { update: 'w', updates: [{ q: {}, u: { $set }, multi: 1 }] }],
    ['an update with a text for upsert', 14, { update: 'w', updates: [{ q: {}, u: { $set }, upsert: 'no' }] }],
    ['an update with a filter that is a text', 14, { update: 'w', updates: [{ q: 'x', u: { $set } }] }],
    [
      'an update with array filters that are no list',
      14,
      { update: 'w', updates: [{ q: {}, u: { $set }, arrayFilters: {} }] },
    ],
    ['an update that is no document', 14, { update: 'w', updates: [1] }],
    ['an update with a number for ordered', 14, { update: 'w', updates: [{ q: {}, u: { $set } }], ordered: 1 }],
    ['updates that are missing', 40414, { update: 'w' }],
    ['documents that are missing', 40414, { insert: 'w' }],
    ['documents that are no list', 14, { insert: 'w', documents: {} }],
    ['a document that is none', 14, { insert: 'w', documents: [{ _id: 3 }, 4] }],
  ])('fails as a whole and does nothing: %s', async (_what, code, command) => {
    const { db } = database;
    await db.collection('w').deleteMany({});
    await db.collection('w').insertMany([{ _id: 1 as never }, { _id: 2 as never }]);
    await expect(db.command(command)).rejects.toMatchObject({ code });
    expect(
      await db
        .collection('w')
        .find({}, { sort: { _id: 1 } })
        .toArray(),
    ).toEqual([{ _id: 1 }, { _id: 2 }]);
  });

  it('fails even if only its second entry is wrong', async () => {
    const collection = await database.collection({ _id: 1 });
    const updates = [{ q: {}, u: { $set } }, { q: {} }];
    await expect(database.db.command({ update: collection.collectionName, updates })).rejects.toMatchObject({
      code: 40414,
    });
    expect(await collection.findOne()).toEqual({ _id: 1 });
  });
});

describe('a write concern that is wrong', () => {
  it.each<[number, unknown]>([
    [14, 5],
    [9, { w: -1 }],
    [9, { w: 51 }],
    [9, { w: true }],
    [9, { j: 'yes' }],
    [9, { w: 1, wtimeout: 'long' }],
    [115, { w: { dc: 1 } }],
    [115, { frob: 1 }],
  ])('fails with %i before anything is written: %j', async (code, writeConcern) => {
    const collection = await database.collection({ _id: 1 });
    const command = { insert: collection.collectionName, documents: [{ _id: 2 }], writeConcern };
    await expect(database.db.command(command)).rejects.toMatchObject({ code });
    expect(await collection.countDocuments()).toBe(1);
  });

  it.each<[number, object]>([
    [72, { ping: 1 }],
    [72, { find: 'x' }],
    [72, { aggregate: 'x', pipeline: [], cursor: {} }],
    [115, { aggregate: 'x', pipeline: [{ $out: 'y' }], cursor: {} }],
    [115, { aggregate: 'x', pipeline: [{ $merge: { into: 'y' } }], cursor: {} }],
    [115, { aggregate: 1, pipeline: [{ $out: 'y' }], cursor: {} }],
  ])('is one (%i) on a command that writes nothing, unless the command is refused: %j', async (code, command) => {
    const writing = { ...command, writeConcern: { w: 1 } };
    await expect(database.db.command(writing)).rejects.toMatchObject({ code });
  });
});

describe('options whose form is wrong', () => {
  it.each<[number, object]>([
    [115, { aggregate: 'o', pipeline: [], cursor: { frob: 1 } }],
    [115, { listCollections: 1, cursor: { frob: 1 } }],
    [14, { aggregate: 'o', pipeline: {}, cursor: {} }],
    [14, { aggregate: 'o', pipeline: [1], cursor: {} }],
    [40414, { aggregate: 'o', cursor: {} }],
    [14, { aggregate: 'o', pipeline: [], cursor: {}, bypassDocumentValidation: 'yes' }],
    [14, { find: 'o', allowDiskUse: 'yes' }],
    [14, { find: 'o', singleBatch: 1 }],
    [9, { find: 'o', hint: 1 }],
    [9, { findAndModify: 'o', remove: true, hint: 1 }],
    [40414, { createIndexes: 'o' }],
    [14, { createIndexes: 'o', indexes: {} }],
    [9, { createIndexes: 'o', indexes: [{ name: 'x' }] }],
    [9, { createIndexes: 'o', indexes: [{ key: { a: 1 } }] }],
    [14, { createIndexes: 'o', indexes: [{ key: 'a', name: 'x' }] }],
    [14, { createIndexes: 'o', indexes: [{ key: { a: 1 }, name: 1 }] }],
    [14, { createIndexes: 'o', indexes: [{ key: { a: 1 }, name: 'x', unique: 'yes' }] }],
    [14, { createIndexes: 'o', indexes: [{ key: { a: 1 }, name: 'x', partialFilterExpression: 1 }] }],
    [67, { createIndexes: 'o', indexes: [{ key: {}, name: 'x' }] }],
    [40414, { dropIndexes: 'o' }],
    [14, { dropIndexes: 'o', index: 1 }],
  ])('are refused with %i, not passed over: %j', async (code, command) => {
    await database.db.collection('o').updateOne({ _id: 1 as never }, { $set: { a: 1 } }, { upsert: true });
    await expect(database.db.command(command)).rejects.toMatchObject({ code });
  });
});

describe('dropping indexes', () => {
  it('drops one that is named twice once, and no other', async () => {
    const collection = await database.collection({ a: 1, b: 1 });
    await collection.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }]);
    await database.db.command({ dropIndexes: collection.collectionName, index: ['a_1', 'a_1'] });
    expect((await collection.indexes()).map(({ name }) => name)).toEqual(['_id_', 'b_1']);
  });
});

describe('documents that cannot be stored', () => {
  it('make no collection', async () => {
    const { db } = database;
    for (const [code, doc] of [
      [53, { _id: [1] }],
      [115, { $a: 1 }],
    ] as const) {
      await expect(db.collection('none').insertOne(doc as object)).rejects.toMatchObject({ code });
      expect(await db.listCollections({ name: 'none' }).toArray()).toEqual([]);
    }
    await expect(db.command({ insert: 'a$b', documents: [{ a: 1 }] })).rejects.toMatchObject({ code: 73 });
  });
});

describe('a command with null for an option', () => {
  it('is taken as one without it', async () => {
    const { db } = database;
    const collection = await database.collection({ _id: 1 }, { _id: 2 });
    const name = collection.collectionName;
    const updates = [{ q: {}, u: { $set }, multi: null, upsert: null, arrayFilters: null }];
    expect(await db.command({ update: name, updates, ordered: null })).toMatchObject({ n: 1, nModified: 1 });
    const { cursor } = await db.command({ find: name, filter: null, sort: null, projection: null, limit: null });
    expect(cursor.firstBatch).toHaveLength(2);
  });
});
