import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { keepingLock, LOCK_MS } from './keep-lock.ts';

/** Looks once an hour whether what must always hold does, and tells admins of what does not. */
export function defineDoctor(agenda: Agenda, { engine, logger }: JobDeps): void {
  agenda.define('doctor', (job) => keepingLock(job, logger, () => engine.checkUp()), {
    concurrency: 1,
    lockLifetime: LOCK_MS,
  });
}
