import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** A release whose time has come is taken up by the tick within a minute (Spec 7.3). */
export const overdueRelease: ReleaseCheck = {
  id: 'overdue-release',
  expects: 'a release that is due is taken up within five minutes',
  byHand: 'it is due already: start the bot, or look in its log for why nobody takes the release up',
  ofRelease(release, { now }) {
    const { stored } = release;
    if (!stored?.nextWakeAt || stored.lease || stored.nextWakeAt >= before(now, GRACE_MS)) return [];
    const since =
      stored.nextWakeAt.getTime() === 0 ? 'is due' : `has been due since ${stored.nextWakeAt.toISOString()}`;
    return [
      about(release, 'error', 'due', `The release ${since} and nobody holds it; the tick should have taken it up.`),
    ];
  },
};
