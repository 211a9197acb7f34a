import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRaw } from '../../../sandbox/mongo/bson/encode.ts';
import { docOf, int } from '../../../sandbox/mongo/bson/values.ts';
import { type Directory, LOG_NAME, openDirectory } from '../../../sandbox/mongo/durability/directory.ts';
import { startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { insertRecord, removeRecord, replaceRecord } from '../../../sandbox/mongo/store/collection.ts';
import { parseIndexSpec } from '../../../sandbox/mongo/store/index-spec.ts';
import { addIndex, dropCollection, ensureCollection, findCollection } from '../../../sandbox/mongo/store/store.ts';

/** What is made of a directory that is not as it was left. */
let dir: string;
let path: string;
const warnings: string[] = [];
const logger = { info: () => {}, warn: (_fields: object, message: string) => warnings.push(message) };
/** 1 tries every byte. */
const STEP = Number(process.env['EMBEDDED_STEP'] ?? 29);
const TORN = 'embedded database: cut off a last write that was not finished';

beforeEach(async () => {
  warnings.length = 0;
  dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
  path = join(dir, LOG_NAME);
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** Opens the directory, lets `work` change the store, and closes it: one frame for each call. */
async function inStore<T>(work: (directory: Directory) => T | Promise<T>): Promise<T> {
  const directory = await openDirectory(dir, { logger });
  try {
    const result = await work(directory);
    await directory.journal.settled();
    return result;
  } finally {
    await directory.close();
  }
}

function put({ store }: Directory, id: number, text: string): void {
  const doc = docOf({ _id: int(id), text });
  insertRecord(ensureCollection(store, 'shop', 'items'), doc, encodeRaw(doc));
}

const countItems = ({ store }: Directory): number => findCollection(store, 'shop', 'items')?.records.size ?? 0;

/** Every kind of change, each in a frame of its own. */
async function fill(): Promise<void> {
  await inStore(async (directory) => {
    const { store, journal } = directory;
    const done = async (): Promise<void> => await journal.settled();
    const items = ensureCollection(store, 'shop', 'items');
    await done();
    const spec = docOf({ key: docOf({ text: int(1) }), name: 'text', unique: true });
    addIndex(items, parseIndexSpec(spec), journal);
    await done();
    for (let id = 0; id < 5; id += 1) put(directory, id, `text ${id}`);
    await done();
    const [first = 0, second = 0] = items.records.keys();
    const [before, after] = [docOf({ _id: int(0), text: 'text 0' }), docOf({ _id: int(0), text: 'other' })];
    replaceRecord(items, first, before, after, encodeRaw(after));
    await done();
    removeRecord(items, second, docOf({ _id: int(1), text: 'text 1' }));
    await done();
    dropCollection(store, ensureCollection(store, 'shop', 'gone'));
    journal.answer('session', { txnNumber: 7n, reply: encodeRaw(docOf({ n: int(1) })), at: Date.now() });
  });
}

/** All there is in the directory, by name. */
async function everything(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(dir)).sort()) found[name] = await readFile(join(dir, name), 'latin1');
  return found;
}

async function expectRefused(bytes: Buffer, message: RegExp): Promise<void> {
  await writeFile(path, bytes);
  const before = await everything();
  await expect(openDirectory(dir, { logger })).rejects.toThrow(message);
  expect(await everything()).toEqual(before);
}

describe('a file that ends early', () => {
  it('loses only its last write, and says so, wherever within it the file ends', async () => {
    await fill();
    const { length: lastBegins } = await readFile(path);
    await inStore((directory) => put(directory, 50, 'the last one'));
    const whole = await readFile(path);
    for (let end = lastBegins + 1; end < whole.length; end += 1) {
      await writeFile(path, whole.subarray(0, end));
      warnings.length = 0;
      expect(await inStore(countItems)).toBe(4);
      expect([end, warnings]).toEqual([end, [TORN]]);
      expect(await readFile(path)).toEqual(whole.subarray(0, lastBegins));
    }
    await inStore((directory) => put(directory, 51, 'after it'));
    expect(await inStore(countItems)).toBe(5);
  });

  it('is refused, unchanged, where it ends before its last write', async () => {
    await fill();
    const { length: lastBegins } = await readFile(path);
    await inStore((directory) => put(directory, 50, 'the last one'));
    const whole = await readFile(path);
    for (let end = 0; end < lastBegins; end += STEP) await expectRefused(whole.subarray(0, end), /damaged at byte/);
  });

  it('loses only a last write of which sectors never reached the disk', async () => {
    await fill();
    const { length: lastBegins } = await readFile(path);
    await inStore((directory) => put(directory, 50, 'x'.repeat(3000)));
    const whole = await readFile(path);
    const sector = (at: number): number => Math.ceil(at / 512) * 512;
    for (const [from, to] of [
      [sector(lastBegins + 1000), whole.length],
      [sector(lastBegins + 1000), sector(lastBegins + 1000) + 512],
      [lastBegins, sector(lastBegins)],
      [lastBegins, whole.length],
    ] as const) {
      await writeFile(path, Buffer.from(whole).fill(0, from, to));
      expect(await inStore(countItems)).toBe(4);
      expect(await readFile(path)).toEqual(whole.subarray(0, lastBegins));
    }
    const longBefore = Buffer.from(whole).fill(0, 512, whole.length);
    await expectRefused(longBefore, /damaged at byte/);
  });
});

describe('a damaged directory', () => {
  it('is refused, unchanged, whatever bit of its file is wrong', async () => {
    await fill();
    const good = await readFile(path);
    for (let at = 0; at < good.length; at += STEP) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << ((at * 5) % 8));
      await expectRefused(bad, /damaged|newer version/);
    }
    await writeFile(path, good);
    expect(await inStore(countItems)).toBe(4);
  });

  it('is refused, unchanged, if bytes are missing, doubled, strange or behind its end', async () => {
    await fill();
    const good = await readFile(path);
    const cuts = [24, 60, 200];
    for (const at of cuts) {
      await expectRefused(Buffer.concat([good.subarray(0, at), good.subarray(at + 8)]), /damaged/);
      await expectRefused(Buffer.concat([good.subarray(0, at), good.subarray(at - 8)]), /damaged/);
    }
    await expectRefused(Buffer.from('a text file, nothing else'), /damaged/);
    await expectRefused(Buffer.concat([good, Buffer.from('garbage behind the end')]), /damaged/);
    await expectRefused(Buffer.alloc(good.length), /damaged/);
  });

  it('is refused if its file is gone and only the beginning of a copy is there', async () => {
    await fill();
    await writeFile(`${path}.new`, 'half a copy');
    await rm(path);
    const before = await everything();
    await expect(openDirectory(dir, { logger })).rejects.toThrow(/the file is gone/);
    expect(await everything()).toEqual(before);
  });

  it('opens when it was killed while its file was made, or while a copy was written', async () => {
    await writeFile(`${path}.begun`, 'EMB');
    await fill();
    await writeFile(`${path}.new`, 'half a copy');
    expect(await inStore(countItems)).toBe(4);
    expect(await readdir(dir)).toEqual([LOG_NAME]);
  });

  it('of format 1 is read, and written anew', async () => {
    await fill();
    const { version, first } = await readFile(path).then((bytes) => {
      const old = Buffer.concat([bytes.subarray(0, 12), bytes.subarray(24)]);
      old.writeUInt32LE(1, 8);
      return { version: bytes.readUInt32LE(8), first: old };
    });
    await writeFile(path, first);
    expect(await inStore(countItems)).toBe(4);
    expect((await readFile(path)).readUInt32LE(8)).toBe(version);
    expect(await inStore(({ store }) => store.answered.get('session')?.txnNumber)).toBe(7n);
  });
});

describe('a place for the data', () => {
  it('is made for its owner alone', async () => {
    dir = join(dir, 'made', 'here');
    await inStore(async (directory) => {
      put(directory, 1, 'a');
      for (const name of await readdir(dir)) expect((await stat(join(dir, name))).mode & 0o777).toBe(0o600);
    });
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    dir = join(dir, '../..');
    expect((await stat(join(dir, 'made'))).mode & 0o777).toBe(0o700);
  });

  it('that cannot be one is refused with a sentence', async () => {
    const file = join(dir, 'file');
    await writeFile(file, 'not a directory');
    await expect(startEmbeddedMongo({ dir: file })).rejects.toThrow(`${file}: cannot keep data there (EEXIST`);
    await expect(startEmbeddedMongo({ dir: join(file, 'below') })).rejects.toThrow(/cannot keep data there \(ENOTDIR/);
    const readOnly = join(dir, 'read-only');
    await mkdir(readOnly);
    await chmod(readOnly, 0o500);
    // Root may write anywhere.
    if (process.getuid?.() !== 0)
      await expect(startEmbeddedMongo({ dir: readOnly })).rejects.toThrow(/cannot keep data there \(EACCES/);
  });

  it('is not taken from a process that is just taking it; a lock that was never filled in is taken over later', async () => {
    const lock = join(dir, 'embedded-mongo.lock');
    await writeFile(lock, '');
    await expect(openDirectory(dir, { logger })).rejects.toThrow(/another process is just taking it/);
    await utimes(lock, new Date(0), new Date(0));
    expect(await inStore(countItems)).toBe(0);
  });
});
