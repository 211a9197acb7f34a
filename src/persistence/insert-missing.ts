import type { AnyBulkWriteOperation, Model } from 'mongoose';
import { retryOnDuplicate } from './conflicts.ts';

/**
 * Inserts, in order and in one round trip, the documents whose `_id` is not there yet; the others stay as they are. Returns how many
 * were there.
 */
export async function insertMissing<D extends { _id: string }>(model: Model<D>, documents: D[]): Promise<number> {
  if (documents.length === 0) return 0;
  // Mongoose cannot type a filter on a generic document.
  const operations = documents.map(({ _id, ...fields }) => ({
    updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
  })) as unknown as AnyBulkWriteOperation[];
  const { matchedCount } = await retryOnDuplicate(() => model.bulkWrite(operations, { ordered: true }));
  return matchedCount;
}
