import type { WholeCheck } from '../finding.ts';

const LIMIT = 1000;

/** What Slack refused for good is not sent any more; people may want to say it themselves. */
export const parkedMessages: WholeCheck = {
  id: 'parked-messages',
  expects: 'no message was given up',
  byHand: 'mend what Slack names (often: invite the bot to the channel); a message that was given up is not sent again',
  async *ofAll({ inspections }) {
    for (const { key, tenantId, releaseId, lastError } of await inspections.parkedRows(LIMIT)) {
      const text = `Message ${key} was given up: ${lastError ?? 'no answer is known'}.`;
      yield { severity: 'warning', tenantId, releaseId, subject: key, text, repair: null };
    }
  },
};
