import { MongoBackend } from '@agendajs/mongo-backend';
import { MongoClient } from './driver.ts';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;
let strict: MongoClient;

beforeAll(async () => {
  database = await openTestDatabase();
  strict = await MongoClient.connect(database.server.uri, {
    serverApi: { version: '1', strict: true, deprecationErrors: true },
    serverSelectionTimeoutMS: 5000,
  });
});

afterAll(async () => {
  await strict.close();
  await database.close();
});

describe('the Stable API', () => {
  it('serves a client that asks for nothing else', async () => {
    const rows = strict.db('strict').collection<{ _id: number; name: string }>('rows');
    await rows.createIndex({ name: 1 }, { unique: true });
    await rows.insertMany([
      { _id: 1, name: 'a' },
      { _id: 2, name: 'b' },
    ]);
    expect(await rows.findOneAndUpdate({ _id: 1 }, { $set: { name: 'c' } }, { returnDocument: 'after' })).toEqual({
      _id: 1,
      name: 'c',
    });
    expect(await rows.aggregate([{ $group: { _id: '$name' } }, { $sort: { _id: 1 } }]).toArray()).toEqual([
      { _id: 'b' },
      { _id: 'c' },
    ]);
    expect(await rows.countDocuments()).toBe(2);
    expect((await rows.indexes()).map(({ name }) => name)).toEqual(['_id_', 'name_1']);
    expect(await rows.find({ name: 'b' }, { batchSize: 1 }).toArray()).toHaveLength(1);
    await strict.db('strict').dropDatabase();
  });

  it("serves Agenda's backend on such a client, as Agenda's own tests run it", async () => {
    const backend = new MongoBackend({ mongo: strict.db('agenda') as never });
    await backend.connect();
    const jobs = backend.repository;
    const due = new Date(Date.now() - 1000);
    const job = {
      name: 'remind',
      priority: 0,
      nextRunAt: due,
      data: { release: 'r1' },
      unique: { 'data.release': 'r1' },
    };
    const first = await jobs.saveJob({ ...job, type: 'normal' }, undefined);
    expect((await jobs.saveJob({ ...job, type: 'normal', priority: 5 }, undefined))._id).toBe(first._id);
    expect(await jobs.getDistinctJobNames()).toEqual(['remind']);
    expect(await jobs.getQueueSize()).toBe(1);
    const locked = await jobs.getNextJobToRun('remind', new Date(), due, undefined, undefined);
    expect(locked).toMatchObject({ _id: first._id, priority: 5, lockedAt: expect.any(Date) });
    expect(await jobs.getNextJobToRun('remind', new Date(), due, undefined, undefined)).toBeUndefined();
    expect((await jobs.queryJobs({ search: 'MIND', data: { release: 'r1' } })).total).toBe(1);
    expect(await jobs.removeJobs({ name: 'remind', data: { release: 'r1' } })).toBe(1);
    await strict.db('agenda').dropDatabase();
  });

  it.each([
    ['distinct', { distinct: 'rows', key: 'a' }],
    ['serverStatus', { serverStatus: 1 }],
    ['connectionStatus', { connectionStatus: 1 }],
    ['a cursor without a timeout', { find: 'rows', noCursorTimeout: true }],
    ['a sparse index', { createIndexes: 'rows', indexes: [{ key: { a: 1 }, name: 'a', sparse: true }] }],
    ['explain of distinct', { explain: { distinct: 'rows', key: 'a' } }],
  ])('answers 323 to %s', async (_, command) => {
    await expect(strict.db('strict').command(command)).rejects.toMatchObject({
      code: 323,
      codeName: 'APIStrictError',
    });
    expect(await codeOf(database.db.command({ ...command, apiVersion: '1' }))).toBe('no error');
  });

  it.each([
    [{ apiVersion: '2' }, 322],
    [{ apiVersion: 1 }, 14],
    [{ apiStrict: false }, 4886600],
    [{ apiDeprecationErrors: false }, 4886600],
    [{ apiVersion: '1', apiStrict: 1 }, 14],
  ])('answers %j with %d', async (fields, code) => {
    expect(await codeOf(database.db.command({ ping: 1, ...fields }))).toBe(code);
  });
});
