import { GATE_NAMES } from '../src/domain/changes/gates.ts';
import type { Gate } from '../src/domain/gate.ts';
import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { type Act, rolesFor } from '../src/domain/roles.ts';
import { type Action, actionsOf, currentCycle, derivePhase, deriveStatus } from '../src/domain/status.ts';
import { findTask } from '../src/domain/tasks.ts';
import type { Engine, IntentContext } from '../src/engine/index.ts';
import { Refusal } from '../src/shared/errors.ts';
import { ACTION_WORDS, possibleNow } from './action-words.ts';
import type { ActionValue, ReasonPurpose } from './ids.ts';

/**
 * What is said before a modal opens rather than after it was filled in. The engine checks all of it again when the
 * modal is submitted; nothing here decides.
 */

const ACTS: Record<ReasonPurpose, Act | 'gate'> = {
  pause: 'PAUSE',
  archive: 'ARCHIVE',
  'skip-task': 'SKIP_TASK',
  'abandon-cycle': 'ABANDON_CYCLE',
  'skip-cycles': 'SKIP_REMAINING_CYCLES',
  reject: 'gate',
  'approve-override': 'gate',
  'start-override': 'OVERRIDE_FREEZE',
  'slot-add': 'CHANGE_SLOTS',
  'slot-move': 'CHANGE_SLOTS',
  'slot-remove': 'CHANGE_SLOTS',
};

/** Those whose phase must offer them; an admin's ARCHIVE and slots have rules of their own (Spec 2.3). */
const OFFERED: Partial<Record<ReasonPurpose, Action>> = {
  pause: 'PAUSE',
  'skip-task': 'SKIP_TASK',
  'abandon-cycle': 'ABANDON_CYCLE',
  'skip-cycles': 'SKIP_REMAINING_CYCLES',
  'start-override': 'START',
};

export async function requireMayAsk(
  engine: Pick<Engine, 'requireRole'>,
  context: IntentContext,
  purpose: ReasonPurpose,
  release: Release,
): Promise<void> {
  const act = ACTS[purpose];
  if (act !== 'gate') return engine.requireRole(context, rolesFor(act), wordsOf(act));
  const gate = awaitingGate(release);
  if (!gate) return;
  await engine.requireRole(context, gate.policy.approvers, `decide on the ${GATE_NAMES[gate.id]} gate`);
  if (purpose === 'approve-override') requireNotApproved(gate, context.actor.id);
}

/** One person counts once: nobody is asked for what would be refused. */
export function requireNotApproved(gate: Gate, userId: string): void {
  if (!gate.approvals.some((approval) => approval.by === userId)) return;
  const given = `${gate.approvals.length} of ${gate.policy.quorum}`;
  throw new Refusal('CONFLICT', `You have approved this already (${given}). Somebody else has to approve, too.`);
}

function wordsOf(act: Act): string {
  if (act === 'CHANGE_SLOTS') return 'change the slots';
  if (act === 'OVERRIDE_FREEZE') return 'start inside a freeze';
  return isAction(act) ? ACTION_WORDS[act] : act.toLowerCase().replaceAll('_', ' ');
}

function isAction(act: Act): act is Act & Action {
  return Object.hasOwn(ACTION_WORDS, act);
}

/** `Refusal` STALE when what the button named has moved on. */
export function requireOffered(release: Release, purpose: ReasonPurpose, value: ActionValue, now: Date): void {
  const { displayText } = deriveStatus(release, now);
  const action = OFFERED[purpose];
  if (action && !actionsOf(derivePhase(release)).includes(action)) {
    throw new Refusal('STALE', `You cannot ${ACTION_WORDS[action]}: ${displayText}. ${possibleNow(release)}`);
  }
  if (purpose === 'abandon-cycle') requireShownCycle(release, value.cycleNumber, now);
  if (purpose === 'skip-task') requireFailed(release, value.taskId, displayText);
  if (ACTS[purpose] === 'gate') requireShownGate(release, value, displayText);
}

/** A button that named cycle 1 must not end cycle 2. */
function requireShownCycle(release: Release, shown: number | undefined, now: Date): void {
  if (shown === undefined || shown === currentCycle(release)?.number) return;
  throw new Refusal('STALE', `RC${shown} is over already: ${deriveStatus(release, now).displayText}.`);
}

function requireFailed(release: Release, taskId: string | undefined, displayText: string): void {
  if (taskId === undefined || findTask(release, taskId)?.status === 'FAILED') return;
  throw new Refusal('STALE', `That task has moved on: ${displayText}.`);
}

function requireShownGate(release: Release, value: ActionValue, displayText: string): void {
  const gate = awaitingGate(release);
  if (!gate || (value.gateId !== undefined && value.gateId !== gate.id)) {
    const granted = release.gates.find((one) => one.id === value.gateId && one.status === 'GRANTED');
    const by = granted?.approvals.map((approval) => `@${approval.by}`).join(', ');
    const who = by ? `It was approved by ${by}.` : '';
    throw new Refusal('STALE', `No gate waits for this decision any more: ${displayText}. ${who}`.trim());
  }
  if (value.contentHash !== undefined && value.contentHash !== gate.contentHash) {
    throw new Refusal('STALE', 'What you saw has changed meanwhile. Look at the card again before you decide.');
  }
}
