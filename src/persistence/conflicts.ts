import { mongo } from 'mongoose';

const DUPLICATE_KEY = 11_000;
const TYPE_MISMATCH = 14;

/** The key pattern of the unique index that refused a write; null when `error` is something else. */
export function duplicateKey(error: unknown): Record<string, unknown> | null {
  if (!(error instanceof mongo.MongoServerError) || error.code !== DUPLICATE_KEY) return null;
  return (error['keyPattern'] as Record<string, unknown> | undefined) ?? {};
}

/** A field is not of the type that an update needs, for example a count that is no number. */
export function isTypeMismatch(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === TYPE_MISMATCH;
}

/**
 * Runs an upsert again when it lost the race with its like: two upserts of the same key may both decide to insert, and
 * the loser then finds the winner's document.
 */
export async function retryOnDuplicate<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!duplicateKey(error)) throw error;
    return await write();
  }
}
