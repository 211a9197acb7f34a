import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Collection } from '../store/collection.ts';
import { createStore, type Store } from '../store/store.ts';
import { createChange, createIndexChange, createReplay, PUT_HEAD_BYTES, putChange } from './changes.ts';
import {
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  fileHeader,
  frameHeader,
  LogDamaged,
  type ReadResult,
  readFrames,
} from './frames.ts';
import { createJournal, type FileJournal, type LogFile } from './journal.ts';
import { takeLock } from './lock.ts';

export const LOG_NAME = 'embedded-mongo.data';
const LOCK_NAME = 'embedded-mongo.lock';
const COMPACT_FROM_BYTES = 16 * 1024 * 1024;
const SNAPSHOT_FRAME_BYTES = 1024 * 1024;

export interface Directory {
  readonly store: Store;
  readonly journal: FileJournal;
  /** Writes a new file without what was overwritten and removed, if that is more than half of a large one. */
  compactIfDue(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  readonly logger: Logger | undefined;
  /** Called when memory went back to what is on disk because a write failed. */
  readonly onRollback: () => void;
  /** For tests: puts a file of theirs in the place of the opened one. */
  readonly wrapFile?: (file: FileHandle) => LogFile;
}

/**
 * Opens the data in a directory, which is made if it is missing. Throws Error, with nothing changed, if another
 * process has it, if it was written by a newer version or if it is damaged (LogDamaged).
 */
export async function openDirectory(path: string, options: DirectoryOptions): Promise<Directory> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const unlock = await takeLock(join(path, LOCK_NAME));
  try {
    return await openLocked(path, options, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function openLocked(path: string, options: DirectoryOptions, unlock: () => Promise<void>): Promise<Directory> {
  const { logger } = options;
  const logPath = join(path, LOG_NAME);
  if (!(await exists(logPath))) await createLog(path, logPath);
  const loaded = createStore();
  const result = await load(logPath, loaded);
  await rm(`${logPath}.new`, { force: true });
  let handle = await open(logPath, 'r+');
  if (result.torn > 0) await cut(handle, logPath, result, logger);
  const wrap = options.wrapFile ?? ((file: FileHandle): LogFile => file);
  const journal = createJournal({
    file: wrap(handle),
    size: Math.max(result.end, FILE_HEADER_BYTES),
    onFailure: async (error, discard) => {
      logger?.warn({ err: error }, 'embedded database: a write failed; going back to what is on disk');
      const onDisk = createStore();
      await load(logPath, onDisk);
      discard();
      store.databases.clear();
      adopt(store, onDisk);
      options.onRollback();
    },
  });
  const store = createStore(journal);
  adopt(store, loaded);

  async function compactIfDue(): Promise<void> {
    if (journal.size() <= COMPACT_FROM_BYTES || liveBytes(store) * 2 > journal.size()) return;
    const before = journal.size();
    await journal.exchange(async () => {
      const next = await writeSnapshot(path, logPath, store);
      await handle.close();
      handle = next.handle;
      return { file: wrap(handle), size: next.size };
    });
    logger?.info({ before, after: journal.size() }, 'embedded database: data file compacted');
  }

  async function close(): Promise<void> {
    // Waits for what is being written.
    await journal.exchange(() => Promise.resolve({ file: handle, size: journal.size() }));
    await handle.close();
    await unlock();
  }

  const directory = { store, journal, compactIfDue, close };
  await compactIfDue();
  return directory;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function createLog(path: string, logPath: string): Promise<void> {
  const file = await open(logPath, 'wx', 0o600);
  try {
    await file.write(fileHeader());
    await file.sync();
  } finally {
    await file.close();
  }
  await syncDirectory(path);
}

async function load(logPath: string, store: Store): Promise<ReadResult> {
  const replay = createReplay(store);
  return await readFrames(logPath, (payload) => {
    try {
      replay.apply(payload);
    } catch (error) {
      throw new LogDamaged(logPath, 0, messageOf(error));
    }
  });
}

async function cut(handle: FileHandle, logPath: string, result: ReadResult, logger: Logger | undefined): Promise<void> {
  logger?.warn({ path: logPath, bytes: result.torn }, 'embedded database: cut off a last write that was not finished');
  await handle.truncate(result.end);
  if (result.end < FILE_HEADER_BYTES) await handle.write(fileHeader(), 0, FILE_HEADER_BYTES, 0);
  await handle.sync();
}

/** Takes over collections that were loaded; from here on their changes go to the store's journal. */
function adopt(store: Store, loaded: Store): void {
  for (const [name, collections] of loaded.databases) {
    const adopted = [...collections].map(([key, collection]): [string, Collection] => [
      key,
      { ...collection, journal: store.journal },
    ]);
    store.databases.set(name, new Map(adopted));
  }
  store.nextCollection = Math.max(store.nextCollection, loaded.nextCollection);
}

function* collectionsOf(store: Store): Generator<Collection> {
  for (const collections of store.databases.values()) yield* collections.values();
}

function liveBytes(store: Store): number {
  let bytes = 0;
  for (const collection of collectionsOf(store)) {
    for (const raw of collection.records.values()) bytes += raw.length + PUT_HEAD_BYTES;
  }
  return bytes;
}

/**
 * Writes everything into a new file that then takes the place of the old one. The records are written without a
 * pause, so that they are all of one moment; what is changed later goes into the new file behind them.
 */
async function writeSnapshot(
  path: string,
  logPath: string,
  store: Store,
): Promise<{ handle: FileHandle; size: number }> {
  const newPath = `${logPath}.new`;
  const handle = await open(newPath, 'w+', 0o600);
  try {
    const size = writeAll(handle.fd, store);
    await handle.sync();
    await rename(newPath, logPath);
    await syncDirectory(path);
    return { handle, size };
  } catch (error) {
    await handle.close();
    await rm(newPath, { force: true });
    throw error;
  }
}

function writeAll(fd: number, store: Store): number {
  let size = writeFully(fd, fileHeader(), 0);
  let changes: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (changes.length === 0) return;
    const payload = Buffer.concat(changes);
    size = writeFully(fd, Buffer.concat([frameHeader(payload), payload]), size);
    changes = [];
    bytes = 0;
  };
  const add = (change: Buffer): void => {
    changes.push(change);
    bytes += change.length;
    if (bytes + FRAME_HEADER_BYTES > SNAPSHOT_FRAME_BYTES) flush();
  };
  for (const collection of collectionsOf(store)) {
    add(createChange(collection));
    for (const { spec } of collection.indexes) if (spec.name !== '_id_') add(createIndexChange(collection.id, spec));
    for (const [id, raw] of collection.records) add(putChange(collection.id, id, raw));
  }
  flush();
  return size;
}

function writeFully(fd: number, bytes: Buffer, at: number): number {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, at + written);
  return at + bytes.length;
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; there a rename is as safe as it gets.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
