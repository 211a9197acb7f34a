import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { keepingLock, LOCK_MS } from './keep-lock.ts';

/** The safety net: releases whose `nextWakeAt` has come. Costs what is due (Spec 7.3). */
export function defineTick(agenda: Agenda, { engine, logger }: JobDeps): void {
  agenda.define('tick', (job) => keepingLock(job, logger, () => engine.advanceDue()), {
    concurrency: 1,
    lockLifetime: LOCK_MS,
  });
}
