import type { Button, Overflow } from '@slack/types';
import { flowTask } from '../../src/domain/flows/staged.ts';
import type { Gate } from '../../src/domain/gate.ts';
import { awaitingGate, failedChecks } from '../../src/domain/gate-rules.ts';
import { cycleLabel } from '../../src/domain/names.ts';
import { planOf } from '../../src/domain/plan.ts';
import type { Release } from '../../src/domain/release.ts';
import { type Action, actionsOf, currentCycle, derivePhase, nextSlot } from '../../src/domain/status.ts';
import { failedTask } from '../../src/domain/tasks.ts';
import { missingBuilds } from '../../src/domain/why.ts';
import {
  type ActionValue,
  encodeActionValue,
  encodeMoreValue,
  GATE_ACTIONS,
  MORE_CHOICES,
  type MoreChoice,
  RELEASE_ACTIONS,
  SLOT_ACTIONS,
  TASK_ACTIONS,
} from '../ids.ts';
import type { MayUse } from '../types.ts';
import { button, confirm, overflow } from './elements.ts';
import { planText } from './release-parts.ts';
import { dateToken } from './text.ts';

/** The buttons of a release's phase. Those that open a modal ask there; the others confirm with their plan (Spec 6.4). */

interface Face {
  id: string;
  label: string;
  style?: 'primary' | 'danger';
  /** asked in Slack's own dialog; absent where the button opens a modal */
  ask?: string;
}

const FACES: Record<Exclude<Action, 'TRIGGER_STAGE_3' | 'TRIGGER_STAGE_4'>, Face> = {
  START: { id: RELEASE_ACTIONS.start, label: 'Start now', style: 'primary', ask: 'Start this release now?' },
  PAUSE: { id: RELEASE_ACTIONS.pause, label: 'Pause' },
  RESUME: { id: RELEASE_ACTIONS.resume, label: 'Resume', style: 'primary', ask: 'Resume this release?' },
  ARCHIVE: { id: RELEASE_ACTIONS.archive, label: 'Archive', style: 'danger' },
  TRIGGER_STAGE_2: {
    id: RELEASE_ACTIONS.triggerRegression,
    label: 'Start regression',
    style: 'primary',
    ask: 'Start the regression?',
  },
  ABANDON_CYCLE: { id: RELEASE_ACTIONS.abandonCycle, label: 'Abandon cycle', style: 'danger' },
  SKIP_REMAINING_CYCLES: { id: RELEASE_ACTIONS.skipCycles, label: 'Skip remaining cycles', style: 'danger' },
  RETRY_TASK: { id: TASK_ACTIONS.retry, label: 'Retry', style: 'primary', ask: 'Run the failed task again?' },
  SKIP_TASK: { id: TASK_ACTIONS.skip, label: 'Skip task', style: 'danger' },
};

/** Null where the action makes no sense for this release (a task that cannot be skipped, a gate not checked yet). */
export function actionButton(action: Action, release: Release, confirmed = false): Button | null {
  if (action === 'TRIGGER_STAGE_3' || action === 'TRIGGER_STAGE_4') {
    const gate = awaitingGate(release);
    return gate ? approveButton(release, gate, confirmed) : null;
  }
  const face = FACES[action];
  const value: ActionValue = { releaseId: release.id };
  if (action === 'RETRY_TASK' || action === 'SKIP_TASK') {
    const task = failedTask(release);
    if (!task || (action === 'SKIP_TASK' && !flowTask(task.type).skippable)) return null;
    value.taskId = task.id;
  }
  let { label } = face;
  if (action === 'ABANDON_CYCLE') {
    const cycle = currentCycle(release);
    if (!cycle) return null;
    value.cycleNumber = cycle.number;
    label = `Abandon ${cycleLabel(cycle.number)}`;
  }
  const ask = face.ask && !confirmed ? confirm(face.ask, planText(planOf(action, release)), face.label) : undefined;
  return button(face.id, label, encodeActionValue(value), { style: face.style, confirm: ask });
}

function gateValue(release: Release, gate: Gate): string {
  return encodeActionValue({
    releaseId: release.id,
    gateId: gate.id,
    ...(gate.contentHash ? { contentHash: gate.contentHash } : {}),
  });
}

/** Null until the gate was checked, and while the branch cannot be read: nothing could be bound to an approval. */
export function approveButton(release: Release, gate: Gate, confirmed = false): Button | null {
  if (!canApprove(gate)) return null;
  if (failedChecks(gate).length > 0) {
    return button(GATE_ACTIONS.approveOverride, 'Approve anyway', gateValue(release, gate), { style: 'danger' });
  }
  const action = gate.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4';
  const title = gate.id === 'preRelease' ? 'Approve the pre-release?' : 'Approve the submission?';
  const ask = confirmed ? undefined : confirm(title, planText(planOf(action, release)), 'Approve');
  return button(GATE_ACTIONS.approve, 'Approve', gateValue(release, gate), { style: 'primary', confirm: ask });
}

export function canApprove(gate: Gate): boolean {
  return gate.status === 'AWAITING' && gate.content !== null && !failedChecks(gate).some((check) => check.id === 'SCM');
}

export function rejectButton(release: Release, gate: Gate): Button {
  return button(GATE_ACTIONS.reject, 'Reject', gateValue(release, gate));
}

/** Null when no window is open that lacks a build; the first open stage is preselected. */
export function uploadButton(release: Release): Button | null {
  const [missing] = missingBuilds(release);
  if (!missing) return null;
  return button(
    RELEASE_ACTIONS.upload,
    'Upload build',
    encodeActionValue({ releaseId: release.id, stage: missing.stage }),
  );
}

export function whyButton(release: Release): Button {
  return button(RELEASE_ACTIONS.why, 'Why is it waiting?', encodeActionValue({ releaseId: release.id }));
}

/** Below a message that names builds and changes: all of them, as they are now. */
export function lookButtons(release: Release): Button[] {
  const value = encodeActionValue({ releaseId: release.id });
  return [button(RELEASE_ACTIONS.builds, 'Builds', value), button(RELEASE_ACTIONS.notes, 'Release notes', value)];
}

export function dismissButton(release: Release): Button {
  return button(RELEASE_ACTIONS.dismiss, 'Cancel', encodeActionValue({ releaseId: release.id }));
}

const MORE_LABELS: Record<MoreChoice, string> = {
  status: 'Status in full',
  why: 'Why is it waiting?',
  notes: 'Release notes',
  builds: 'Builds',
  history: 'History',
  archive: 'Archive…',
};

export function moreMenu(release: Release, choices: readonly MoreChoice[] = MORE_CHOICES): Overflow {
  return overflow(
    RELEASE_ACTIONS.more,
    choices.map((choice) => ({
      label: MORE_LABELS[choice],
      value: encodeMoreValue({ choice, releaseId: release.id }),
    })),
  );
}

/** Slots can change until the regression is over (Spec 1.1); move and remove are for the next one, the rest by command. */
export function slotButtons(release: Release): Button[] {
  if (!canArchive(release) || release.cron.stage2Status === 'COMPLETED') return [];
  const add = button(RELEASE_ACTIONS.addSlot, 'Add slot', encodeActionValue({ releaseId: release.id }));
  const slot = nextSlot(release);
  if (!slot) return [add];
  const value = encodeActionValue({ releaseId: release.id, slotId: slot.id });
  const label = cycleLabel(release.cycles.length + 1);
  const ask = confirm(
    `Remove ${label}?`,
    `${label} planned for ${dateToken(slot.at)} does not run.`,
    'Remove',
    'danger',
  );
  return [
    add,
    button(SLOT_ACTIONS.move, `Move ${label}`, value),
    button(SLOT_ACTIONS.remove, `Remove ${label}`, value, { confirm: ask }),
  ];
}

export function linkButton(release: Release, label: string, url: string): Button {
  return button(RELEASE_ACTIONS.link, label, encodeActionValue({ releaseId: release.id }), { url });
}

/** SUBMITTED and ended releases cannot be archived (Spec 1.7). */
export function canArchive(release: Release): boolean {
  return release.status === 'PENDING' || release.status === 'IN_PROGRESS' || release.status === 'PAUSED';
}

/** The buttons of the phase that `may` allows, upload first when a build is missing. ARCHIVE lives in the menu. */
export function phaseButtons(release: Release, may: MayUse): Button[] {
  const buttons: (Button | null)[] = [];
  if (may('UPLOAD', release)) buttons.push(uploadButton(release));
  const gate = awaitingGate(release);
  for (const action of actionsOf(derivePhase(release))) {
    if (action === 'ARCHIVE' || !may(action, release)) continue;
    buttons.push(actionButton(action, release));
  }
  const phase = derivePhase(release);
  if (gate && (phase === 'AWAITING_POST_REGRESSION' || phase === 'AWAITING_SUBMISSION') && may('REJECT', release)) {
    buttons.push(rejectButton(release, gate));
  }
  return buttons.filter((found) => found !== null);
}

export function createButton(): Button {
  return button(RELEASE_ACTIONS.create, 'New release', 'new', { style: 'primary' });
}
