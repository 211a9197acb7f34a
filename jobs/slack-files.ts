import type { Agenda } from 'agenda';
import type { JobDeps } from './deps.ts';

const LOCK_MS = 10 * 60_000;

/** Files shared in Slack whose instance died while it took them (Spec 3.3). */
export function defineSlackFiles(agenda: Agenda, { resumeFiles }: JobDeps): void {
  agenda.define(
    'slack-files',
    async () => {
      await resumeFiles();
    },
    { concurrency: 1, lockLifetime: LOCK_MS },
  );
}
