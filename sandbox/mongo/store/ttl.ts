import { decodeRaw } from '../bson/encode.ts';
import { AFTER, bracketOf, invertKey, keyOf } from '../bson/order.ts';
import { type Collection, type Index, removeRecord, treeOf } from './collection.ts';
import type { Interval, RecordId } from './sorted-keys.ts';
import type { Store } from './store.ts';

/**
 * Removes the documents whose date lies further back than their TTL index allows; of an array of dates the earliest
 * counts. Other types, null and missing never expire. Returns how many went.
 */
export function sweepExpired(store: Store, now: Date): number {
  let removed = 0;
  for (const collections of store.databases.values()) {
    for (const collection of collections.values()) {
      for (const index of collection.indexes) {
        if (index.spec.expireAfterSeconds !== undefined)
          removed += sweep(collection, index, index.spec.expireAfterSeconds, now);
      }
    }
  }
  return removed;
}

function sweep(collection: Collection, index: Index, seconds: number, now: Date): number {
  const limit = new Date(now.getTime() - seconds * 1000);
  const expired = new Set<RecordId>(
    treeOf(collection, index).scan(upTo(limit, index.spec.parts[0]?.descending === true)),
  );
  for (const id of expired) {
    const raw = collection.records.get(id);
    if (raw !== undefined) removeRecord(collection, id, decodeRaw(raw));
  }
  return expired.size;
}

/** The keys of all dates up to and with `limit`. */
function upTo(limit: Date, isDescending: boolean): Interval {
  const type = bracketOf(limit);
  if (isDescending) return { lo: invertKey(keyOf(limit)), hi: invertKey(type) + AFTER };
  return { lo: type, hi: keyOf(limit) + AFTER };
}
