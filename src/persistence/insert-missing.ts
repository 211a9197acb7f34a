import type { AnyBulkWriteOperation, Model } from 'mongoose';
import { retryOnDuplicate } from './conflicts.ts';

/** Inserts, in order and in one round trip, the documents whose `_id` is not there yet; the others stay as they are. */
export async function insertMissing<D extends { _id: string }>(model: Model<D>, documents: D[]): Promise<void> {
  if (documents.length === 0) return;
  // Mongoose cannot type a filter on a generic document.
  const operations = documents.map(({ _id, ...fields }) => ({
    updateOne: { filter: { _id }, update: { $setOnInsert: fields }, upsert: true },
  })) as unknown as AnyBulkWriteOperation[];
  await retryOnDuplicate(() => model.bulkWrite(operations, { ordered: true }));
}
