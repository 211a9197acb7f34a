import { needsFlush } from '../../flush.ts';
import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** Messages and audit entries are born inside the release and moved out by whoever holds it next (Spec 7.2). */
export const unflushedChanges: ReleaseCheck = {
  id: 'unflushed-changes',
  expects: 'messages and audit entries leave the release document within five minutes',
  byHand: 'pause and resume the release',
  ofRelease(release, { now }) {
    const { stored } = release;
    if (!stored || stored.lease || release.defect || !needsFlush(stored)) return [];
    const { nextWakeAt, pendingMessages, pendingAudit } = stored;
    const isDueSoon = nextWakeAt && nextWakeAt.getTime() <= now.getTime() + GRACE_MS;
    if (isDueSoon || release.updatedAt >= before(now, GRACE_MS)) return [];
    const what = `${pendingMessages.length} messages and ${pendingAudit.length} audit entries`;
    const text = `${what} of the change of ${release.updatedAt.toISOString()} are still inside the release document and nobody will move them; expected in the outbox and the audit trail.`;
    return [about(release, 'error', 'unflushed', text, { kind: 'WAKE', releaseId: release.id })];
  },
};
