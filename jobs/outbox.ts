import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { keepingLock, LOCK_MS } from './keep-lock.ts';

/** Messages whose time has come, those that were put off among them (Spec 7.2). */
export function defineOutbox(agenda: Agenda, { engine, logger }: JobDeps): void {
  agenda.define('outbox', (job) => keepingLock(job, logger, () => engine.drainOutbox()), {
    concurrency: 1,
    lockLifetime: LOCK_MS,
  });
}
