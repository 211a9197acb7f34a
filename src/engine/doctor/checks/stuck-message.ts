import type { InspectedRow } from '../../../persistence/types/index.ts';
import { LONGEST_WAIT_MS } from '../../retry.ts';
import { about, before, type ReleaseCheck } from '../finding.ts';

const CLAIM_OVER_MS = 10 * 60_000;

/** A message that is to be sent has a time at which somebody takes it up. */
export const stuckMessage: ReleaseCheck = {
  id: 'stuck-message',
  expects: 'a message that was not sent is taken up again within the hour, and a claim that ran out within ten minutes',
  byHand: 'start the bot, which sends what is due',
  ofRelease(release, { now }) {
    return release.rows.flatMap((row) => {
      const why = whyStuck(row, now);
      if (why === null) return [];
      return [about(release, 'error', row.key, `Message ${row.key} ${why}`, { kind: 'MAKE_MESSAGE_DUE', row })];
    });
  },
};

function whyStuck({ status, workAt, lease }: InspectedRow, now: Date): string | null {
  if (status === 'SENDING') {
    if (lease && lease.until >= before(now, CLAIM_OVER_MS)) return null;
    const since = lease ? `since ${lease.until.toISOString()}` : 'without a claim';
    return `is SENDING ${since} and nobody took it over; expected within ten minutes.`;
  }
  if (status !== 'PENDING') return null;
  if (workAt === null) return 'is PENDING, but without a time to send it.';
  if (workAt.getTime() <= now.getTime() + LONGEST_WAIT_MS) return null;
  return `is PENDING until ${workAt.toISOString()}; expected another try within the hour.`;
}
