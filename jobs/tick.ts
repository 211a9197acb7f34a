import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';

const LOCK_MS = 5 * 60_000;

/** The safety net: releases whose `nextWakeAt` has come. Costs what is due (Spec 7.3). */
export function defineTick(agenda: Agenda, { engine }: JobDeps): void {
  agenda.define(
    'tick',
    async () => {
      await engine.advanceDue();
    },
    { concurrency: 1, lockLifetime: LOCK_MS },
  );
}
