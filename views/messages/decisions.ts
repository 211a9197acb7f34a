import { GATE_NAMES } from '../../src/domain/changes/gates.ts';
import { cycleLabel } from '../../src/domain/names.ts';
import type { Release } from '../../src/domain/release.ts';
import { taskName } from '../../src/domain/task-names.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { section } from '../blocks/elements.ts';
import { list, type Part } from '../blocks/fit.ts';
import { releaseName } from '../blocks/release-parts.ts';
import { code, dateToken, mention, mentions, peopleText, quote } from '../blocks/text.ts';
import { type Renderers, said } from './compose.ts';

type Kind =
  | 'PAUSED'
  | 'RESUMED'
  | 'ARCHIVED'
  | 'TASK_RETRIED'
  | 'TASK_SKIPPED'
  | 'CYCLE_ABANDONED'
  | 'CYCLES_SKIPPED'
  | 'SLOT_CHANGED'
  | 'MISSED_SLOT_ANSWERED'
  | 'GATE_APPROVED'
  | 'GATE_REJECTED'
  | 'GATE_GRANTED'
  | 'APPROVALS_VOID'
  | 'APPROVAL_REMINDER';

const SLOT_WORDS = { ADDED: 'added', MOVED: 'moved', REMOVED: 'removed' } as const;
const ANSWERS: Record<string, string> = {
  RUN_NOW: 'it runs now',
  FOLD: 'it is folded into the next cycle',
  DROP: 'it is dropped',
};

/** What people decided, with who and why. */
export const decisionMessages: Renderers<Kind> = {
  PAUSED: ({ by, reason }, { release }) => said(`⏸️ ${mention(by)} paused ${releaseName(release)}.`, why(reason)),
  RESUMED: ({ by }, { release }) => said(`▶️ ${mention(by)} resumed ${releaseName(release)}.`),
  ARCHIVED: ({ by, reason }, { release }) =>
    said(`⏹️ ${mention(by)} archived *${releaseName(release)}*. Nothing more runs for it.`, why(reason)),
  TASK_RETRIED: ({ taskId, by }, { release }) => said(`🔄 ${mention(by)} retries *${nameOf(release, taskId)}*.`),
  TASK_SKIPPED: ({ taskId, by, reason }, { release }) =>
    said(`⏭️ ${mention(by)} skipped *${nameOf(release, taskId)}*. The release goes on.`, why(reason)),
  CYCLE_ABANDONED: ({ cycleNumber, by, reason }, { release }) =>
    said(`⏹️ ${mention(by)} abandoned *${cycleLabel(cycleNumber)}* of ${releaseName(release)}.`, why(reason)),
  CYCLES_SKIPPED: ({ count, by, reason }, { release }) =>
    said(
      `⏭️ ${mention(by)} skipped the ${count === 1 ? 'remaining regression cycle' : `${count} remaining regression cycles`} of ${releaseName(release)}.`,
      why(reason),
    ),
  SLOT_CHANGED: ({ change, at, from, by }) => {
    const before = from ? ` from ${dateToken(new Date(from))}` : '';
    const where = change === 'MOVED' ? `${before} to ${dateToken(new Date(at))}` : `: ${dateToken(new Date(at))}`;
    return said(`🗓️ ${mention(by)} ${SLOT_WORDS[change]} a regression slot${where}.`);
  },
  MISSED_SLOT_ANSWERED: ({ answer, by, slotAt }) =>
    said(
      `🗓️ ${mention(by)} decided about the missed slot of ${dateToken(new Date(slotAt))}: ${ANSWERS[answer] ?? peopleText(answer)}.`,
    ),
  GATE_APPROVED: ({ gateId, by, count, quorum, override }) =>
    said(`👍 ${mention(by)} approved the ${GATE_NAMES[gateId]}: ${count} of ${quorum}.`, overridden(override)),
  GATE_REJECTED: ({ gateId, by, reason }, { release }) =>
    said(
      `👎 ${mention(by)} rejected the ${GATE_NAMES[gateId]} of *${releaseName(release)}*. Approvals given so far no longer count.`,
      why(reason),
    ),
  GATE_GRANTED: ({ gateId, by }, { release }) =>
    said(`✅ The ${GATE_NAMES[gateId]} of *${releaseName(release)}* is approved by ${mentions(by)} and starts now.`),
  APPROVALS_VOID: ({ gateId, by, changes }, { release }) =>
    said(
      `⚠️ What was to be approved for the ${GATE_NAMES[gateId]} of *${releaseName(release)}* has changed. ` +
        `Please look again and approve anew: ${mentions(by)}.`,
      list(
        'What changed',
        changes.map((change) => `• ${peopleText(change, 300)}`),
      ),
    ),
  APPROVAL_REMINDER: ({ gateId, given, quorum }, { release }) =>
    said(
      `⏰ The ${GATE_NAMES[gateId]} of ${releaseName(release)} still waits for approval: ${given} of ${quorum}.${approvers(release, gateId)}`,
    ),
};

function why(reason: string | null): Part {
  return reason ? section(quote(reason)) : null;
}

function overridden(reason: string | null): Part {
  return reason ? section(`Over failed checks:\n${quote(reason)}`) : null;
}

function nameOf(release: Release, taskId: string): string {
  const task = findTask(release, taskId);
  return task ? peopleText(taskName(task)) : code(taskId);
}

/** The people who are named; a role names nobody. */
function approvers(release: Release, gateId: string): string {
  const gate = release.gates.find((candidate) => candidate.id === gateId);
  const given = gate?.approvals.map((approval) => approval.by) ?? [];
  const left = (gate?.policy.users ?? []).filter((user) => !given.includes(user)).slice(0, 20);
  return left.length > 0 ? ` Please have a look: ${mentions(left)}.` : '';
}
