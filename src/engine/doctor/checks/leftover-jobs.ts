import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** A release that has ended keeps no one-time job. */
export const leftoverJobs: ReleaseCheck = {
  id: 'leftover-jobs',
  expects: 'a release that has ended has no one-time jobs',
  byHand: 'nothing: each only wakes a release that has nothing to do',
  ofRelease(release, { now }) {
    const { stored, jobs, id: releaseId } = release;
    const isUnderWay = !stored || release.live || stored.lease || release.updatedAt >= before(now, GRACE_MS);
    if (isUnderWay || jobs.length === 0) return [];
    const text = `The release has ended (${stored.release.status}), but ${jobs.length} of its one-time jobs are still with the scheduler; expected none.`;
    return [about(release, 'warning', 'jobs', text, { kind: 'DROP_JOBS', releaseId })];
  },
};
