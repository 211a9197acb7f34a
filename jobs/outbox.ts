import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';

const LOCK_MS = 5 * 60_000;

/** Messages whose time has come, those that were put off among them (Spec 7.2). */
export function defineOutbox(agenda: Agenda, { engine }: JobDeps): void {
  agenda.define(
    'outbox',
    async () => {
      await engine.drainOutbox();
    },
    { concurrency: 1, lockLifetime: LOCK_MS },
  );
}
