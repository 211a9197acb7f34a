import { ObjectId } from 'mongodb';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

describe('results', () => {
  it('count as modified only what really changed', async () => {
    const collection = await database.collection({ _id: 1, a: 1 }, { _id: 2, a: 2 });
    expect(await collection.updateMany({}, { $set: { a: 1 } })).toMatchObject({ matchedCount: 2, modifiedCount: 1 });
    expect(await collection.replaceOne({ _id: 1 as never }, { a: 1 })).toMatchObject({
      matchedCount: 1,
      modifiedCount: 0,
    });
  });

  it('seed an upsert from equalities, not from ranges', async () => {
    const collection = await database.collection();
    const filter = { a: 1, 'b.c': { $eq: 2 }, $and: [{ d: 3 }], e: { $gt: 4 }, f: { $in: [5, 6] } };
    const result = await collection.updateOne(filter, { $set: { g: 1 }, $setOnInsert: { h: 2 } }, { upsert: true });
    expect(result).toMatchObject({ matchedCount: 0, upsertedCount: 1 });
    const doc = await collection.findOne();
    expect(doc).toEqual({ _id: result.upsertedId, a: 1, b: { c: 2 }, d: 3, g: 1, h: 2 });
    expect(Object.keys(doc ?? {})[0]).toBe('_id');
    expect(
      await codeOf(collection.updateOne({ a: 9, _id: 8 as never }, { $set: { _id: 7 as never } }, { upsert: true })),
    ).toBe(66);
  });

  it('of findAndModify have the document before or after, and say what was done', async () => {
    const collection = await database.collection({ _id: 1, n: 1 }, { _id: 2, n: 2 });
    const raw = { includeResultMetadata: true } as const;
    expect(await collection.findOneAndUpdate({}, { $inc: { n: 5 } }, { sort: { n: -1 } })).toEqual({ _id: 2, n: 2 });
    expect(
      await collection.findOneAndUpdate(
        { n: 7 },
        { $inc: { n: 1 } },
        { returnDocument: 'after', projection: { n: 1, _id: 0 } },
      ),
    ).toEqual({ n: 8 });
    expect(await collection.findOneAndUpdate({ n: 99 }, { $set: { x: 1 } }, { upsert: true, ...raw })).toMatchObject({
      value: null,
      lastErrorObject: { n: 1, updatedExisting: false, upserted: expect.any(ObjectId) },
    });
    expect(await collection.findOneAndReplace({ _id: 1 as never }, { m: 1 }, { returnDocument: 'after' })).toEqual({
      _id: 1,
      m: 1,
    });
    expect(await collection.findOneAndDelete({ _id: 1 as never })).toEqual({ _id: 1, m: 1 });
    expect(await collection.findOneAndDelete({ _id: 1 as never }, raw)).toMatchObject({
      value: null,
      lastErrorObject: { n: 0 },
    });
  });

  it('of a bulk write add up, and name the failing operation', async () => {
    const collection = await database.collection({ _id: 1, n: 1 });
    const operations = [
      { insertOne: { document: { _id: 2 as never } } },
      { updateOne: { filter: { _id: 1 as never }, update: { $inc: { n: 1 } } } },
      { updateMany: { filter: {}, update: { $set: { all: true } } } },
      { replaceOne: { filter: { _id: 9 as never }, replacement: { r: 1 }, upsert: true } },
      { deleteOne: { filter: { _id: 2 as never } } },
    ];
    expect(await collection.bulkWrite(operations)).toMatchObject({
      insertedCount: 1,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      deletedCount: 1,
    });
    const error = await collection
      .bulkWrite([
        { insertOne: { document: { _id: 5 as never } } },
        { insertOne: { document: { _id: 1 as never } } },
        { insertOne: { document: { _id: 6 as never } } },
      ])
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 11000, insertedCount: 1 });
    expect(await collection.countDocuments({})).toBe(3);
  });

  it('say that a write to more members than there are was done but not confirmed', async () => {
    const collection = await database.collection();
    const error = await collection.insertOne({ a: 1 }, { writeConcern: { w: 3 } }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 100 });
    expect(await collection.countDocuments({})).toBe(1);
    await collection.insertOne({ a: 2 }, { writeConcern: { w: 0 } });
    expect(await collection.countDocuments({})).toBe(2);
  });
});
