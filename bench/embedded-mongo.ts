import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BSON, type Collection, MongoClient } from 'mongodb';
import { type Server, startServer } from './support/child.ts';
import { median, type Result } from './support/numbers.ts';

/** The embedded database over its socket, one client: operations a second, look-ups among many, start, memory. */
const SERIAL = 3000;
const TOGETHER = 12_000;
const ROUNDS = 3;
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

type Rows = Collection<Row>;
type Work<T> = (rows: Rows, server: Server, readyMs: number) => Promise<T>;

/** A server, a client of it, and how long the server took from its process's start until it was ready. */
async function withServer<T>(script: string, args: string[], work: Work<T>): Promise<T> {
  const startedAt = performance.now();
  const server = await startServer(script, args, {});
  const readyMs = performance.now() - startedAt;
  const client = await MongoClient.connect(`mongodb://127.0.0.1:${server.port}/`, { maxPoolSize: AT_ONCE });
  try {
    return await work(client.db('bench').collection<Row>('rows'), server, readyMs);
  } finally {
    await client.close();
    await server.stop();
  }
}

const withClient = <T>(args: string[], work: Work<T>): Promise<T> =>
  withServer('bin/embedded-mongo.ts', ['--port', '0', ...args], work);

const withBare = <T>(work: Work<T>): Promise<T> =>
  withServer('bench/support/bare-mongo.ts', [JSON.stringify(row(1))], work);

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

/** Groups of writes a second that this disk takes: one row appended and flushed, again and again. */
async function flushes(dir: string): Promise<number> {
  const file = await open(join(dir, 'flushes'), 'w');
  const bytes = BSON.serialize(row(1));
  try {
    return await rate(500, 1, async () => {
      await file.write(bytes);
      await file.datasync();
    });
  } finally {
    await file.close();
  }
}

interface Line {
  what: string;
  bound: number;
  atOnce: number;
  operation: (rows: Rows, n: number) => Promise<unknown>;
}

/** `n` counts from 0 in each line; inserts of the lines do not meet. */
const insertFrom =
  (first: number) =>
  (rows: Rows, n: number): Promise<unknown> =>
    rows.insertOne(row(first + n));
const findFrom =
  (first: number) =>
  (rows: Rows, n: number): Promise<unknown> =>
    rows.findOne({ _id: first + n });

const linesOf = (kind: string, serialBound: number): Line[] => [
  { what: `insertOne ${kind}, serial`, bound: serialBound, atOnce: 1, operation: insertFrom(0) },
  { what: `findOne by _id ${kind}, serial`, bound: serialBound, atOnce: 1, operation: findFrom(0) },
  { what: `insertOne ${kind}, 16 at once`, bound: 4000, atOnce: AT_ONCE, operation: insertFrom(100_000) },
  { what: `findOne by _id ${kind}, 16 at once`, bound: 4000, atOnce: AT_ONCE, operation: findFrom(100_000) },
];

/** Each line in turns with the same on a server that only answers: `ROUNDS` times, the median of each. */
async function operations(rows: Rows, lines: readonly Line[]): Promise<Result[]> {
  return await withBare(async (bareRows) => {
    for (const each of [rows, bareRows]) await rate(2000, 1, (n) => each.insertOne(row(1_000_000 + n)));
    const results: Result[] = [];
    for (const { what, bound, atOnce, operation } of lines) {
      const count = (atOnce === 1 ? SERIAL : TOGETHER) / ROUNDS;
      const own: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        own.push(await rate(count, atOnce, (n) => operation(rows, round * count + n)));
        bare.push(await rate(count, atOnce, (n) => operation(bareRows, n)));
      }
      const [perSecond, barePerSecond] = [median(own), median(bare)];
      results.push({
        what,
        figure: `${Math.round(perSecond)}/s, ${(perSecond / barePerSecond).toFixed(2)} of a server that only answers (${Math.round(barePerSecond)}/s)`,
        bound: `at least ${bound}/s`,
        holds: perSecond >= bound,
      });
    }
    return results;
  });
}

async function inMemory(): Promise<Result[]> {
  return await withClient([], async (rows) => [
    ...(await operations(rows, linesOf('in memory', 2000))),
    await lookUps(rows),
  ]);
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
    const before = await flushes(dir);
    const results = await operations(rows, linesOf('durable', 600));
    const perSecond = Math.round(median([before, await flushes(dir)]));
    return results.map((result) =>
      result.what.startsWith('insertOne')
        ? { ...result, figure: `${result.figure}; this disk flushes ${perSecond} times a second` }
        : result,
    );
  });
}

async function startAndMemory(dir: string): Promise<Result[]> {
  const args = ['--dir', join(dir, 'start')];
  const bsonBytes = BSON.calculateObjectSize(row(1)) * ON_DISK;
  const insertedBytes = await withClient(args, async (rows, server) => {
    await rows.createIndexes([{ key: { at: 1 } }, { key: { tenantId: 1, at: -1 } }]);
    for (let from = 0; from < ON_DISK; from += 5000)
      await rows.insertMany(Array.from({ length: 5000 }, (_, n) => row(from + n)));
    return server.residentBytes();
  });
  const times: number[] = [];
  const bareTimes: number[] = [];
  let residentBytes = 0;
  for (let round = 0; round < 5; round += 1) {
    await withClient(args, async (rows, server, readyMs) => {
      times.push(readyMs);
      await rows.findOne({ at: new Date(1_700_000_000_000) });
      await rows.findOne({ tenantId: 't1' });
      await rate(5000, AT_ONCE, (n) => rows.updateOne({ _id: n }, { $set: { name: `again ${n}` } }));
      residentBytes = Math.max(residentBytes, server.residentBytes());
    });
    bareTimes.push(await withBare((_rows, _server, bareMs) => Promise.resolve(bareMs)));
  }
  const readyMs = median(times);
  const allowed = 3 * bsonBytes + 100 * MIB;
  return [
    {
      what: 'process started to ready, 50,000 documents on disk',
      figure: `${Math.round(readyMs)} ms, of which ${Math.round(median(bareTimes))} ms are Node, tsx and a server that only answers`,
      bound: 'at most 500 ms',
      holds: readyMs <= 500,
    },
    ...(
      [
        ['resident memory when they have been inserted', insertedBytes],
        ['resident memory with them from disk, after 5,000 updates', residentBytes],
      ] as const
    ).map(([what, bytes]) => ({
      what,
      figure: `${Math.round(bytes / MIB)} MiB for ${Math.round(bsonBytes / MIB)} MiB of BSON`,
      bound: `under ${Math.round(allowed / MIB)} MiB`,
      holds: bytes < allowed,
    })),
  ];
}
