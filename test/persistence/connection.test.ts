import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { isDatabaseError } from '../../src/shared/database-errors.ts';
import { ConfigError } from '../../src/shared/errors.ts';
import { testNeeding } from '../support/abilities.ts';
import { type TestDatabase, testDatabase, withDatabase } from '../support/database.ts';
import { startDatabaseProxy } from '../support/database-proxy.ts';
import { NOW } from './support.ts';

let databases: TestDatabase[] = [];
let connected: Persistence[] = [];

async function connect(uri: string): Promise<Persistence> {
  const persistence = await connectPersistence({ uri });
  connected.push(persistence);
  return persistence;
}

async function newDatabase(): Promise<TestDatabase> {
  const database = await testDatabase();
  databases.push(database);
  return database;
}

afterEach(async () => {
  for (const persistence of connected) await persistence.close();
  for (const database of databases) await database.close();
  [connected, databases] = [[], []];
});

describe('connectPersistence', () => {
  it('keeps connections apart: each has its own models, database and end', async () => {
    const one = await connect((await newDatabase()).uri);
    const two = await connect((await newDatabase()).uri);
    await one.repositories.tenants.ensure({ id: 'T1', name: 'Acme' }, NOW);
    expect(await two.repositories.tenants.list()).toEqual([]);
    await one.close();
    await expect(two.ping()).resolves.toBeUndefined();
  });

  it('fails at once after it was closed, instead of waiting for a connection', async () => {
    const { uri } = await newDatabase();
    const persistence = await connect(uri);
    await persistence.close();
    await expect(persistence.ping()).rejects.toThrow();
    await expect(persistence.repositories.tenants.list()).rejects.toThrow();
  });

  it('says so when there is no server', async () => {
    const uri = 'mongodb://127.0.0.1:1/slipway?serverSelectionTimeoutMS=50';
    await expect(connectPersistence({ uri })).rejects.toMatchObject({ name: 'MongooseServerSelectionError' });
  });

  it.each([
    ['is none', 'mongodb://bot:p%zzhunter2@127.0.0.1:1/x', /^MONGODB_URI: .*malformed.*, e\.g\. MONGODB_URI=mongodb:/],
    ['has an empty option', 'mongodb://bot:hunter2@127.0.0.1:1/x?replicaSet=', /^MONGODB_URI: .*replicaSet/],
    ['has an unknown option', 'mongodb://bot:hunter2@127.0.0.1:1/x?replicaSte=r', /^MONGODB_URI: .*replicaste/i],
  ])('refuses a connection string that %s by its name, without its password', async (_, uri, sentence) => {
    const refused: unknown = await connectPersistence({ uri }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect(refused).toMatchObject({ faults: [expect.stringMatching(sentence)] });
    expect(String(refused)).not.toContain('hunter2');
  });

  it('says so when the server lets nobody in', async () => {
    const { uri } = await newDatabase();
    const refused = connectPersistence({ uri: uri.replace('mongodb://', 'mongodb://bot:hunter2@') });
    await expect(refused).rejects.toMatchObject({ faults: [expect.stringMatching(/^MONGODB_URI: /)] });
  });

  it('uses the database named slipway when the connection string names none', async () => {
    const { uri } = await newDatabase();
    const nameless = uri.replace(/\/slipway_test_[^?]*/, '/');
    expect((await connect(nameless)).connection.name).toBe('slipway');
  });

  it('creates every declared index and nothing else, also when instances start together, and again', async () => {
    const { uri } = await newDatabase();
    const [one, two] = [await connect(uri), await connect(uri)];
    await Promise.all([one.ensureIndexes(), two.ensureIndexes()]);
    await one.ensureIndexes();
    for (const model of Object.values(one.connection.models)) {
      if (model.schema.indexes().length === 0) continue;
      const there = (await model.listIndexes()).map(({ key }) => JSON.stringify(key));
      const declared = model.schema.indexes().map(([keys]) => JSON.stringify(keys));
      expect(there.sort()).toEqual(['{"_id":1}', ...declared].sort());
    }
  });
});

describe('a database that hangs', () => {
  it('is given up within 15 s by the settings, building indexes apart', async () => {
    const persistence = await connect((await newDatabase()).uri);
    const { socketTimeoutMS, connectTimeoutMS, serverSelectionTimeoutMS, waitQueueTimeoutMS } =
      persistence.connection.getClient().options;
    // A first try, and a second one that finds its server and connection anew.
    const secondMs = Math.max(serverSelectionTimeoutMS, waitQueueTimeoutMS, connectTimeoutMS, socketTimeoutMS);
    expect(socketTimeoutMS + secondMs).toBeLessThanOrEqual(15_000);
  });

  it('fails reads and writes as a database that is away, and is used again when it answers', async () => {
    const proxy = await startDatabaseProxy((await newDatabase()).uri);
    try {
      const persistence = await connect(`${proxy.uri}&socketTimeoutMS=200&connectTimeoutMS=200`);
      await persistence.ensureIndexes();
      const { tenants } = persistence.repositories;
      await tenants.ensure({ id: 'T1', name: 'Acme' }, NOW);
      proxy.intercept = () => ({ hold: 'answer', reached: () => undefined });
      const works = [() => tenants.list(), () => tenants.setRoles('T1', { ADMIN: ['U1'] }), () => persistence.ping()];
      for (const work of works) {
        const error = await work().catch((fault: unknown) => fault);
        expect([isDatabaseError(error), error]).toEqual([true, error]);
      }
      proxy.intercept = null;
      expect(await tenants.list()).toHaveLength(1);
    } finally {
      for (const persistence of connected.splice(0)) await persistence.close();
      await proxy.close();
    }
  });
});

describe('a write whose answer is lost', () => {
  testNeeding('REPEATED_WRITES')(
    'is repeated with its own number, by which the server carries it out once',
    async () => {
      const proxy = await startDatabaseProxy((await newDatabase()).uri);
      try {
        const persistence = await connect(proxy.uri);
        const counts = persistence.connection.collection<{ _id: string; n: number }>('counts');
        await counts.insertOne({ _id: 'a', n: 0 });
        const numbers: string[] = [];
        proxy.intercept = ({ name, body }) => {
          if (name !== 'update') return 'pass';
          numbers.push(JSON.stringify([body['lsid'], String(body['txnNumber'])]));
          return numbers.length === 1 ? { cut: 'answer' } : 'pass';
        };
        await counts.updateOne({ _id: 'a' }, { $inc: { n: 1 } });
        expect(numbers).toHaveLength(2);
        expect(numbers[1]).toBe(numbers[0]);
        expect(await counts.findOne({ _id: 'a' })).toMatchObject({ n: 1 });
      } finally {
        proxy.intercept = null;
        for (const persistence of connected.splice(0)) await persistence.close();
        await proxy.close();
      }
    },
  );
});

describe('withDatabase', () => {
  it.each([
    ['mongodb://127.0.0.1:27017', 'mongodb://127.0.0.1:27017/x'],
    ['mongodb://127.0.0.1:27017/', 'mongodb://127.0.0.1:27017/x'],
    ['mongodb://a:1,b:2/other?replicaSet=rs', 'mongodb://a:1,b:2/x?replicaSet=rs'],
    ['mongodb://a:1?replicaSet=rs', 'mongodb://a:1/x?replicaSet=rs'],
    ['mongodb+srv://u:p@host/admin?w=1', 'mongodb+srv://u:p@host/x?w=1&authSource=admin'],
    ['mongodb://u:p@host/admin?authSource=users', 'mongodb://u:p@host/x?authSource=users'],
    ['mongodb://u:p@host/', 'mongodb://u:p@host/x'],
    ['mongodb://%2Ftmp%2Fmongo.sock/', 'mongodb://%2Ftmp%2Fmongo.sock/x'],
  ])('names the database and keeps server and login: %s', (uri, expected) => {
    expect(withDatabase(uri, 'x')).toBe(expected);
  });
});
