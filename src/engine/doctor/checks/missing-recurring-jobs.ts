import { RECURRING_JOBS } from '../../job-names.ts';
import type { WholeCheck } from '../finding.ts';

/** Without its recurring jobs nothing moves that nobody clicks. */
export const missingRecurringJobs: WholeCheck = {
  id: 'missing-recurring-jobs',
  expects: `the scheduler has its recurring jobs: ${RECURRING_JOBS.join(', ')}`,
  byHand: 'start the bot, or start it again: it schedules them',
  async *ofAll({ inspections, counts }) {
    const jobs = await inspections.jobsNamed(RECURRING_JOBS);
    counts.jobs += jobs.length;
    // A database on which no bot was started yet has nothing to be missed.
    if (jobs.length === 0 && (await inspections.releases({ limit: 1, after: null, tenantId: null })).length === 0)
      return;
    for (const name of RECURRING_JOBS) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (job?.nextRunAt && !job.disabled) continue;
      const what = !job ? 'is missing' : job.disabled ? 'is disabled' : 'has no time to run';
      const text = `The recurring job ${name} ${what}; expected one that runs by itself.`;
      yield { severity: 'error', tenantId: null, releaseId: null, subject: name, text, repair: null };
    }
  },
};
