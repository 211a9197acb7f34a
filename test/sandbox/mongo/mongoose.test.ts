import mongoose, { Schema } from 'mongoose';
import { openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;
let connection: mongoose.Connection;

beforeAll(async () => {
  database = await openTestDatabase();
  connection = await mongoose.createConnection(`${database.server.uri}models`).asPromise();
});

afterAll(async () => {
  await connection.close();
  await database.close();
});

const taskSchema = new Schema(
  { type: { type: String, required: true }, status: { type: String, default: 'PENDING' } },
  { _id: false },
);
const releaseSchema = new Schema(
  {
    tenantId: { type: String, required: true },
    version: { type: String, required: true },
    nextTickAt: Date,
    tasks: [taskSchema],
    labels: { type: Map, of: String },
    lease: { holder: String, until: Date },
  },
  { timestamps: true, optimisticConcurrency: true },
);
releaseSchema.index({ tenantId: 1, version: 1 }, { unique: true });
releaseSchema.index({ nextTickAt: 1 }, { partialFilterExpression: { nextTickAt: { $type: 'date' } } });
releaseSchema.index({ createdAt: 1 }, { expireAfterSeconds: 3600, name: 'age' });

describe('a mongoose model', () => {
  it('makes its indexes, changes them when the schema changes, and finds them unchanged otherwise', async () => {
    const Release = connection.model('Indexed', releaseSchema);
    await Release.init();
    expect((await Release.listIndexes()).map(({ name }) => name)).toEqual([
      '_id_',
      'tenantId_1_version_1',
      'nextTickAt_1',
      'age',
    ]);
    expect(await Release.syncIndexes()).toEqual([]);
    expect(await Release.diffIndexes()).toEqual({ toDrop: [], toCreate: [] });
    await Release.collection.createIndex({ stray: 1 });
    expect(await Release.syncIndexes()).toEqual(['stray_1']);
  });

  it('saves, changes, refuses stale versions and duplicates', async () => {
    const Release = connection.model('Release', releaseSchema);
    await Release.init();
    const release = await Release.create({
      tenantId: 't',
      version: '1.0',
      tasks: [{ type: 'FORK' }],
      labels: { a: 'x' },
    });
    const stale = await Release.findById(release._id).orFail();
    release.tasks.push({ type: 'TAG', status: 'DONE' });
    release.set('labels.b', 'y');
    await release.save();
    stale.version = '2.0';
    await expect(stale.save()).rejects.toThrow(/No matching document|version/i);
    const read = await Release.findOne({ tenantId: 't', 'tasks.type': 'TAG' }).lean().orFail();
    expect(read).toMatchObject({ version: '1.0', labels: { a: 'x', b: 'y' }, __v: 1 });
    expect(read.tasks).toEqual([
      { type: 'FORK', status: 'PENDING' },
      { type: 'TAG', status: 'DONE' },
    ]);
    await expect(Release.create({ tenantId: 't', version: '1.0' })).rejects.toMatchObject({
      code: 11000,
      keyValue: { tenantId: 't', version: '1.0' },
    });
  });

  it('claims with one conditional write, once', async () => {
    const Release = connection.model('Claimed', releaseSchema);
    const now = new Date();
    const { _id } = await Release.create({ tenantId: 't', version: '1', nextTickAt: now, tasks: [{ type: 'FORK' }] });
    const free = { $or: [{ 'lease.until': null }, { 'lease.until': { $lt: now } }] };
    const claim = (holder: string): Promise<unknown> =>
      Release.findOneAndUpdate(
        { _id, ...free },
        { $set: { lease: { holder, until: new Date(now.getTime() + 1000) } } },
        { returnDocument: 'after' },
      ).lean();
    const claims = await Promise.all(['a', 'b', 'c'].map(claim));
    expect(claims.filter((claimed) => claimed !== null)).toHaveLength(1);
    await Release.updateOne(
      { _id, 'tasks.type': 'FORK' },
      { $set: { 'tasks.$.status': 'DONE' }, $unset: { nextTickAt: 1 } },
    );
    const read = await Release.findById(_id).lean().orFail();
    expect(read.tasks[0]).toEqual({ type: 'FORK', status: 'DONE' });
    expect(read.nextTickAt).toBeUndefined();
  });

  it('writes in bulk, counts, streams and deletes', async () => {
    const Release = connection.model('Bulk', releaseSchema);
    await Release.bulkWrite([
      ...Array.from({ length: 300 }, (_, n) => ({ insertOne: { document: { tenantId: 't', version: String(n) } } })),
      {
        updateOne: {
          filter: { tenantId: 'u', version: '0' },
          update: { $set: { nextTickAt: new Date(0) } },
          upsert: true,
        },
      },
    ]);
    expect(await Release.countDocuments({ tenantId: 't' })).toBe(300);
    expect(await Release.exists({ tenantId: 'u' })).not.toBeNull();
    let streamed = 0;
    for await (const _doc of Release.find({ tenantId: 't' }).sort({ version: 1 }).cursor({ batchSize: 50 }))
      streamed += 1;
    expect(streamed).toBe(300);
    expect(await Release.distinct('tenantId')).toEqual(['t', 'u']);
    expect(await Release.deleteMany({ tenantId: 't' })).toMatchObject({ deletedCount: 300 });
  });

  it('is told at once that transactions are not there', async () => {
    const Release = connection.model('Transacted', releaseSchema);
    const attempt = connection.transaction(async (session) => {
      await Release.create([{ tenantId: 't', version: '1' }], { session });
    });
    await expect(attempt).rejects.toMatchObject({ code: 115 });
    expect(await Release.countDocuments({})).toBe(0);
  });
});
