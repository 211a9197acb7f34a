import type { Job } from 'agenda';
import { inNewLogScope } from '../src/shared/log-scope.ts';
import type { Logger } from '../src/shared/logger.ts';

/** How long the jobs of an instance that died keep the others from them (Spec 7.3). */
export const LOCK_MS = 60_000;

/** Works under a short lock that is renewed as long as the work takes, so that only the dead are taken over. */
export async function keepingLock(
  job: Pick<Job, 'touch' | 'attrs'>,
  logger: Logger,
  work: () => Promise<unknown>,
): Promise<void> {
  let renewing: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    renewing = job.touch().catch((error: unknown) => logger.warn({ err: error }, 'the lock of a job was not renewed'));
  }, LOCK_MS / 3);
  timer.unref();
  try {
    await inNewLogScope({ job: job.attrs.name }, work);
  } finally {
    clearInterval(timer);
    // A renewal that arrived after the end of the job would lock it again.
    await renewing;
  }
}
