import { Raw, type Reply } from '../bson/encode.ts';
import { Fault } from '../errors.ts';
import { checkSize } from '../store/collection.ts';

/** MongoDB's first batch, its limit on the bytes of a batch, and how long an unused cursor lives. */
export const FIRST_BATCH = 101;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const IDLE_MS = 10 * 60_000;
/** One without a timeout ends with its session. */
const SESSION_MS = 30 * 60_000;

interface Cursor {
  readonly namespace: string;
  readonly docs: readonly string[];
  readonly hasNoTimeout: boolean;
  at: number;
  usedAt: number;
}

/** Open cursors: each holds the documents as they were when the query ran. */
export interface Cursors {
  /** The reply of a query: the first batch, and a cursor for the rest. */
  open(namespace: string, docs: readonly string[], options: OpenOptions): Reply;
  next(id: bigint, namespace: string, batchSize: number): Reply;
  kill(id: bigint, namespace: string): boolean;
  killAll(): void;
  /** Closes cursors that nobody asked for ten minutes, those without a timeout after thirty. */
  expire(now: number): void;
  size(): number;
}

export interface OpenOptions {
  readonly batchSize: number;
  readonly isSingleBatch?: boolean;
  readonly hasNoTimeout?: boolean;
}

export function createCursors(): Cursors {
  const cursors = new Map<bigint, Cursor>();
  let nextId = BigInt(Date.now()) * 1000n;

  function batch(cursor: Cursor, batchSize: number): Raw[] {
    const docs: Raw[] = [];
    let bytes = 0;
    while (cursor.at < cursor.docs.length && docs.length < batchSize) {
      const raw = cursor.docs[cursor.at] ?? '';
      bytes += raw.length;
      if (bytes > MAX_BATCH_BYTES && docs.length > 0) break;
      docs.push(new Raw(raw));
      cursor.at += 1;
    }
    return docs;
  }

  function open(namespace: string, docs: readonly string[], options: OpenOptions): Reply {
    // Projections and pipelines can make documents that could not be stored.
    for (const raw of docs) checkSize(raw);
    const cursor = { namespace, docs, hasNoTimeout: options.hasNoTimeout ?? false, at: 0, usedAt: Date.now() };
    const firstBatch = batch(cursor, options.batchSize);
    let id = 0n;
    if (cursor.at < docs.length && !options.isSingleBatch) {
      id = nextId;
      nextId += 1n;
      cursors.set(id, cursor);
    }
    return { cursor: { firstBatch, id, ns: namespace } };
  }

  function next(id: bigint, namespace: string, batchSize: number): Reply {
    const cursor = cursors.get(id);
    if (!cursor) throw new Fault(43, `cursor id ${id} not found`);
    if (cursor.namespace !== namespace)
      throw new Fault(
        13,
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    cursor.usedAt = Date.now();
    const nextBatch = batch(cursor, batchSize === 0 ? Number.POSITIVE_INFINITY : batchSize);
    const isDone = cursor.at >= cursor.docs.length;
    if (isDone) cursors.delete(id);
    return { cursor: { nextBatch, id: isDone ? 0n : id, ns: namespace } };
  }

  function expire(now: number): void {
    for (const [id, { usedAt, hasNoTimeout }] of cursors)
      if (now - usedAt > (hasNoTimeout ? SESSION_MS : IDLE_MS)) cursors.delete(id);
  }

  return {
    open,
    next,
    kill: (id, namespace) => cursors.get(id)?.namespace === namespace && cursors.delete(id),
    killAll: () => cursors.clear(),
    expire,
    size: () => cursors.size,
  };
}
