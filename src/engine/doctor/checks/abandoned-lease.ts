import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** No lease is given for so long: it ends there only because the clock was set back. */
const IMPOSSIBLE_MS = 3_600_000;

/** The lease of an instance that died is taken over when it ends (Spec 7.3). */
export const abandonedLease: ReleaseCheck = {
  id: 'abandoned-lease',
  expects: 'a lease that ran out is taken over within five minutes',
  byHand: 'start the bot, or wait for the end of the lease',
  ofRelease(release, { now }) {
    const lease = release.stored?.lease;
    if (!lease) return [];
    const repair = { kind: 'GIVE_BACK_LEASE', releaseId: release.id, lease } as const;
    const until = lease.until.toISOString();
    if (lease.until < before(now, GRACE_MS)) {
      const text = `The lease of the release ran out at ${until} and nobody took it over; expected within five minutes.`;
      return [about(release, 'error', 'lease', text, repair)];
    }
    if (lease.until.getTime() - now.getTime() <= IMPOSSIBLE_MS) return [];
    const text = `The lease of the release ends at ${until}, later than any lease lasts; the clock was set back since.`;
    return [about(release, 'error', 'lease', text, repair)];
  },
};
