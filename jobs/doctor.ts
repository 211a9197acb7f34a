import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** Looks once an hour whether what must always hold does, and tells admins of what does not. */
export function defineDoctor(agenda: Agenda, { engine, logger }: JobDeps): void {
  const look = async () => {
    // After an absence (a laptop that slept, a night without an instance) all is overdue until somebody has looked at it.
    await engine.advanceDue();
    await engine.drainOutbox();
    await engine.checkUp();
  };
  defineAlone(agenda, 'doctor', logger, look);
}
