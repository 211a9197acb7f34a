import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';
import { keepingLock, LOCK_MS } from './keep-lock.ts';

/** Files shared in Slack whose instance died while it took them (Spec 3.3). */
export function defineSlackFiles(agenda: Agenda, { resumeFiles, logger }: JobDeps): void {
  agenda.define('slack-files', (job) => keepingLock(job, logger, () => resumeFiles()), {
    concurrency: 1,
    lockLifetime: LOCK_MS,
  });
}
