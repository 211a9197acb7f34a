import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';

const LOCK_MS = 60_000;

/** Homes that are open and show something old (Spec 6.5). */
export function defineHomes(agenda: Agenda, { refreshHomes }: JobDeps): void {
  agenda.define(
    'homes',
    async () => {
      await refreshHomes();
    },
    { concurrency: 1, lockLifetime: LOCK_MS },
  );
}
