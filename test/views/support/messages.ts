import type { MessageContent, MessageKind } from '../../../src/domain/message.ts';
import type { NoteEntry } from '../../../src/domain/task.ts';
import { at } from '../../domain/support/build-release.ts';

/** One content of every kind; `text` stands wherever people or providers wrote something. */
export function everyContent(text: string, commits: NoteEntry[]): { [K in MessageKind]: MessageContent } {
  const slotAt = at('12-02 14:00').toISOString();
  const build = { platform: 'ANDROID' as const, buildId: 'b1', fileName: text, sha256: 'a'.repeat(64), version: text };
  const builds = [build, { ...build, platform: 'IOS' as const }, { ...build, platform: 'WEB' as const }];
  const notes = { since: text, until: text, entries: commits, omitted: 12 };
  const by = 'U0ALICE';
  return {
    ROOT_CARD: { kind: 'ROOT_CARD' },
    PRE_KICK_OFF_REMINDER: {
      kind: 'PRE_KICK_OFF_REMINDER',
      kickOffDate: slotAt,
      versions: text,
      missing: ['ANDROID', 'IOS'],
      manual: true,
    },
    KICKOFF: {
      kind: 'KICKOFF',
      branch: text,
      branchUrl: `https://git.test/tree/${text}`,
      builds,
      skipped: [text, text],
    },
    MISSING_BUILDS: { kind: 'MISSING_BUILDS', text, stage: 'REGRESSION', platforms: ['IOS'] },
    MISSING_BUILDS_REMINDER: { kind: 'MISSING_BUILDS_REMINDER', cycleNumber: 2, slotAt, platforms: ['ANDROID', 'IOS'] },
    MISSED_SLOT: { kind: 'MISSED_SLOT', slotId: 'slot_1', slotAt, nextSlotAt: null },
    REGRESSION_BUILDS: { kind: 'REGRESSION_BUILDS', cycleNumber: 1, tag: text, notes, builds },
    CYCLE_ABANDONED: { kind: 'CYCLE_ABANDONED', cycleNumber: 1, by, reason: text },
    CYCLES_SKIPPED: { kind: 'CYCLES_SKIPPED', count: 2, by, reason: text },
    SLOT_CHANGED: { kind: 'SLOT_CHANGED', change: 'MOVED', at: slotAt, from: slotAt, by },
    MISSED_SLOT_ANSWERED: { kind: 'MISSED_SLOT_ANSWERED', answer: 'FOLD', by, slotAt },
    AWAITING_REGRESSION: { kind: 'AWAITING_REGRESSION' },
    GATE_CARD: { kind: 'GATE_CARD', gateId: 'preRelease' },
    GATE_APPROVED: { kind: 'GATE_APPROVED', gateId: 'preRelease', by, count: 1, quorum: 2, override: text },
    GATE_REJECTED: { kind: 'GATE_REJECTED', gateId: 'submission', by, reason: text },
    GATE_GRANTED: { kind: 'GATE_GRANTED', gateId: 'submission', by: [by, 'U0BOB'] },
    APPROVALS_VOID: { kind: 'APPROVALS_VOID', gateId: 'preRelease', by: [by], changes: [text, text] },
    APPROVAL_REMINDER: { kind: 'APPROVAL_REMINDER', gateId: 'preRelease', given: 1, quorum: 2 },
    TASK_FAILED: { kind: 'TASK_FAILED', taskId: 'rel_1.s1.FORK_BRANCH', failure: 1 },
    PAUSED: { kind: 'PAUSED', by: `token:${text}`, reason: text },
    RESUMED: { kind: 'RESUMED', by },
    STARTED: { kind: 'STARTED', by: 'slipway' },
    TASK_RETRIED: { kind: 'TASK_RETRIED', taskId: 'rel_1.s1.FORK_BRANCH', by },
    TASK_SKIPPED: { kind: 'TASK_SKIPPED', taskId: 'rel_1.s1.CREATE_TEST_SUITE', by, reason: text },
    ARCHIVED: { kind: 'ARCHIVED', by, reason: text },
    CHERRY_PICKS: { kind: 'CHERRY_PICKS', commits },
    PRE_RELEASE: { kind: 'PRE_RELEASE', tag: text, notes, releaseUrl: `https://git.test/releases/${text}`, builds },
    CONFIRM_SUBMISSION: { kind: 'CONFIRM_SUBMISSION', taskId: 'rel_1.s4.SUBMIT_TO_APP_STORE', platform: 'IOS' },
    SUBMITTED: {
      kind: 'SUBMITTED',
      platforms: [
        { platform: 'ANDROID', version: '7.0.0', confirmedBy: by },
        { platform: 'IOS', version: text, confirmedBy: `token:${text}` },
      ],
    },
    UPLOAD_ACCEPTED: {
      kind: 'UPLOAD_ACCEPTED',
      stage: 'REGRESSION',
      platform: 'IOS',
      fileName: text,
      version: text,
      sizeBytes: 52_428_800,
      sha256: 'b'.repeat(64),
      by,
      replacedFileName: text,
      warning: text,
    },
  };
}
