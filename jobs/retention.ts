import type { Agenda } from 'agenda';
import { inNewLogScope } from '../src/shared/log-scope.ts';
import type { JobDeps } from './deps.ts';

const LOCK_MS = 60 * 60_000;

/** Deletes the bytes of uploads that nobody needs any more (Spec 8.3). */
export function defineRetention(agenda: Agenda, { engine, logger }: JobDeps): void {
  agenda.define(
    'retention',
    async () => {
      const deleted = await inNewLogScope({ job: 'retention' }, () => engine.applyRetention());
      logger.info({ deleted }, 'retention applied');
    },
    { concurrency: 1, lockLifetime: LOCK_MS },
  );
}
