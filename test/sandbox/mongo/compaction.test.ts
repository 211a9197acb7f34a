import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { encodeRaw } from '../../../sandbox/mongo/bson/encode.ts';
import { docOf, int } from '../../../sandbox/mongo/bson/values.ts';
import { type Directory, LOG_NAME, openDirectory } from '../../../sandbox/mongo/durability/directory.ts';
import { insertRecord, replaceRecord } from '../../../sandbox/mongo/store/collection.ts';
import { parseIndexSpec } from '../../../sandbox/mongo/store/index-spec.ts';
import { addIndex, dropCollection, ensureCollection, findCollection } from '../../../sandbox/mongo/store/store.ts';

/** The log is written anew while the database goes on: nothing that was acknowledged may be lost or be there twice. */
const KILLS = Number(process.env['EMBEDDED_KILLS'] ?? 2);
let dir: string;
const infos: string[] = [];
const logger = {
  info: (_fields: object, message: string) => infos.push(message),
  warn: () => {},
};

beforeEach(async () => {
  infos.length = 0;
  dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const row = (id: number, n: number) => docOf({ _id: int(id), n: int(n) });

/** One collection whose only document was written a hundred times over. */
async function withGarbage(): Promise<Directory> {
  const directory = await openDirectory(dir, { logger, compactFromBytes: 100 });
  const items = ensureCollection(directory.store, 'shop', 'items');
  const id = insertRecord(items, row(1, 0), encodeRaw(row(1, 0)));
  for (let n = 1; n <= 100; n += 1) replaceRecord(items, id, row(1, n - 1), row(1, n), encodeRaw(row(1, n)));
  await directory.journal.settled();
  return directory;
}

async function reopened<T>(look: (directory: Directory) => T): Promise<T> {
  const directory = await openDirectory(dir, { logger });
  try {
    return look(directory);
  } finally {
    await directory.close();
  }
}

it('what is made, dropped and indexed while the file is written anew is there once, after a restart too', async () => {
  const directory = await withGarbage();
  const { store, journal } = directory;
  const gone = ensureCollection(store, 'shop', 'gone');
  const items = ensureCollection(store, 'shop', 'items');
  await journal.settled();
  let isDone = false;
  const compacting = directory.compactIfDue().then(() => {
    isDone = true;
  });
  const names: string[] = [];
  // One change of the catalog for each turn of the loop, as long as it takes.
  for (let turn = 0; !isDone; turn += 1) {
    const name = `made${turn}`;
    const collection = ensureCollection(store, 'shop', name);
    insertRecord(collection, row(1, turn), encodeRaw(row(1, turn)));
    const spec = docOf({ key: docOf({ [`n${turn}`]: int(1) }), name: `n${turn}` });
    if (turn < 60) addIndex(items, parseIndexSpec(spec), journal);
    if (turn === 0) dropCollection(store, gone);
    if (turn % 2 === 1) dropCollection(store, collection);
    else names.push(name);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await compacting;
  expect(infos).toEqual(['embedded database: data file compacted']);
  await journal.settled();
  const indexes = items.indexes.map(({ spec }) => spec.name);
  await directory.close();
  await reopened(({ store: found }) => {
    expect([...(found.databases.get('shop')?.keys() ?? [])].sort()).toEqual(['items', ...names].sort());
    expect(findCollection(found, 'shop', 'items')?.indexes.map(({ spec }) => spec.name)).toEqual(indexes);
    for (const name of names) expect(findCollection(found, 'shop', name)?.records.size).toBe(1);
  });
});

it('comes to its turn while others write without a pause', async () => {
  const directory = await withGarbage();
  const items = ensureCollection(directory.store, 'shop', 'items');
  let isDone = false;
  let written = 0;
  const writer = async (id: number): Promise<void> => {
    const record = insertRecord(items, row(id, 0), encodeRaw(row(id, 0)));
    for (let n = 1; !isDone && n < 5000; n += 1) {
      replaceRecord(items, record, row(id, n - 1), row(id, n), encodeRaw(row(id, n)));
      written += 1;
      await directory.journal.settled();
    }
  };
  const writers = Promise.all([writer(10), writer(11), writer(12)]);
  await directory.compactIfDue();
  const writtenMeanwhile = written;
  isDone = true;
  await writers;
  await directory.close();
  expect(writtenMeanwhile).toBeLessThan(3 * 4999);
  expect(infos).toEqual(['embedded database: data file compacted']);
});

it('a copy the disk has no room for changes nothing, and is tried again later', async () => {
  const directory = await withGarbage();
  const { store, journal } = directory;
  // Nothing can be written where a directory stands.
  await mkdir(join(dir, `${LOG_NAME}.new`));
  await directory.compactIfDue();
  expect(infos).toEqual([]);
  ensureCollection(store, 'shop', 'later');
  await journal.settled();
  await rmdir(join(dir, `${LOG_NAME}.new`));
  await directory.compactIfDue();
  expect(infos).toEqual(['embedded database: data file compacted']);
  await directory.close();
  expect(await readdir(dir)).toEqual([LOG_NAME]);
  await reopened(({ store: found }) => expect(findCollection(found, 'shop', 'later')).toBeDefined());
});

it('loses nothing that was acknowledged when it is killed at any moment', async () => {
  const script = join(__dirname, 'compacting-writer.ts');
  for (let kill = 0; kill < KILLS; kill += 1) {
    const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!child.stdout) throw new Error('the child has no output');
    const exited = once(child, 'exit');
    const killAt = 5 + Math.floor(Math.random() * 60);
    let acknowledged = -1;
    let lines = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged = Number(line);
      lines += 1;
      if (lines >= killAt) child.kill('SIGKILL');
    }
    await exited;
    const found = await reopened(({ store }) => {
      const records = findCollection(store, 'shop', 'items')?.records ?? new Map<number, string>();
      return [...records.values()];
    });
    // The writer goes round twenty documents; each holds the number it was last written with.
    const least = Array.from({ length: 20 }, (_, id) => Math.max(-1, acknowledged - ((acknowledged - id + 2000) % 20)));
    expect(found.length).toBe(20);
    const numbers = found.map((raw) => Buffer.from(raw, 'latin1').readInt32LE(raw.length - 5));
    for (const [id, number] of numbers.entries()) expect(number).toBeGreaterThanOrEqual(least[id] ?? 0);
  }
}, 300_000);
