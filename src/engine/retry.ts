/** Back-off of tasks and messages. A retry is state (`nextTryAt`, `dueAt`), so deciding stays pure. */

const TASK_DELAYS_MS = [5_000, 15_000, 45_000, 120_000, 300_000];
export const LONGEST_WAIT_MS = 3_600_000;

/** When to try a task again after `attempts` tries; null = it has been tried often enough. */
export function retryAt(attempts: number, retryAfterMs: number | null, now: Date): Date | null {
  const delayMs = TASK_DELAYS_MS[attempts - 1];
  if (delayMs === undefined) return null;
  return new Date(now.getTime() + Math.min(Math.max(delayMs, retryAfterMs ?? 0), LONGEST_WAIT_MS));
}

const FIRST_MESSAGE_DELAY_MS = 1_000;
const LONGEST_MESSAGE_DELAY_MS = 300_000;

/** Doubles from a second to five minutes; the provider's own wish counts where it is longer. */
export function messageRetryAt(attempts: number, retryAfterMs: number | null, now: Date): Date {
  const delayMs = Math.min(FIRST_MESSAGE_DELAY_MS * 2 ** (attempts - 1), LONGEST_MESSAGE_DELAY_MS);
  return new Date(now.getTime() + Math.min(Math.max(delayMs, retryAfterMs ?? 0), LONGEST_WAIT_MS));
}

/** A mistake in our own code: it will be made again until somebody mends it. */
export function isMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

const DUPLICATE_KEY = 11_000;

/** A document of that identity is there already. */
export function isDuplicateKey(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === DUPLICATE_KEY;
}
