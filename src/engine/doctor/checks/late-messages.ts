import type { InspectedRow } from '../../../persistence/types/index.ts';
import { before, type Found, type WholeCheck } from '../finding.ts';

const LATE_MS = 10 * 60_000;
const TOO_LATE_MS = 24 * 3_600_000;
const LIMIT = 1000;

/** Messages arrive, also after an hour without Slack; what cannot get through is given up after a day (Spec 7.2). */
export const lateMessages: WholeCheck = {
  id: 'late-messages',
  expects: 'a message is sent within ten minutes, and within a day whatever happens',
  byHand:
    'read what Slack answered; where nothing goes through, look at https://slack-status.com and at the bot’s token',
  async *ofAll({ inspections, now }) {
    const late = await inspections.unsentRows(before(now, LATE_MS), LIMIT);
    // One queue waits as a whole: the message whose turn it is speaks for it.
    const heads = new Map<string, InspectedRow>();
    for (const row of late) {
      const head = heads.get(row.releaseId);
      if (!head || row.seq < head.seq) heads.set(row.releaseId, row);
    }
    const sentAt = new Map<string, Date | null>();
    for (const row of heads.values()) {
      if (!sentAt.has(row.tenantId)) sentAt.set(row.tenantId, await inspections.lastSentAt(row.tenantId));
      yield finding(row, sentAt.get(row.tenantId) ?? null, now);
    }
  },
};

function finding(row: InspectedRow, sentAt: Date | null, now: Date): Found {
  const { key, tenantId, releaseId, createdAt, attempts, lastError } = row;
  const tooLate = createdAt < before(now, TOO_LATE_MS);
  const others =
    sentAt && sentAt >= before(now, LATE_MS) ? 'while others go through' : 'and no other went through lately';
  const tries =
    attempts === 0 ? 'it was not tried' : `it was tried ${attempts} times: ${lastError ?? 'no answer is known'}`;
  const limit = tooLate ? 'a day' : 'ten minutes';
  const text = `Message ${key} has waited since ${createdAt.toISOString()} ${others}, expected within ${limit}; ${tries}.`;
  return { severity: tooLate ? 'error' : 'warning', tenantId, releaseId, subject: key, text, repair: null };
}
