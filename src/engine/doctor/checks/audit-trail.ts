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
    const say = (subject: string, text: string) => about(release, 'error', subject, text);
    const seen = new Set<number>();
    const doubles = auditSeqs.filter((seq) => seen.size === seen.add(seq).size);
    for (const { seq } of stored.pendingAudit) seen.add(seq);
    const beyond = [...seen].filter((seq) => seq > auditSeq);
    const missing = firstMissing(seen, auditSeq);
    // Counted, not listed: a count that was edited by hand may be any number.
    const lost = auditSeq - (seen.size - beyond.length);
    return [
      ...(lost > 0
        ? [
            say(
              'missing',
              `${numbers(missing, lost)} of the audit trail ${are(lost)} missing; expected 1 to ${auditSeq}.`,
            ),
          ]
        : []),
      ...(beyond.length > 0
        ? [
            say(
              `beyond ${Math.max(...beyond)}`,
              `The audit trail has ${numbers(beyond, beyond.length)}, but the release counts only ${auditSeq}: its count was set back.`,
            ),
          ]
        : []),
      ...(doubles.length > 0
        ? [
            say(
              'doubles',
              `${numbers(doubles, doubles.length)} of the audit trail ${are(doubles.length)} there more than once.`,
            ),
          ]
        : []),
    ];
  },
};

function firstMissing(seen: ReadonlySet<number>, auditSeq: number): number[] {
  const missing: number[] = [];
  for (let seq = 1; seq <= auditSeq && missing.length < MAX_NAMED; seq += 1) if (!seen.has(seq)) missing.push(seq);
  return missing;
}

function numbers(seqs: readonly number[], count: number): string {
  const named = seqs.slice(0, MAX_NAMED).join(', ');
  const more = count > MAX_NAMED ? ` and ${count - MAX_NAMED} more` : '';
  return `${count === 1 ? 'entry' : 'entries'} ${named}${more}`;
}

function are(count: number): string {
  return count === 1 ? 'is' : 'are';
}
