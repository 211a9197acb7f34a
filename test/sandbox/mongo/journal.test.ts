import { type FileHandle, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Directory, LOG_NAME, openDirectory } from '../../../sandbox/mongo/durability/directory.ts';
import type { LogFile } from '../../../sandbox/mongo/durability/journal.ts';
import { ensureCollection } from '../../../sandbox/mongo/store/store.ts';
import { opMsg, rawConnection } from './raw-connection.ts';
import { openTestDatabase } from './support.ts';

/** A disk that fails in the worst places: what was answered holds, what was refused is gone, here and after a restart. */
type Part = 'write' | 'datasync' | 'truncate';
let dir: string;
let failing: Set<Part>;
const logger = { info: () => {}, warn: () => {} };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
  failing = new Set();
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

function failingFile(file: FileHandle): LogFile {
  const guard = (part: Part): void => {
    if (failing.has(part)) throw Object.assign(new Error(`EIO: i/o error, ${part}`), { code: 'EIO' });
  };
  return {
    write: (async (...args: Parameters<FileHandle['write']>) => {
      const result = await file.write(...args);
      guard('write');
      return result;
    }) as LogFile['write'],
    datasync: async () => {
      guard('datasync');
      await file.datasync();
    },
    truncate: async (length) => {
      guard('truncate');
      await file.truncate(length);
    },
  };
}

const openFailing = (): Promise<Directory> => openDirectory(dir, { logger, wrapFile: failingFile });

async function make({ store, journal }: Directory, name: string): Promise<unknown> {
  ensureCollection(store, 'd', name);
  return await journal.settled()?.then(
    () => 'kept',
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
}

const namesIn = ({ store }: Directory): string[] => [...(store.databases.get('d')?.keys() ?? [])].sort();

async function namesAfterRestart(): Promise<string[]> {
  const directory = await openDirectory(dir, { logger });
  try {
    return namesIn(directory);
  } finally {
    await directory.close();
  }
}

it.each<[string, Part[]]>([
  ['a write', ['write']],
  ['the flush', ['datasync']],
  ['the flush, and what came of it cannot be cut off', ['datasync', 'truncate']],
  ['a write, and what came of it cannot be cut off', ['write', 'truncate']],
])('takes back what was refused when %s fails', async (_what, parts) => {
  const directory = await openFailing();
  expect(await make(directory, 'first')).toBe('kept');
  failing = new Set(parts);
  expect(await make(directory, 'a-long-name-that-leaves-much-behind-in-the-file')).toMatch(/^EIO/);
  expect(namesIn(directory)).toEqual(['first']);
  expect(await make(directory, 'again')).toMatch(/^EIO/);
  failing = new Set();
  expect(await make(directory, 'b')).toBe('kept');
  expect(namesIn(directory)).toEqual(['b', 'first']);
  await directory.close();
  expect(await namesAfterRestart()).toEqual(['b', 'first']);
});

it('cuts its file only when nothing is being written any more', async () => {
  let underWay = 0;
  let cutMeanwhile = 0;
  const directory = await openDirectory(dir, {
    logger,
    wrapFile: (file) => ({
      ...failingFile(file),
      write: (async (bytes: Buffer, from: number, length: number, at: number) => {
        underWay += 1;
        try {
          // The header fails at once, the frame takes its time.
          if (at === 0 && failing.has('write')) throw new Error('EIO: i/o error, header');
          for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          return await file.write(bytes, from, length, at);
        } finally {
          underWay -= 1;
        }
      }) as LogFile['write'],
      truncate: async (length) => {
        cutMeanwhile += underWay;
        await file.truncate(length);
      },
    }),
  });
  expect(await make(directory, 'first')).toBe('kept');
  failing.add('write');
  expect(await make(directory, 'lost')).toMatch(/^EIO/);
  expect(cutMeanwhile).toBe(0);
  await directory.close();
  expect(await namesAfterRestart()).toEqual(['first']);
});

it('takes nothing more while memory cannot be put right, and goes on when it can', async () => {
  const directory = await openFailing();
  await make(directory, 'first');
  const path = join(dir, LOG_NAME);
  const good = await readFile(path);
  failing.add('write');
  // What is on disk cannot be read back either.
  const spoiled = Buffer.from(good).fill(0x47, 30, 40);
  await writeFile(path, spoiled);
  expect(await make(directory, 'lost')).toMatch(/^EIO/);
  failing.clear();
  expect(await make(directory, 'also-lost')).toMatch(/^EIO/);
  await writeFile(path, good);
  expect(await make(directory, 'refused-but-puts-right')).toMatch(/^EIO/);
  expect(namesIn(directory)).toEqual(['first']);
  expect(await make(directory, 'kept')).toBe('kept');
  await directory.close();
  expect(await namesAfterRestart()).toEqual(['first', 'kept']);
});

it('reads that ask for a majority wait for the disk, others do not', async () => {
  const own = await openTestDatabase({ dir });
  const { socket, reply } = rawConnection(own.server.uri);
  await own.db.collection<{ _id: number }>('rows').insertOne({ _id: 1 });
  // In one piece: the write wants no answer, and is not yet on disk when the reads are looked at.
  const insert = opMsg({ insert: 'rows', documents: [{ _id: 2 }], $db: 'test' }, 2);
  const find = (level: string): Buffer => opMsg({ find: 'rows', readConcern: { level }, $db: 'test' });
  socket.write(Buffer.concat([insert, find('local'), find('majority')]));
  expect((await reply())['cursor'].firstBatch).toHaveLength(2);
  expect((await reply())['cursor'].firstBatch).toHaveLength(2);
  const onDisk = await readFile(join(dir, LOG_NAME));
  expect(onDisk.includes(Buffer.from([0x10, 0x5f, 0x69, 0x64, 0x00, 0x02, 0x00, 0x00, 0x00]))).toBe(true);
  socket.destroy();
  await own.close();
});
