import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LOG_NAME, openDirectory } from '../../../sandbox/mongo/durability/directory.ts';
import { startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { MongoClient } from './driver.ts';

const ROOT = join(__dirname, '../../..');

let dir: string;
const warnings: string[] = [];
const logger = { info: () => {}, warn: (_fields: object, message: string) => warnings.push(message) };

beforeEach(async () => {
  warnings.length = 0;
  dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** Starts on the directory, lets `work` use a client, and closes both. */
async function session<T>(work: (client: MongoClient) => Promise<T>): Promise<T> {
  const server = await startEmbeddedMongo({ dir, logger });
  const client = await MongoClient.connect(server.uri);
  try {
    return await work(client);
  } finally {
    await client.close();
    await server.close();
  }
}

async function fill(): Promise<void> {
  await session(async (client) => {
    const items = client.db('shop').collection<{ _id: number; name: string }>('items');
    await items.createIndex({ name: 1 }, { unique: true });
    for (let index = 0; index < 20; index += 1) await items.insertOne({ _id: index, name: `n${index}` });
    await items.updateOne({ _id: 3 }, { $set: { name: 'three' } });
    await items.deleteOne({ _id: 4 });
    await client.db('shop').createCollection('gone');
    await client.db('shop').collection('gone').drop();
  });
}

describe('a directory', () => {
  it('keeps documents, indexes and removals over a restart', async () => {
    await fill();
    await session(async (client) => {
      const db = client.db('shop');
      const items = db.collection<{ _id: number; name: string }>('items');
      expect(await items.countDocuments({})).toBe(19);
      expect(await items.findOne({ _id: 3 })).toEqual({ _id: 3, name: 'three' });
      expect((await items.indexes()).map(({ name }) => name)).toEqual(['_id_', 'name_1']);
      await expect(items.insertOne({ _id: 99, name: 'three' })).rejects.toMatchObject({ code: 11000 });
      expect(await db.listCollections().toArray()).toHaveLength(1);
    });
  });

  it('is refused to a second server, and given back by the first', async () => {
    const first = await startEmbeddedMongo({ dir });
    await expect(startEmbeddedMongo({ dir })).rejects.toThrow(`in use by process ${process.pid}`);
    await first.close();
    await session(async () => {});
  });

  it('is taken over from a process that is dead', async () => {
    await fill();
    await writeFile(
      join(dir, 'embedded-mongo.lock'),
      JSON.stringify({ pid: process.pid, startedAt: 'another boot/1' }),
    );
    await session(async (client) => {
      expect(await client.db('shop').collection('items').countDocuments({})).toBe(19);
    });
  });

  it('is refused if a newer version wrote it', async () => {
    await fill();
    const bytes = await readFile(join(dir, LOG_NAME));
    bytes.writeUInt32LE(3, 8);
    await writeFile(join(dir, LOG_NAME), bytes);
    await expect(startEmbeddedMongo({ dir })).rejects.toThrow(/format 3 by a newer version/);
    expect(await readFile(join(dir, LOG_NAME))).toEqual(bytes);
  });

  it('undoes and refuses a write that the disk has no room for, and takes the next one when there is room', async () => {
    let isFull = false;
    const { store, journal, close } = await openDirectory(dir, {
      logger,
      wrapFile: (file) => ({
        write: ((...args: Parameters<typeof file.write>) =>
          isFull
            ? Promise.reject(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }))
            : file.write(...args)) as typeof file.write,
        datasync: () => file.datasync(),
        truncate: (length) => file.truncate(length),
      }),
    });
    const { ensureCollection, findCollection } = await import('../../../sandbox/mongo/store/store.ts');
    ensureCollection(store, 'd', 'kept');
    await journal.settled();
    isFull = true;
    ensureCollection(store, 'd', 'lost');
    await expect(journal.settled()).rejects.toThrow('ENOSPC');
    expect(findCollection(store, 'd', 'lost')).toBeUndefined();
    expect(findCollection(store, 'd', 'kept')).toBeDefined();
    isFull = false;
    ensureCollection(store, 'd', 'later');
    await journal.settled();
    await close();
    await session(async (client) => {
      const names = await client.db('d').listCollections().toArray();
      expect(names.map(({ name }) => name).sort()).toEqual(['kept', 'later']);
    });
  });

  it('shrinks when more than half of a large file is garbage', async () => {
    const text = 'x'.repeat(1024 * 1024);
    await session(async (client) => {
      const items = client.db('shop').collection<{ _id: number; text?: string; n?: number }>('items');
      await items.insertOne({ _id: 1, text });
      for (let n = 0; n < 20; n += 1) await items.updateOne({ _id: 1 }, { $set: { n } });
    });
    expect((await stat(join(dir, LOG_NAME))).size).toBeGreaterThan(20 * 1024 * 1024);
    await session(async (client) => {
      expect((await stat(join(dir, LOG_NAME))).size).toBeLessThan(2 * 1024 * 1024);
      await client.db('shop').collection<{ _id: number }>('items').insertOne({ _id: 2 });
    });
    await session(async (client) => {
      const docs = await client.db('shop').collection('items').find().toArray();
      expect(docs).toEqual([{ _id: 1, text, n: 19 }, { _id: 2 }]);
    });
  });
});

describe('a server of its own', () => {
  const itOnUnix = process.platform === 'win32' ? it.skip : it;
  itOnUnix(
    'undoes and refuses writes when its file may not grow, and goes on reading, removing and keeping the rest',
    async () => {
      const { child, uri } = await spawnServer('ulimit -f 200; exec "$@"');
      const client = await MongoClient.connect(uri);
      const items = client.db('shop').collection<{ _id: number; text: string }>('items');
      let stored = 0;
      let error: unknown;
      while (error === undefined) {
        try {
          await items.insertOne({ _id: stored, text: 'x'.repeat(5000) });
          stored += 1;
        } catch (caught) {
          error = caught;
        }
      }
      expect(error).toMatchObject({ code: 14031, codeName: 'OutOfDiskSpace' });
      expect(stored).toBeGreaterThan(10);
      expect(await items.countDocuments({})).toBe(stored);
      await expect(items.insertOne({ _id: -1, text: 'x'.repeat(5000) })).rejects.toMatchObject({ code: 14031 });
      expect(await items.deleteOne({ _id: 0 })).toMatchObject({ deletedCount: 1 });
      await client.close();
      child.kill('SIGKILL');
      await once(child, 'exit');
      await session(async (next) => {
        expect(await next.db('shop').collection('items').countDocuments({})).toBe(stored - 1);
      });
    },
  );

  it('ends with 0 on SIGTERM and says what it is', async () => {
    const { child } = await spawnServer();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  it('does not start in production unless it is asked by name', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'bin/embedded-mongo.ts', '--port', '0'], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(2);
  });
});

/** `prelude` is a shell line that ends by running its arguments. */
async function spawnServer(prelude?: string): Promise<{ child: ChildProcess; uri: string }> {
  const command = [process.execPath, '--import', 'tsx', 'bin/embedded-mongo.ts', '--port', '0', '--dir', dir];
  const [program = '', ...args] = prelude === undefined ? command : ['/bin/sh', '-c', prelude, 'sh', ...command];
  const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const uri = /^ready (\S+)$/.exec(line)?.[1];
    if (uri !== undefined) return { child, uri };
  }
  throw new Error('the server ended before it was ready');
}
