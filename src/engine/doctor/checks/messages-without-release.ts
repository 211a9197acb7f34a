import type { WholeCheck } from '../finding.ts';

const PAGE = 1000;
/** Alerts to admins are queues of their own, of no release. */
const OF_NO_RELEASE = /^alert:/;

/** Through all messages, release by release. */
export const messagesWithoutRelease: WholeCheck = {
  id: 'messages-without-release',
  expects: 'messages belong to a release that is there',
  byHand: 'restore the release from a backup, or delete its messages: they are parked when their turn comes',
  async *ofAll({ inspections, thorough }) {
    if (!thorough) return;
    let after: string | null = null;
    do {
      const page: { ids: string[]; next: string | null } = await inspections.releasesOfRows(after, PAGE);
      const ids = page.ids.filter((id) => !OF_NO_RELEASE.test(id));
      for (const releaseId of await inspections.withoutRelease(ids)) {
        const text = `The outbox has messages of release ${releaseId}, which does not exist.`;
        yield { severity: 'warning', tenantId: null, releaseId, subject: 'messages', text, repair: null };
      }
      after = page.next;
    } while (after !== null);
  },
};
