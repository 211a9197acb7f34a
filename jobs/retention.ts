import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** Deletes the bytes of uploads that nobody needs any more (Spec 8.3). */
export function defineRetention(agenda: Agenda, { engine, logger }: JobDeps): void {
  defineAlone(agenda, 'retention', logger, async () => {
    logger.info({ deleted: await engine.applyRetention() }, 'retention applied');
  });
}
