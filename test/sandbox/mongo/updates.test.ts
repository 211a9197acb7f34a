import { Binary, Double, Long, ObjectId } from 'mongodb';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

/** What a document looks like after an update, or the error's code. */
async function updated(doc: object, update: object, filter: object = {}, options: object = {}): Promise<unknown> {
  const collection = await database.collection({ _id: 1, ...doc });
  const code = await codeOf(collection.updateOne(filter, update, options));
  if (code !== 'no error') return code;
  const { _id, ...rest } = (await collection.findOne()) ?? { _id: 0 };
  return rest;
}

describe('inserts', () => {
  it('put _id first and make one where it is missing', async () => {
    const collection = await database.collection();
    await database.db.command({ insert: collection.collectionName, documents: [{ b: 1, _id: 7 }, { c: 1 }] });
    const docs = await collection.find().toArray();
    expect(Object.keys(docs[0] ?? {})).toEqual(['_id', 'b']);
    expect(docs[1]?.['_id']).toBeInstanceOf(ObjectId);
  });

  it('refuse arrays and expressions as _id, documents over 16 MiB and nesting without end', async () => {
    const collection = await database.collection();
    expect(
      await codeOf(
        database.db.command({ insert: collection.collectionName, documents: [{ _id: [1] }] }).then(writeError),
      ),
    ).toBe(53);
    expect(
      await codeOf(
        database.db.command({ insert: collection.collectionName, documents: [{ _id: /a/ }] }).then(writeError),
      ),
    ).toBe(53);
    let deep: object = {};
    for (let level = 0; level < 200; level += 1) deep = { deep };
    expect(await codeOf(collection.insertOne(deep))).toBe(15);
    const half = new Binary(Buffer.alloc(9 * 1024 * 1024));
    await collection.insertOne({ _id: 1 as never, half });
    expect(await codeOf(collection.updateOne({ _id: 1 as never }, { $set: { other: half } }))).toBe(10334);
    expect(Object.keys((await collection.findOne()) ?? {})).toEqual(['_id', 'half']);
  });

  it('keep null as an _id, from an upsert too', async () => {
    const collection = await database.collection<{ _id: null; a?: number }>();
    // Below the driver, which would make an id of its own.
    await database.db.command({ insert: collection.collectionName, documents: [{ _id: null }] });
    expect(await collection.findOne({ _id: { $type: 'null' } })).toEqual({ _id: null });
    await collection.deleteMany({});
    await collection.updateOne({ _id: null }, { $set: { a: 1 } }, { upsert: true });
    expect(await collection.find().toArray()).toEqual([{ _id: null, a: 1 }]);
    await collection.deleteMany({});
    await collection.replaceOne({ _id: null }, { a: 2 }, { upsert: true });
    expect(await collection.find().toArray()).toEqual([{ _id: null, a: 2 }]);
  });

  it('stop at the first error when ordered and go on when not, each error with its index', async () => {
    const docs = [{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }];
    for (const [ordered, kept, indexes] of [
      [true, 1, [1]],
      [false, 3, [1, 3]],
    ] as const) {
      const collection = await database.collection<{ _id: number }>();
      const error = await collection.insertMany(docs, { ordered }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 11000, insertedCount: kept });
      expect((error as { writeErrors: { index: number }[] }).writeErrors.map(({ index }) => index)).toEqual(indexes);
      expect(await collection.countDocuments({})).toBe(kept);
    }
  });
});

async function writeError(reply: { writeErrors?: { code: number }[] }): Promise<void> {
  const [error] = reply.writeErrors ?? [];
  if (error) throw error;
}

describe('update operators', () => {
  it.each<[string, object, object, unknown]>([
    ['$set makes documents on the way', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
    ['$set fills an array up with nulls', { a: [1] }, { $set: { 'a.3': 4 } }, { a: [1, null, null, 4] }],
    ['$set below a scalar is error 28', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['$set below null is error 28', { a: null }, { $set: { 'a.b': 1 } }, 28],
    ['$set of a name in an array is error 28', { a: [1] }, { $set: { 'a.b': 1 } }, 28],
    ['new fields come in the order of their names', {}, { $set: { c: 1, a: 2 }, $inc: { b: 3 } }, { a: 2, b: 3, c: 1 }],
    ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': '' } }, { a: [null, 2] }],
    ['$inc of text is error 14', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['$inc by text is error 14', { a: 1 }, { $inc: { a: 'x' } }, 14],
    ['$mul of a missing field is 0', {}, { $mul: { a: 5 } }, { a: 0 }],
    ['$min and $max compare across types', { a: 5, b: 5 }, { $min: { a: 'x' }, $max: { b: 'x' } }, { a: 5, b: 'x' }],
    ['$push to a scalar is error 2', { a: 1 }, { $push: { a: 1 } }, 2],
    ['$addToSet to a scalar is error 2', { a: 1 }, { $addToSet: { a: 1 } }, 2],
    ['$pull from a scalar is error 2', { a: 1 }, { $pull: { a: 1 } }, 2],
    ['$pull from a missing field does nothing', {}, { $pull: { a: 1 } }, {}],
    [
      '$push with all modifiers',
      { a: [3, 1] },
      { $push: { a: { $each: [2, 9], $sort: 1, $slice: -3 } } },
      { a: [2, 3, 9] },
    ],
    [
      '$push sorts by several fields',
      { a: [{ x: 1, y: 1 }] },
      { $push: { a: { $each: [{ x: 1, y: 2 }, { x: 0 }], $sort: { x: 1, y: -1 } } } },
      { a: [{ x: 0 }, { x: 1, y: 2 }, { x: 1, y: 1 }] },
    ],
    ['$push at a position', { a: [1, 2, 3] }, { $push: { a: { $each: [9], $position: -1 } } }, { a: [1, 2, 9, 3] }],
    [
      '$addToSet compares documents with their order',
      { a: [{ x: 1, y: 2 }] },
      {
        $addToSet: {
          a: {
            $each: [
              { y: 2, x: 1 },
              { x: 1, y: 2 },
            ],
          },
        },
      },
      {
        a: [
          { x: 1, y: 2 },
          { y: 2, x: 1 },
        ],
      },
    ],
    ['$pull by a condition on elements', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    ['$pull by fields of elements', { a: [{ x: 1, z: 0 }, { x: 2 }] }, { $pull: { a: { x: 1 } } }, { a: [{ x: 2 }] }],
    ['$pullAll takes all that are equal', { a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { a: [2] }],
    ['$pop from either end', { a: [1, 2, 3], b: [1, 2] }, { $pop: { a: 1, b: -1 } }, { a: [1, 2], b: [2] }],
    ['$rename moves a value', { a: { x: 1 } }, { $rename: { 'a.x': 'b.y' } }, { a: {}, b: { y: 1 } }],
    ['two operators on one path are error 40', {}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['a path and one below it are error 40', {}, { $set: { a: 1, 'a.b': 2 } }, 40],
    ['an empty part of a path is error 56', {}, { $set: { 'a..b': 1 } }, 56],
    ['a changed _id is error 66', {}, { $set: { _id: 2 } }, 66],
    ['the same _id is fine', {}, { $set: { _id: 1, a: 1 } }, { a: 1 }],
    ['$setOnInsert does nothing to a document that is there', {}, { $setOnInsert: { a: 1 } }, {}],
    [
      '$[] changes every element',
      { a: [{ x: 1 }, { x: 2 }] },
      { $inc: { 'a.$[].x': 10 } },
      { a: [{ x: 11 }, { x: 12 }] },
    ],
    ['$[] of a missing field is error 2', {}, { $set: { 'a.$[]': 1 } }, 2],
    ['$ without a match in an array is error 2', { a: [1] }, { $set: { 'a.$': 1 } }, 2],
  ])('%s', async (_rule, doc, update, expected) => {
    expect(await updated(doc, update)).toEqual(expected);
  });

  it('keep the order of fields and put new ones behind', async () => {
    const made = await updated({ z: 1, a: 1 }, { $set: { a: 2, m: 3 } });
    expect(Object.keys(made as object)).toEqual(['z', 'a', 'm']);
  });

  it('keep the types of numbers: int grows to long, double stays double, overflow is an error', async () => {
    const collection = await database.collection({
      _id: 1,
      i: 2147483647,
      l: Long.fromNumber(1),
      d: new Double(1),
      m: Long.MAX_VALUE,
    });
    await collection.updateOne({}, { $inc: { i: 1, l: 1, d: 1 } });
    const types = ['i', 'l', 'd'].map(async (name) => {
      const found = await Promise.all(
        ['int', 'long', 'double'].map(async (type) =>
          (await collection.countDocuments({ [name]: { $type: type } })) ? type : '',
        ),
      );
      return found.join('');
    });
    expect(await Promise.all(types)).toEqual(['long', 'long', 'double']);
    expect(await codeOf(collection.updateOne({}, { $inc: { m: 1 } }))).toBe(2);
  });

  it('find the element of $ through $elemMatch, a dotted condition and $in', async () => {
    const doc = {
      a: [
        { k: 'x', n: 1 },
        { k: 'y', n: 2 },
      ],
    };
    const expected = {
      a: [
        { k: 'x', n: 1 },
        { k: 'y', n: 9 },
      ],
    };
    for (const filter of [
      { 'a.k': 'y' },
      { a: { $elemMatch: { k: 'y', n: 2 } } },
      { 'a.n': { $in: [2, 3] } },
      { a: { k: 'y', n: 2 } },
    ]) {
      expect(await updated(doc, { $set: { 'a.$.n': 9 } }, filter)).toEqual(expected);
    }
  });

  it('change the elements that array filters choose, nested too', async () => {
    const doc = {
      a: [
        { k: 1, b: [1, 5] },
        { k: 2, b: [5] },
      ],
    };
    expect(
      await updated(doc, { $set: { 'a.$[x].b.$[y]': 0 } }, {}, { arrayFilters: [{ 'x.k': 1 }, { y: { $gte: 5 } }] }),
    ).toEqual({
      a: [
        { k: 1, b: [1, 0] },
        { k: 2, b: [5] },
      ],
    });
    expect(await updated(doc, { $set: { 'a.$[x].k': 0 } }, {}, { arrayFilters: [{ 'x.k': 1 }, { y: 1 }] })).toBe(9);
    expect(await updated(doc, { $set: { 'a.$[z].k': 0 } })).toBe(2);
  });

  it('refuse unknown modifiers with 115 and pipelines too', async () => {
    expect(await updated({}, { $bit: { a: { or: 1 } } })).toBe(115);
    const collection = await database.collection({ _id: 1 });
    expect(await codeOf(collection.updateOne({}, [{ $set: { a: 1 } }]))).toBe(115);
  });
});
