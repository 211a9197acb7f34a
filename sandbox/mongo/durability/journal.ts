import type { FileHandle } from 'node:fs/promises';
import type { CatalogJournal } from '../store/store.ts';
import {
  answeredChange,
  createChange,
  createIndexChange,
  dropChange,
  dropIndexChange,
  putChange,
  removeChange,
} from './changes.ts';
import { frameOf } from './frames.ts';
import { fileHeader } from './header.ts';

/** The part of a file handle the journal needs; tests put a failing one in its place. */
export type LogFile = Pick<FileHandle, 'write' | 'datasync' | 'truncate'>;

interface OpenLog {
  readonly file: LogFile;
  readonly size: number;
}

export interface FileJournal extends CatalogJournal {
  /** Resolves when all changes so far are on disk; rejects if they could not be written. Undefined: nothing to wait for. */
  settled(): Promise<void> | undefined;
  /** Bytes of the file. */
  size(): number;
  /**
   * Puts another file in place: `work` is called between two writes, and has to write out memory as it is then before
   * it waits for anything. What was changed but not yet written counts as kept once `work` is done.
   */
  exchange(work: () => Promise<OpenLog>): Promise<void>;
  /** Resolves when nothing is being written any more. */
  idle(): Promise<void>;
}

export interface JournalOptions extends OpenLog {
  /**
   * Called when writing failed: memory is ahead of the file, of which the first `size` bytes are good. Has to put
   * memory right, and to call `discard` in the same breath: what was changed until then is not kept either.
   */
  readonly onFailure: (error: unknown, size: number, discard: () => void) => Promise<void>;
}

interface Group {
  readonly changes: Buffer[];
  readonly done: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

interface Exchange {
  readonly work: () => Promise<OpenLog>;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Appends changes to the log. All that are made while the last write is under way go into one frame, one write and
 * one fdatasync: replies wait for it.
 */
export function createJournal(options: JournalOptions): FileJournal {
  let { file, size } = options;
  let open: Group | undefined;
  let writing: Group | undefined;
  let asked: Exchange | undefined;
  let loop: Promise<void> | undefined;
  let changes = 0;
  /** The file may be longer than its good part: a failed write could not be cut off. */
  let hasRest = false;
  /** Memory could not be put right after a failed write: nothing is taken until it can. */
  let ahead: unknown;

  function append(change: Buffer): void {
    changes += 1;
    open ??= newGroup();
    open.changes.push(change);
    start();
  }

  function start(): void {
    loop ??= new Promise<void>((resolve) => setImmediate(resolve)).then(drain);
  }

  async function drain(): Promise<void> {
    while (open || asked) {
      writing = open ?? newGroup();
      open = undefined;
      try {
        if (!(await exchanged())) await writeGroup(writing);
        writing.resolve();
      } catch (error) {
        await fail(error, writing);
      }
      writing = undefined;
    }
    loop = undefined;
  }

  async function exchanged(): Promise<boolean> {
    if (!asked || ahead !== undefined) return false;
    const { work, resolve, reject } = asked;
    asked = undefined;
    try {
      ({ file, size } = await work());
      resolve();
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  }

  async function writeGroup(group: Group): Promise<void> {
    if (ahead !== undefined) throw ahead;
    if (group.changes.length === 0) return;
    if (hasRest) await file.truncate(size);
    hasRest = true;
    const frame = frameOf(group.changes);
    // Both are waited for also where one fails: nothing may be written any more when the file is cut.
    const writes = await Promise.allSettled([writeFully(fileHeader(size), 0), writeFully(frame, size)]);
    for (const write of writes) if (write.status === 'rejected') throw write.reason;
    await file.datasync();
    hasRest = false;
    size += frame.length;
  }

  async function writeFully(bytes: Buffer, at: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const result = await file.write(bytes, written, bytes.length - written, at + written);
      written += result.bytesWritten;
    }
  }

  /** Nothing that waits was kept, nor what was made meanwhile on top of it. */
  async function fail(error: unknown, group: Group): Promise<void> {
    const discard = (): void => {
      open?.reject(error);
      open = undefined;
    };
    try {
      await file.truncate(size);
      await file.datasync();
      hasRest = false;
    } catch {
      // It is cut off before the next write, or at the next start.
    }
    try {
      await options.onFailure(error, size, discard);
      ahead = undefined;
    } catch {
      ahead = error;
      discard();
    }
    asked?.reject(error);
    asked = undefined;
    group.reject(error);
  }

  function exchange(work: () => Promise<OpenLog>): Promise<void> {
    if (asked) return Promise.reject(new Error('the file is being exchanged already'));
    return new Promise((resolve, reject) => {
      asked = { work, resolve, reject };
      start();
    });
  }

  async function idle(): Promise<void> {
    while (loop) await loop;
  }

  return {
    put: (collection, id, raw) => append(putChange(collection.id, id, raw)),
    remove: (collection, id) => append(removeChange(collection.id, id)),
    create: (collection) => append(createChange(collection)),
    drop: (collection) => append(dropChange(collection.id)),
    createIndex: (collection, spec) => append(createIndexChange(collection.id, spec)),
    dropIndex: (collection, name) => append(dropIndexChange(collection.id, name)),
    answer: (session, answered) => append(answeredChange(session, answered)),
    changes: () => changes,
    settled: () => (open ?? writing)?.done,
    size: () => size,
    exchange,
    idle,
  };
}

function newGroup(): Group {
  let resolve = (): void => {};
  let reject = (_error: unknown): void => {};
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody may be waiting (the TTL sweep does not).
  done.catch(() => undefined);
  return { changes: [], done, resolve, reject };
}
