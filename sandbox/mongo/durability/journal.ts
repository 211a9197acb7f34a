import type { FileHandle } from 'node:fs/promises';
import type { CatalogJournal } from '../store/store.ts';
import { createChange, createIndexChange, dropChange, dropIndexChange, putChange, removeChange } from './changes.ts';
import { FRAME_HEADER_BYTES, frameHeader } from './frames.ts';

/** The part of a file handle the journal needs; tests put a failing one in its place. */
export type LogFile = Pick<FileHandle, 'write' | 'datasync' | 'truncate'>;

export interface FileJournal extends CatalogJournal {
  /** Resolves when all changes so far are on disk; rejects if they could not be written. Undefined: nothing to wait for. */
  settled(): Promise<void> | undefined;
  /** Bytes of the file. */
  size(): number;
  /** Runs `work` while no write is under way and none can begin; `work` gets to put another file in place. */
  exchange(work: () => Promise<{ file: LogFile; size: number }>): Promise<void>;
}

export interface JournalOptions {
  readonly file: LogFile;
  readonly size: number;
  /**
   * Called when writing failed and the file was cut back to its last good frame: memory is ahead of it then. Has to
   * put memory right, and to call `discard` in the same breath: what was changed until then is not kept either.
   */
  readonly onFailure: (error: unknown, discard: () => void) => Promise<void>;
}

interface Group {
  changes: Buffer[];
  readonly done: Promise<void>;
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
  let loop: Promise<void> | undefined;

  function append(change: Buffer): void {
    open ??= newGroup();
    open.changes.push(change);
    loop ??= new Promise<void>((resolve) => setImmediate(resolve)).then(drain);
  }

  async function drain(): Promise<void> {
    while (open) {
      writing = open;
      open = undefined;
      try {
        await writeGroup(writing);
        writing.resolve();
      } catch (error) {
        await fail(error, writing);
      }
      writing = undefined;
    }
    loop = undefined;
  }

  async function writeGroup(group: Group): Promise<void> {
    const payload = group.changes.length === 1 && group.changes[0] ? group.changes[0] : Buffer.concat(group.changes);
    const bytes = Buffer.concat([frameHeader(payload), payload]);
    let written = 0;
    while (written < bytes.length) {
      const result = await file.write(bytes, written, bytes.length - written, size + written);
      written += result.bytesWritten;
    }
    await file.datasync();
    size += FRAME_HEADER_BYTES + payload.length;
  }

  /** Nothing that waits was kept, nor what was made meanwhile on top of it. */
  async function fail(error: unknown, group: Group): Promise<void> {
    try {
      await file.truncate(size);
      await file.datasync();
    } catch {
      // The torn frame stays: it is cut at the next start, or overwritten by the next write.
    }
    await options.onFailure(error, () => {
      open?.reject(error);
      open = undefined;
    });
    group.reject(error);
  }

  async function exchange(work: () => Promise<{ file: LogFile; size: number }>): Promise<void> {
    while (loop) await loop;
    const exchanged = work().then((next) => {
      ({ file, size } = next);
    });
    // Changes made meanwhile wait in the open group.
    loop = exchanged.catch(() => undefined).then(drain);
    await exchanged;
  }

  return {
    put: (collection, id, raw) => append(putChange(collection.id, id, raw)),
    remove: (collection, id) => append(removeChange(collection.id, id)),
    create: (collection) => append(createChange(collection)),
    drop: (collection) => append(dropChange(collection.id)),
    createIndex: (collection, spec) => append(createIndexChange(collection.id, spec)),
    dropIndex: (collection, name) => append(dropIndexChange(collection.id, name)),
    settled: () => (open ?? writing)?.done,
    size: () => size,
    exchange,
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
