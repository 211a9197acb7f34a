import { RECURRING_JOBS, WAKE_JOBS } from '../../job-names.ts';
import { before, type Found, type WholeCheck } from '../finding.ts';

const LATE_MS = 10 * 60_000;
/** Longer than the longest lock that a job takes. */
const LOCKED_MS = 2 * 3_600_000;
const LIMIT = 1000;

/** The scheduler runs what is due within seconds, and takes over the lock of an instance that died. */
export const stuckJobs: WholeCheck = {
  id: 'stuck-jobs',
  expects: 'a job runs within ten minutes of its time, and no lock lasts two hours',
  byHand: 'start the bot: it runs what is due and takes over outdated locks; the tick does the work of one-time jobs',
  async *ofAll({ inspections, realNow }) {
    const late = await inspections.overdueJobs([...RECURRING_JOBS, ...WAKE_JOBS], before(realNow, LATE_MS), LIMIT);
    for (const { name, releaseId, key, nextRunAt, lockedAt } of late) {
      const lock = lockedAt ? `locked since ${lockedAt.toISOString()}` : 'not locked';
      const text = `The job ${key ?? name} should have run at ${nextRunAt?.toISOString()} and is ${lock}; expected within ten minutes.`;
      yield found(key ?? name, text, releaseId);
    }
    for (const { name, lockedAt, nextRunAt } of await inspections.jobsNamed(RECURRING_JOBS)) {
      const isListed = nextRunAt && nextRunAt < before(realNow, LATE_MS);
      if (isListed || !lockedAt || lockedAt >= before(realNow, LOCKED_MS)) continue;
      yield found(name, `The job ${name} is locked since ${lockedAt.toISOString()}; expected at most an hour.`, null);
    }
  },
};

function found(subject: string, text: string, releaseId: string | null): Found {
  return { severity: 'warning', tenantId: null, releaseId, subject, text, repair: null };
}
