import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { hasErrorCode, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Collection } from '../store/collection.ts';
import { createStore, type Store } from '../store/store.ts';
import { createReplay } from './changes.ts';
import { type ReadResult, readFrames } from './frames.ts';
import { FORMAT_VERSION, fileHeader, LogDamaged } from './header.ts';
import { createJournal, type FileJournal, type LogFile } from './journal.ts';
import { takeLock } from './lock.ts';
import { liveBytes, writeSnapshot } from './snapshot.ts';

export const LOG_NAME = 'embedded-mongo.data';
const LOCK_NAME = 'embedded-mongo.lock';
const COMPACT_FROM_BYTES = 16 * 1024 * 1024;

export interface Directory {
  readonly store: Store;
  readonly journal: FileJournal;
  /** Writes a new file without what was overwritten and removed, if that is more than half of a large one. */
  compactIfDue(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  readonly logger: Logger | undefined;
  /** How long the file must be before it is compacted; 16 MiB. */
  readonly compactFromBytes?: number;
  /** For tests: puts a file of theirs in the place of the opened one. */
  readonly wrapFile?: (file: FileHandle) => LogFile;
}

/**
 * Opens the data in a directory, which is made if it is missing. Throws Error, with nothing changed, if another
 * process has it, if it was written by a newer version, if it is damaged (LogDamaged) or cannot be written to.
 */
export async function openDirectory(given: string, options: DirectoryOptions): Promise<Directory> {
  const path = resolve(given);
  try {
    await makeDirectory(path);
    const unlock = await takeLock(join(path, LOCK_NAME));
    try {
      return await openLocked(path, options, unlock);
    } catch (error) {
      await unlock();
      throw error;
    }
  } catch (error) {
    const isOfSystem = typeof error === 'object' && error !== null && 'syscall' in error;
    throw isOfSystem ? new Error(`${path}: cannot keep data there (${messageOf(error)})`) : error;
  }
}

/** The entries of new directories have to be on disk too, or all that is written into them may be lost. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let at = dirname(path); ; at = dirname(at)) {
    await syncDirectory(at);
    if (at.length <= dirname(first).length) return;
  }
}

async function openLocked(path: string, options: DirectoryOptions, unlock: () => Promise<void>): Promise<Directory> {
  const { logger } = options;
  const logPath = join(path, LOG_NAME);
  const newPath = `${logPath}.new`;
  if (!(await exists(logPath))) {
    if (await exists(newPath)) throw new LogDamaged(logPath, 0, 'the file is gone, only an unfinished copy is there');
    await createLog(path, logPath);
  }
  const loaded = createStore();
  const result = await load(logPath, loaded);
  await rm(newPath, { force: true });
  let handle = await open(logPath, 'r+');
  if (result.torn > 0) await cut(handle, logPath, result, logger);
  const wrap = options.wrapFile ?? ((file: FileHandle): LogFile => file);
  const journal = createJournal({
    file: wrap(handle),
    size: result.end,
    onFailure: async (error, size, discard) => {
      logger?.warn({ err: error }, 'embedded database: a write failed; going back to what is on disk');
      const onDisk = createStore();
      await load(logPath, onDisk, size);
      discard();
      adopt(store, onDisk);
    },
  });
  const store = createStore(journal);
  adopt(store, loaded);

  async function compact(): Promise<void> {
    const before = journal.size();
    const next = await open(newPath, 'w', 0o600);
    try {
      await journal.exchange(async () => {
        const size = writeSnapshot(next.fd, store);
        await next.sync();
        await rename(newPath, logPath);
        // From here on the old file counts no more: were it not closed, a failure below would write on into it.
        await handle.close();
        handle = next;
        await syncDirectory(path);
        return { file: wrap(next), size };
      });
    } catch (error) {
      if (handle !== next) await next.close();
      await rm(newPath, { force: true });
      throw error;
    }
    logger?.info({ before, after: journal.size() }, 'embedded database: data file compacted');
  }

  async function compactIfDue(): Promise<void> {
    if (journal.size() <= (options.compactFromBytes ?? COMPACT_FROM_BYTES) || liveBytes(store) * 2 > journal.size())
      return;
    try {
      await compact();
    } catch (error) {
      logger?.warn({ err: error }, 'embedded database: the data file could not be compacted');
    }
  }

  async function close(): Promise<void> {
    await journal.idle();
    await handle.close();
    await unlock();
  }

  try {
    if (result.version < FORMAT_VERSION) await compact();
    else await compactIfDue();
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { store, journal, compactIfDue, close };
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

/** It gets its name when it is whole: a log that is too short for its beginning was damaged later. */
async function createLog(path: string, logPath: string): Promise<void> {
  const begunPath = `${logPath}.begun`;
  const file = await open(begunPath, 'w', 0o600);
  try {
    await file.write(fileHeader());
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(begunPath, logPath);
  await syncDirectory(path);
}

async function load(logPath: string, store: Store, upTo?: number): Promise<ReadResult> {
  const replay = createReplay(store);
  return await readFrames(logPath, (payload) => replay.apply(payload), upTo);
}

async function cut(handle: FileHandle, logPath: string, result: ReadResult, logger: Logger | undefined): Promise<void> {
  logger?.warn({ path: logPath, bytes: result.torn }, 'embedded database: cut off a last write that was not finished');
  await handle.truncate(result.end);
  await handle.sync();
}

/** Takes over what was loaded, in the place of all there was; from here on changes go to the store's journal. */
function adopt(store: Store, loaded: Store): void {
  store.databases.clear();
  for (const [name, collections] of loaded.databases) {
    const adopted = [...collections].map(([key, collection]): [string, Collection] => [
      key,
      { ...collection, journal: store.journal },
    ]);
    store.databases.set(name, new Map(adopted));
  }
  store.answered.clear();
  for (const [session, answered] of loaded.answered) store.answered.set(session, answered);
  store.nextCollection = Math.max(store.nextCollection, loaded.nextCollection);
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
