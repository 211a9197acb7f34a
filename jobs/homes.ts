import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { keepingLock, LOCK_MS } from './keep-lock.ts';

/** Homes that are open and show something old (Spec 6.5). */
export function defineHomes(agenda: Agenda, { refreshHomes, logger }: JobDeps): void {
  agenda.define('homes', (job) => keepingLock(job, logger, () => refreshHomes()), {
    concurrency: 1,
    lockLifetime: LOCK_MS,
  });
}
