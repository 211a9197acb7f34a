import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** Messages whose time has come, those that were put off among them (Spec 7.2). */
export function defineOutbox(agenda: Agenda, { engine, logger }: JobDeps): void {
  defineAlone(agenda, 'outbox', logger, () => engine.drainOutbox());
}
