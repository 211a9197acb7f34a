import type { Key } from '../bson/order.ts';

/** The number under which a collection holds a record; later records have higher ones. */
export type RecordId = number;

/** From `lo` (included) to `hi` (left out). */
export interface Interval {
  readonly lo: Key;
  readonly hi: Key;
}

const CHUNK_SIZE = 512;

interface Chunk {
  readonly keys: Key[];
  readonly ids: RecordId[];
}

/**
 * A sorted multimap from keys to record ids: a list of chunks of at most 512 entries. Finding a place is two binary
 * searches, a change moves at most one chunk's entries and now and then splits it.
 */
export interface SortedKeys {
  add(key: Key, id: RecordId): void;
  remove(key: Key, id: RecordId): void;
  /** Entries whose key begins at `interval.lo` and ends before `interval.hi`, in the order of keys, then ids. */
  scan(interval: Interval, reverse?: boolean): Generator<RecordId>;
  /** How many entries the interval has; costs one step for 512 of them. */
  count(interval: Interval): number;
  /** The first entry with just this key. */
  find(key: Key): RecordId | undefined;
  size(): number;
}

/** From entries in any order. */
export function createSortedKeys(entries: [Key, RecordId][] = []): SortedKeys {
  const chunks = chunksOf(entries);
  let size = entries.length;

  function add(key: Key, id: RecordId): void {
    const chunkIndex = chunkFor(chunks, key, id);
    const chunk = chunks[chunkIndex];
    size += 1;
    if (!chunk) {
      chunks.push({ keys: [key], ids: [id] });
      return;
    }
    const at = placeOf(chunk, key, id);
    chunk.keys.splice(at, 0, key);
    chunk.ids.splice(at, 0, id);
    if (chunk.keys.length <= CHUNK_SIZE) return;
    // Keys that only ever grow leave full chunks behind, not half ones.
    const cut = chunkIndex === chunks.length - 1 && at === CHUNK_SIZE ? CHUNK_SIZE : CHUNK_SIZE >> 1;
    chunks.splice(chunkIndex + 1, 0, { keys: chunk.keys.splice(cut), ids: chunk.ids.splice(cut) });
  }

  function remove(key: Key, id: RecordId): void {
    const chunkIndex = chunkFor(chunks, key, id);
    const chunk = chunks[chunkIndex];
    if (!chunk) return;
    const at = placeOf(chunk, key, id);
    if (chunk.keys[at] !== key || chunk.ids[at] !== id) return;
    size -= 1;
    chunk.keys.splice(at, 1);
    chunk.ids.splice(at, 1);
    if (chunk.keys.length === 0) chunks.splice(chunkIndex, 1);
  }

  function* scan(interval: Interval, reverse = false): Generator<RecordId> {
    const from = position(chunks, interval.lo);
    const to = position(chunks, interval.hi);
    const [first, last] = reverse ? [to, from] : [from, to];
    const step = reverse ? -1 : 1;
    for (let index = first.chunk; reverse ? index >= last.chunk : index <= last.chunk; index += step) {
      const ids = chunks[index]?.ids ?? [];
      const low = index === from.chunk ? from.at : 0;
      const high = index === to.chunk ? to.at : ids.length;
      for (let offset = 0; offset < high - low; offset += 1) yield ids[reverse ? high - 1 - offset : low + offset] ?? 0;
    }
  }

  function count(interval: Interval): number {
    const from = position(chunks, interval.lo);
    const to = position(chunks, interval.hi);
    if (from.chunk >= to.chunk) return Math.max(0, from.chunk === to.chunk ? to.at - from.at : 0);
    let total = (chunks[from.chunk]?.keys.length ?? 0) - from.at + to.at;
    for (let index = from.chunk + 1; index < to.chunk; index += 1) total += chunks[index]?.keys.length ?? 0;
    return total;
  }

  function find(key: Key): RecordId | undefined {
    const place = position(chunks, key);
    const chunk = chunks[place.chunk];
    const [owner, at] = chunk && place.at === chunk.keys.length ? [chunks[place.chunk + 1], 0] : [chunk, place.at];
    return owner && owner.keys[at] === key ? owner.ids[at] : undefined;
  }

  return { add, remove, scan, count, find, size: () => size };
}

function chunksOf(entries: [Key, RecordId][]): Chunk[] {
  if (!isSorted(entries)) entries.sort((a, b) => (a[0] === b[0] ? a[1] - b[1] : a[0] < b[0] ? -1 : 1));
  const chunks: Chunk[] = [];
  for (let start = 0; start < entries.length; start += CHUNK_SIZE) {
    const part = entries.slice(start, start + CHUNK_SIZE);
    chunks.push({ keys: part.map((entry) => entry[0]), ids: part.map((entry) => entry[1]) });
  }
  return chunks;
}

function isSorted(entries: readonly [Key, RecordId][]): boolean {
  let last = '';
  return entries.every(([key]) => {
    const inOrder = last < key;
    last = key;
    return inOrder;
  });
}

function isBefore(chunk: Chunk, at: number, key: Key, id: RecordId): boolean {
  const own = chunk.keys[at] ?? '';
  return own < key || (own === key && (chunk.ids[at] ?? 0) < id);
}

/** The last chunk that begins at or before the entry. */
function chunkFor(chunks: readonly Chunk[], key: Key, id: RecordId): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const chunk = chunks[middle];
    if (chunk && (isBefore(chunk, 0, key, id) || (chunk.keys[0] === key && chunk.ids[0] === id))) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function placeOf(chunk: Chunk, key: Key, id: RecordId): number {
  let low = 0;
  let high = chunk.keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(chunk, middle, key, id)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the first entry with this key or a later one stands. */
function position(chunks: readonly Chunk[], key: Key): { chunk: number; at: number } {
  const chunkIndex = chunkFor(chunks, key, -1);
  const chunk = chunks[chunkIndex];
  return { chunk: chunkIndex, at: chunk ? placeOf(chunk, key, -1) : 0 };
}
