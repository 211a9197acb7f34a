import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BSON, type Collection, MongoClient } from 'mongodb';
import { type Server, startServer } from './support/child.ts';
import { median, type Result } from './support/numbers.ts';

/** The embedded database over its socket, one client: operations a second, look-ups among many, start, memory. */
const SERIAL = 3000;
const TOGETHER = 12_000;
const AT_ONCE = 16;
const MANY = 100_000;
const FEW = 1000;
const ON_DISK = 50_000;
const MIB = 1024 * 1024;

interface Row {
  _id: number;
  tenantId: string;
  at: Date;
  name: string;
  text: string;
  tags: string[];
}

const row = (_id: number): Row => ({
  _id,
  tenantId: `t${_id % 50}`,
  at: new Date(1_700_000_000_000 + _id * 1000),
  name: `release ${_id}`,
  text: 'x'.repeat(300),
  tags: ['android', 'ios'],
});

export async function benchEmbeddedMongo(): Promise<Result[]> {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-bench-'));
  try {
    return [...(await inMemory()), ...(await durable(dir)), ...(await startAndMemory(dir))];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function withClient<T>(
  args: string[],
  work: (rows: Collection<Row>, server: Server, readyMs: number) => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const server = await startServer('bin/embedded-mongo.ts', ['--port', '0', ...args], {});
  const readyMs = performance.now() - startedAt;
  const client = await MongoClient.connect(`mongodb://127.0.0.1:${server.port}/`, { maxPoolSize: AT_ONCE });
  try {
    return await work(client.db('bench').collection<Row>('rows'), server, readyMs);
  } finally {
    await client.close();
    await server.stop();
  }
}

/** Operations a second: `count` of them, `atOnce` under way at any time. */
async function rate(count: number, atOnce: number, operation: (n: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const startedAt = performance.now();
  const lane = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await operation(n);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return (count / (performance.now() - startedAt)) * 1000;
}

const atLeast = (what: string, perSecond: number, bound: number): Result => ({
  what,
  figure: `${Math.round(perSecond)}/s, ${(perSecond / bound).toFixed(2)} of the bound`,
  bound: `at least ${bound}/s`,
  holds: perSecond >= bound,
});

async function inMemory(): Promise<Result[]> {
  return await withClient([], async (rows) => {
    await rate(2000, 1, (n) => rows.insertOne(row(1_000_000 + n)));
    await rate(2000, 1, (n) => rows.findOne({ _id: 1_000_000 + n }));
    const results = [
      atLeast('insertOne in memory, serial', await rate(SERIAL, 1, (n) => rows.insertOne(row(n))), 2000),
      atLeast('findOne by _id, serial', await rate(SERIAL, 1, (n) => rows.findOne({ _id: n })), 2000),
      atLeast(
        'insertOne in memory, 16 at once',
        await rate(TOGETHER, AT_ONCE, (n) => rows.insertOne(row(100_000 + n))),
        4000,
      ),
      atLeast(
        'findOne by _id, 16 at once',
        await rate(TOGETHER, AT_ONCE, (n) => rows.findOne({ _id: 100_000 + n })),
        4000,
      ),
    ];
    return [...results, await lookUps(rows)];
  });
}

/** The same indexed find among a thousand and among a hundred thousand documents, in turns. */
async function lookUps(rows: Collection<Row>): Promise<Result> {
  const db = rows.db;
  const sizes = [FEW, MANY];
  const collections = sizes.map((size) => db.collection<Row>(`of${size}`));
  for (const [index, collection] of collections.entries()) {
    await collection.createIndex({ at: 1 });
    for (let from = 0; from < (sizes[index] ?? 0); from += 5000) {
      await collection.insertMany(Array.from({ length: Math.min(5000, sizes[index] ?? 0) }, (_, n) => row(from + n)));
    }
  }
  const times = collections.map((): number[] => []);
  for (let round = 0; round < 400; round += 1) {
    for (const [index, collection] of collections.entries()) {
      const from = 1_700_000_000_000 + ((round * 37) % (FEW - 20)) * 1000;
      const startedAt = performance.now();
      await collection.find({ at: { $gte: new Date(from), $lt: new Date(from + 20_000) } }).toArray();
      if (round >= 50) times[index]?.push(performance.now() - startedAt);
    }
  }
  const [few = Number.NaN, many = Number.NaN] = times.map(median);
  return {
    what: 'an indexed find among 100,000 against 1,000 documents',
    figure: `${many.toFixed(2)} ms against ${few.toFixed(2)} ms, ratio ${(many / few).toFixed(2)}`,
    bound: 'ratio at most 2',
    holds: many / few <= 2,
  };
}

async function durable(dir: string): Promise<Result[]> {
  return await withClient(['--dir', join(dir, 'writes')], async (rows) => {
    await rate(300, 1, (n) => rows.insertOne(row(1_000_000 + n)));
    return [
      atLeast('insertOne durable, serial', await rate(SERIAL, 1, (n) => rows.insertOne(row(n))), 600),
      atLeast('findOne by _id durable, serial', await rate(SERIAL, 1, (n) => rows.findOne({ _id: n })), 600),
      atLeast(
        'insertOne durable, 16 at once',
        await rate(TOGETHER, AT_ONCE, (n) => rows.insertOne(row(100_000 + n))),
        4000,
      ),
    ];
  });
}

async function startAndMemory(dir: string): Promise<Result[]> {
  const args = ['--dir', join(dir, 'start')];
  const bsonBytes = BSON.calculateObjectSize(row(1)) * ON_DISK;
  await withClient(args, async (rows) => {
    await rows.createIndexes([{ key: { at: 1 } }, { key: { tenantId: 1, at: -1 } }]);
    for (let from = 0; from < ON_DISK; from += 5000)
      await rows.insertMany(Array.from({ length: 5000 }, (_, n) => row(from + n)));
  });
  const times: number[] = [];
  let residentBytes = 0;
  for (let round = 0; round < 5; round += 1) {
    await withClient(args, async (rows, server, readyMs) => {
      times.push(readyMs);
      await rows.findOne({ at: new Date(1_700_000_000_000) });
      await rows.findOne({ tenantId: 't1' });
      await rate(5000, AT_ONCE, (n) => rows.updateOne({ _id: n }, { $set: { name: `again ${n}` } }));
      residentBytes = Math.max(residentBytes, server.residentBytes());
    });
  }
  const readyMs = median(times);
  const allowed = 3 * bsonBytes + 100 * MIB;
  return [
    {
      what: 'process started to ready, 50,000 documents on disk',
      figure: `${Math.round(readyMs)} ms`,
      bound: 'at most 500 ms',
      holds: readyMs <= 500,
    },
    {
      what: 'resident memory with them, after 5,000 updates',
      figure: `${Math.round(residentBytes / MIB)} MiB for ${Math.round(bsonBytes / MIB)} MiB of BSON`,
      bound: `under ${Math.round(allowed / MIB)} MiB`,
      holds: residentBytes < allowed,
    },
  ];
}
