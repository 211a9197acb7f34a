import { about, type ReleaseCheck } from '../finding.ts';

const SOON_MS = 60_000;

/** The one-time jobs that a live release planned are there (Spec 7.3). Without them the tick does their work, a little later. */
export const missingWakeJob: ReleaseCheck = {
  id: 'missing-wake-job',
  expects: 'every planned one-time job of a live release is with the scheduler',
  byHand: 'nothing: the tick does the work of a lost job within a minute',
  ofRelease(release, { now }) {
    const { stored, jobs } = release;
    if (!stored || !release.live || stored.lease || release.defect) return [];
    const known = new Set(jobs.map(({ name, key }) => `${name} ${key}`));
    const lost = stored.plannedWakes.filter(({ job, key, at }) => {
      return at.getTime() > now.getTime() + SOON_MS && !known.has(`${job} ${key}`);
    });
    const { version } = stored.release;
    return lost.map(({ job, key, at }) => {
      const text = `The one-time job ${job} of ${at.toISOString()} (${key}) is not with the scheduler; expected as planned.`;
      return about(release, 'warning', key, text, { kind: 'PLAN_WAKES_AGAIN', releaseId: release.id, version });
    });
  },
};
