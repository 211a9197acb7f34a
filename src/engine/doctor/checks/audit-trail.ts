import { about, type ReleaseCheck } from '../finding.ts';

const MAX_NAMED = 5;

/** The release counts its audit entries; each number is there once (Spec 7.2). */
export const auditTrail: ReleaseCheck = {
  id: 'audit-trail',
  expects: 'the audit trail has every number up to the count of its release, once',
  byHand: 'restore the missing entries from a backup; a count that was set back must be raised to the highest number',
  ofRelease(release) {
    const { stored, auditSeqs } = release;
    if (!stored) return [];
    const { auditSeq } = stored.release;
    const pending = stored.pendingAudit.map(({ seq }) => seq);
    const there = new Set([...auditSeqs, ...pending]);
    const say = (subject: string, text: string) => about(release, 'error', subject, text);
    const missing = Array.from({ length: auditSeq }, (_, i) => i + 1).filter((seq) => !there.has(seq));
    const beyond = [...there].filter((seq) => seq > auditSeq);
    const doubles = auditSeqs.filter((seq, i) => auditSeqs.indexOf(seq) !== i);
    return [
      ...(missing.length > 0
        ? [say('missing', `${numbers(missing)} of the audit trail ${are(missing)} missing; expected 1 to ${auditSeq}.`)]
        : []),
      ...(beyond.length > 0
        ? [
            say(
              `beyond ${Math.max(...beyond)}`,
              `The audit trail has ${numbers(beyond)}, but the release counts only ${auditSeq}: its count was set back.`,
            ),
          ]
        : []),
      ...(doubles.length > 0
        ? [say('doubles', `${numbers(doubles)} of the audit trail ${are(doubles)} there more than once.`)]
        : []),
    ];
  },
};

function numbers(seqs: readonly number[]): string {
  const named = seqs.slice(0, MAX_NAMED).join(', ');
  const more = seqs.length > MAX_NAMED ? ` and ${seqs.length - MAX_NAMED} more` : '';
  return `${seqs.length === 1 ? 'entry' : 'entries'} ${named}${more}`;
}

function are(seqs: readonly number[]): string {
  return seqs.length === 1 ? 'is' : 'are';
}
