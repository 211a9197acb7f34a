import type { Agenda, Job } from 'agenda';
import { inNewLogScope } from '../src/shared/log-scope.ts';
import type { Logger } from '../src/shared/logger.ts';

/** How long the jobs of an instance that died keep the others from them (Spec 7.3). */
export const LOCK_MS = 60_000;

/** A job that is done once at a time, wherever. Its short lock is renewed as long as it takes, so that only the dead are taken over. */
export function defineAlone(agenda: Agenda, name: string, logger: Logger, work: () => Promise<unknown>): void {
  agenda.define(name, (job) => keepingLock(job, logger, work), { concurrency: 1, lockLifetime: LOCK_MS });
}

async function keepingLock(
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
