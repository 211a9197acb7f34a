import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { defineAlone } from './keep-lock.ts';

/** What came from Slack to an instance that died: clicks, commands, and files it was taking (Spec 3.3, 7.2). */
export function defineSlackFiles(agenda: Agenda, { resumeRequests, logger }: JobDeps): void {
  defineAlone(agenda, 'slack-files', logger, () => resumeRequests());
}
