import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** The safety net: releases whose `nextWakeAt` has come. Costs what is due (Spec 7.3). */
export function defineTick(agenda: Agenda, { engine, logger }: JobDeps): void {
  defineAlone(agenda, 'tick', logger, () => engine.advanceDue());
}
