import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** Homes that are open and show something old (Spec 6.5). */
export function defineHomes(agenda: Agenda, { refreshHomes, logger }: JobDeps): void {
  defineAlone(agenda, 'homes', logger, () => refreshHomes());
}
