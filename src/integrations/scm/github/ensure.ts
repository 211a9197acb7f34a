import { ConflictError, type ProviderFault, TransientError } from '../../../shared/errors.ts';
import { PROVIDER } from './failure.ts';
import { backOffMs, type RetryWaits } from './retry-policy.ts';

const ATTEMPTS = 3;

/** The one case where GitHub refuses a write because it is there already; read back to know. */
function mayBeThere(error: unknown): boolean {
  if (error instanceof TransientError) return error.retryAfterMs === null;
  const status = (error as { fault?: ProviderFault }).fault?.status;
  return error instanceof ConflictError || status === 422;
}

/**
 * Writes, and believes only what it reads back: after a broken connection, "already exists" or a conflict the thing is
 * looked up, and written again only while it is not there, three times at most.
 */
export async function writeThenRead<T>(
  operation: string,
  waits: RetryWaits,
  steps: { write(): Promise<void>; read(): Promise<T | null> },
): Promise<T & { created: boolean }> {
  let fault: unknown = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt > 0) await waits.sleep(backOffMs(attempt - 1, waits.random));
    // a write that went through is not repeated: what it made may only be slow to show
    const isWritten = attempt > 0 && fault === null;
    if (!isWritten) {
      fault = await steps.write().then(
        () => null,
        (error: unknown) => error,
      );
      if (fault !== null && !mayBeThere(fault)) throw fault;
    }
    const found = await steps.read();
    if (found) return { ...found, created: fault === null || fault instanceof TransientError };
    // refused, and not there: a bad name or commit stays bad
    if (fault !== null && !(fault instanceof TransientError) && !(fault instanceof ConflictError)) throw fault;
  }
  if (fault !== null) throw fault;
  const detail = 'it was written but does not show';
  throw new TransientError({ provider: PROVIDER, operation, status: null, detail });
}
