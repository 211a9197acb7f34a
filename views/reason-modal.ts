import type { KnownBlock, ModalView } from '@slack/types';
import { failedChecks, findGate } from '../src/domain/gate-rules.ts';
import { type PlanLine, planOf } from '../src/domain/plan.ts';
import type { Release } from '../src/domain/release.ts';
import type { Slot } from '../src/domain/slot.ts';
import { type Action, localTime } from '../src/domain/status.ts';
import { taskName } from '../src/domain/task-names.ts';
import { findTask } from '../src/domain/tasks.ts';
import { LIMITS, plain, section } from './blocks/elements.ts';
import { input, REASON_MAX, select, textInput } from './blocks/inputs.ts';
import { planText, releaseName } from './blocks/release-parts.ts';
import { peopleText } from './blocks/text.ts';
import { type ActionValue, BLOCKS, CALLBACKS, encodeReasonMetadata, INPUT_ACTIONS, type ReasonPurpose } from './ids.ts';
import type { Parsed, ReasonModalData, ViewValues } from './types.ts';

/** The modals that ask why, and when for slots: what it does, then the question (Spec 1.7, 6.1). */

interface Kind {
  title: string;
  submit: string;
  /** whose plan is shown */
  action?: Action;
  reason: 'required' | 'optional' | 'none';
  slot: 'none' | 'pick' | 'add' | 'move';
}

const KINDS: Record<ReasonPurpose, Kind> = {
  pause: { title: 'Pause release', submit: 'Pause', action: 'PAUSE', reason: 'optional', slot: 'none' },
  archive: { title: 'Archive release', submit: 'Archive', action: 'ARCHIVE', reason: 'optional', slot: 'none' },
  'skip-task': { title: 'Skip task', submit: 'Skip', action: 'SKIP_TASK', reason: 'required', slot: 'none' },
  'abandon-cycle': {
    title: 'Abandon cycle',
    submit: 'Abandon',
    action: 'ABANDON_CYCLE',
    reason: 'optional',
    slot: 'none',
  },
  'skip-cycles': {
    title: 'Skip remaining cycles',
    submit: 'Skip cycles',
    action: 'SKIP_REMAINING_CYCLES',
    reason: 'optional',
    slot: 'none',
  },
  reject: { title: 'Reject', submit: 'Reject', reason: 'required', slot: 'none' },
  'approve-override': { title: 'Approve anyway', submit: 'Approve', reason: 'required', slot: 'none' },
  'start-override': {
    title: 'Start inside a freeze',
    submit: 'Start',
    action: 'START',
    reason: 'required',
    slot: 'none',
  },
  'slot-add': { title: 'Add regression slot', submit: 'Add', reason: 'none', slot: 'add' },
  'slot-move': { title: 'Move regression slot', submit: 'Move', reason: 'none', slot: 'move' },
  'slot-remove': { title: 'Remove slot', submit: 'Remove', reason: 'none', slot: 'pick' },
};

const HOUR_MS = 3_600_000;

export function reasonModal(data: ReasonModalData): ModalView {
  const { purpose, release, channelId, threadTs } = data;
  const kind = KINDS[purpose];
  const slots = openSlots(release);
  const needsSlot = kind.slot === 'pick' || kind.slot === 'move';
  const blocks: KnownBlock[] = [section(`*${releaseName(release)}*`)];
  const about = aboutText(data, kind);
  if (about) blocks.push(section(about));
  if (needsSlot && slots.length === 0) blocks.push(section('No slot is left that could be changed.'));
  else blocks.push(...slotInputs(data, kind, slots));
  if (kind.reason !== 'none') blocks.push(reasonInput(purpose, kind.reason === 'optional'));
  return {
    type: 'modal',
    callback_id: CALLBACKS.reason,
    title: plain(kind.title, LIMITS.viewTitle),
    ...(needsSlot && slots.length === 0 ? {} : { submit: plain(kind.submit, LIMITS.viewTitle) }),
    close: plain('Cancel', LIMITS.viewTitle),
    private_metadata: encodeReasonMetadata({ ...namedBy(data), purpose, channelId, threadTs }),
    blocks,
  };
}

function namedBy(data: ReasonModalData): ActionValue {
  return {
    releaseId: data.release.id,
    ...(data.taskId ? { taskId: data.taskId } : {}),
    ...(data.gateId ? { gateId: data.gateId } : {}),
    ...(data.contentHash ? { contentHash: data.contentHash } : {}),
    ...(data.cycleNumber ? { cycleNumber: data.cycleNumber } : {}),
    ...(data.slotId ? { slotId: data.slotId } : {}),
  };
}

function aboutText({ purpose, release, taskId, gateId }: ReasonModalData, kind: Kind): string | null {
  if (purpose === 'skip-task' && taskId) {
    const task = findTask(release, taskId);
    const lines: PlanLine[] = task
      ? [{ text: `Leaves out "${taskName(task)}" and goes on with the next task`, at: null }]
      : planOf('SKIP_TASK', release);
    return planText(lines);
  }
  if (kind.action) return planText(planOf(kind.action, release));
  const gate = gateId ? findGate(release, gateId) : null;
  if (purpose === 'reject')
    return 'Approvals given so far no longer count. The gate stays open and can be approved anew.';
  if (purpose === 'approve-override' && gate) {
    const failed = failedChecks(gate).map((check) => `❌ ${peopleText(check.text, 300)}`);
    const action = gate.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4';
    const checks = failed.length > 0 ? `*Failed checks*\n${failed.join('\n')}\n\n` : '';
    return `${checks}*What approving does*\n${planText(planOf(action, release))}`;
  }
  return null;
}

const REASON_LABELS: Partial<Record<ReasonPurpose, string>> = {
  reject: 'What must be fixed?',
  'approve-override': 'Why may it go on all the same?',
  'start-override': 'Why start inside the freeze?',
  'skip-task': 'Why can it be left out?',
};

function reasonInput(purpose: ReasonPurpose, optional: boolean): KnownBlock {
  const label = REASON_LABELS[purpose] ?? 'Reason';
  return input(BLOCKS.reason, label, textInput({ multiline: true, max: REASON_MAX }), {
    optional,
    hint: 'Shown in the release thread and kept in the history.',
  });
}

/** Slots that have not begun, with their place in `release.slots`. */
function openSlots(release: Release): { slot: Slot; place: number }[] {
  return release.slots
    .map((slot, index) => ({ slot, place: index + 1 }))
    .filter(({ slot }) => slot.status === 'SCHEDULED' || slot.status === 'ASKED');
}

function slotInputs(data: ReasonModalData, kind: Kind, slots: { slot: Slot; place: number }[]): KnownBlock[] {
  const { release, now, slotId } = data;
  const choices = slots.map(({ slot, place }) => ({
    value: slot.id,
    label: `${place}. ${localTime(slot.at, now, release.timeZone)} (${release.timeZone})`,
  }));
  const chosen = slots.find(({ slot }) => slot.id === slotId) ?? slots[0];
  const blocks: KnownBlock[] = [];
  if (kind.slot === 'pick' || kind.slot === 'move') {
    blocks.push(input(BLOCKS.slot, 'Slot', select(INPUT_ACTIONS.value, choices, chosen?.slot.id ?? null)));
  }
  if (kind.slot === 'add' || kind.slot === 'move') {
    const label = kind.slot === 'add' ? 'Start of the cycle' : 'New time';
    blocks.push(
      input(BLOCKS.slotAt, label, timePicker(suggestedTime(release, now)), { hint: 'In your own time zone.' }),
    );
  }
  return blocks;
}

function timePicker(at: Date) {
  return {
    type: 'datetimepicker' as const,
    action_id: INPUT_ACTIONS.value,
    initial_date_time: Math.floor(at.getTime() / 1000),
  };
}

/** A full hour after everything that is planned. */
function suggestedTime(release: Release, now: Date): Date {
  const latest = Math.max(
    now.getTime(),
    release.kickOffDate.getTime(),
    ...release.slots.map((slot) => slot.at.getTime()),
  );
  return new Date((Math.floor(latest / HOUR_MS) + 2) * HOUR_MS);
}

export function parseReasonModal(
  purpose: ReasonPurpose,
  values: ViewValues,
): Parsed<{ reason: string | null; at: Date | null; slotId: string | null }> {
  const kind = KINDS[purpose];
  const errors: Record<string, string> = {};
  const reason = values[BLOCKS.reason]?.[INPUT_ACTIONS.value]?.value?.trim() || null;
  const seconds = values[BLOCKS.slotAt]?.[INPUT_ACTIONS.value]?.selected_date_time;
  const at = typeof seconds === 'number' ? new Date(seconds * 1000) : null;
  const slotId = values[BLOCKS.slot]?.[INPUT_ACTIONS.value]?.selected_option?.value ?? null;
  if (kind.reason === 'required' && !reason) errors[BLOCKS.reason] = 'Please give a reason.';
  if ((kind.slot === 'add' || kind.slot === 'move') && !at) errors[BLOCKS.slotAt] = 'Give a date and a time.';
  if ((kind.slot === 'pick' || kind.slot === 'move') && !slotId) errors[BLOCKS.slot] = 'Choose a slot.';
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, input: { reason, at, slotId } };
}
