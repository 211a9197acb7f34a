import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

const majority = { writeConcern: { w: 'majority' } } as const;

describe('what the test runners of drivers send before each test', () => {
  it('learns what kind of server this is', async () => {
    const admin = database.db.admin();
    expect(await admin.command({ getParameter: '*' })).toEqual({
      featureCompatibilityVersion: { version: '7.0' },
      authenticationMechanisms: [],
      enableTestCommands: false,
      requireApiVersion: false,
      ok: 1,
    });
    expect(await admin.command({ getParameter: 1, enableTestCommands: 1 })).toEqual({
      enableTestCommands: false,
      ok: 1,
    });
    expect(await codeOf(admin.command({ getParameter: 1 }))).toBe(72);
    expect(await codeOf(admin.command({ getParameter: { allParameters: true } }))).toBe(115);
    expect(await codeOf(admin.command({ getParameter: 1, logLevel: 1 }))).toBe(115);
    expect(await admin.command({ getCmdLineOpts: 1 })).toEqual({ argv: ['embedded-mongo'], parsed: {}, ok: 1 });
    for (const command of [{ getParameter: '*' }, { getCmdLineOpts: 1 }, { listDatabases: 1 }])
      expect(await codeOf(database.db.command(command))).toBe(13);
    expect(await admin.command({ serverStatus: 1 })).toMatchObject({ storageEngine: { name: 'embedded' } });
  });

  it('lays out the collections with the majority confirmed, over what an earlier test left', async () => {
    const { db } = database;
    for (let run = 0; run < 2; run += 1) {
      for (const name of ['filled', 'empty']) await db.dropCollection(name, majority);
      await db.collection('filled').insertMany([{ _id: 1 as never }, { _id: 2 as never }], majority);
      await db.createCollection('empty', majority);
      await db.collection('empty').insertOne({});
      await db.collection('filled').deleteOne({ _id: 1 as never });
    }
    expect(await db.collection('filled').countDocuments()).toBe(1);
    expect(await db.collection('empty').countDocuments()).toBe(1);
  });

  it('ends what other sessions have open, and nothing else', async () => {
    const admin = database.db.admin();
    const collection = await database.collection({ n: 1 }, { n: 2 }, { n: 3 });
    const cursor = collection.find({}, { batchSize: 1 });
    await cursor.next();
    expect(await admin.command({ killAllSessions: [] })).toEqual({ ok: 1 });
    expect(await codeOf(cursor.next())).toBe(43);
    expect(await collection.countDocuments()).toBe(3);
    expect(await codeOf(admin.command({ killAllSessions: 1 }))).toBe(14);
    expect(await codeOf(admin.command({ killAllSessions: [{ user: 'a', db: 'b' }] }))).toBe(115);
  });

  it('is told of fail points that there are none', async () => {
    const off = { configureFailPoint: 'failCommand', mode: 'off' };
    expect(await codeOf(database.db.admin().command(off))).toBe(115);
  });
});
