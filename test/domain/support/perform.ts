import type { Change } from '../../../src/domain/change.ts';
import { approveGate, rejectGate } from '../../../src/domain/changes/gates.ts';
import { archiveRelease, pauseRelease, resumeRelease } from '../../../src/domain/changes/people.ts';
import {
  abandonCycle,
  addSlot,
  answerMissedSlot,
  moveSlot,
  newSlot,
  removeSlot,
  skipRemainingCycles,
} from '../../../src/domain/changes/slots.ts';
import { beginRegression, kickOff } from '../../../src/domain/changes/stages.ts';
import { confirmSubmission, retryTask, skipTask } from '../../../src/domain/changes/tasks.ts';
import { stageUpload } from '../../../src/domain/changes/uploads.ts';
import { freezeWindowAt, nextWakeAt } from '../../../src/domain/decide.ts';
import { flowTask } from '../../../src/domain/flows/staged.ts';
import { awaitingGate, failedChecks } from '../../../src/domain/gate-rules.ts';
import type { Platform, Release } from '../../../src/domain/release.ts';
import type { MissedSlotAnswer, Slot } from '../../../src/domain/slot.ts';
import { actionsOf, derivePhase } from '../../../src/domain/status.ts';
import type { Task } from '../../../src/domain/task.ts';
import { activeTasks, currentTask, failedTask } from '../../../src/domain/tasks.ts';
import type { UploadStage } from '../../../src/domain/upload.ts';
import { openWindows, uploadWindow } from '../../../src/domain/upload-window.ts';
import { anUpload, HOUR_MS, shift } from './build-release.ts';
import { canRun, facts, person, type World, write } from './drive.ts';

/** What people and the world do to a release, each only where the rules of the intents let it. */
export type Command =
  | { kind: Lifecycle }
  | { kind: 'RETRY_TASK' }
  | { kind: 'SKIP_TASK' }
  | { kind: 'CONFIRM' }
  /** everybody does what is asked of them now */
  | { kind: 'HELP' }
  | GateCommand
  | SlotCommand
  | Outside
  | { kind: 'UPLOAD'; stage: UploadStage; platform: Platform };

type Lifecycle =
  | 'START'
  | 'PAUSE'
  | 'RESUME'
  | 'ARCHIVE'
  | 'TRIGGER_STAGE_2'
  | 'ABANDON_CYCLE'
  | 'SKIP_REMAINING_CYCLES';
type GateCommand = { kind: 'APPROVE'; user: number; override: boolean } | { kind: 'REJECT' };
type SlotCommand =
  | { kind: 'ADD_SLOT'; minutes: number }
  | { kind: 'MOVE_SLOT'; place: number; minutes: number }
  | { kind: 'REMOVE_SLOT'; place: number }
  | { kind: 'ANSWER_SLOT'; answer: MissedSlotAnswer };
type Outside =
  | { kind: 'WAIT'; minutes: number }
  /** to the next instant at which the release wants to be looked at */
  | { kind: 'WAKE' }
  | { kind: 'COMMIT' }
  | { kind: 'CHERRY_PICKS'; total: number }
  | { kind: 'SCM'; down: boolean }
  | { kind: 'QUORUM'; quorum: number }
  | { kind: 'FATE'; ends: 'transient' | 'fail' | 'crash' }
  | { kind: 'MEANWHILE'; command: Command; ends: 'done' | 'fail' };

const SLOT_COMMANDS: readonly Command['kind'][] = ['ADD_SLOT', 'MOVE_SLOT', 'REMOVE_SLOT', 'ANSWER_SLOT'];
const OUTSIDE: readonly Command['kind'][] = [
  'WAIT',
  'WAKE',
  'COMMIT',
  'CHERRY_PICKS',
  'SCM',
  'QUORUM',
  'FATE',
  'MEANWHILE',
];

function isSlotCommand(command: Command): command is SlotCommand {
  return SLOT_COMMANDS.includes(command.kind);
}
function isOutside(command: Command): command is Outside {
  return OUTSIDE.includes(command.kind);
}

export interface ModelWorld extends World {
  /** every upload that was accepted, in order */
  uploads: { id: string; stage: UploadStage; platform: Platform }[];
  slotCount: number;
  commits: number;
}

const MINUTE_MS = 60_000;

/** Records the fact, or does nothing where a rule refuses it. The caller settles. */
export function perform(world: ModelWorld, command: Command): void {
  if (command.kind === 'CONFIRM') confirm(world);
  else if (command.kind === 'HELP') for (const duty of dutiesOf(world)) perform(world, duty);
  else if (command.kind === 'RETRY_TASK' || command.kind === 'SKIP_TASK') atFailedTask(world, command.kind);
  else if (command.kind === 'APPROVE' || command.kind === 'REJECT') atGate(world, command);
  else if (command.kind === 'UPLOAD') upload(world, command.stage, command.platform);
  else if (isSlotCommand(command)) changeSlots(world, command);
  else if (isOutside(command)) outside(world, command);
  else {
    const change = lifecycle(world, command.kind);
    if (change) write(world, change, command.kind);
  }
}

/** What the release asks of people: each is refused where it is not wanted. */
export function dutiesOf(world: ModelWorld): Command[] {
  const { release } = world;
  const failed = failedTask(release);
  const missing = currentTask(release)?.status === 'AWAITING_MANUAL_BUILD' ? openWindows(release) : [];
  return [
    { kind: 'RESUME' },
    { kind: failed && !canRun(release, failed) ? 'SKIP_TASK' : 'RETRY_TASK' },
    { kind: 'TRIGGER_STAGE_2' },
    { kind: 'ANSWER_SLOT', answer: 'RUN_NOW' },
    ...missing.map(({ stage, platform }): Command => ({ kind: 'UPLOAD', stage, platform })),
    { kind: 'CONFIRM' },
    ...[1, 2, 3].map((user): Command => ({ kind: 'APPROVE', user, override: true })),
  ];
}

function lifecycle(world: ModelWorld, kind: Lifecycle): Change | null {
  const { release, config, now } = world;
  const phase = derivePhase(release);
  if (kind === 'ARCHIVE') {
    const over = phase === 'SUBMITTED' || phase === 'COMPLETED' || phase === 'ARCHIVED';
    return over ? null : archiveRelease(release, null, person(), now);
  }
  if (!actionsOf(phase).includes(kind)) return null;
  switch (kind) {
    case 'START':
      return freezeWindowAt(config, now) ? null : kickOff(release, person(), now);
    case 'PAUSE':
      return pauseRelease(release, null, person(), now);
    case 'RESUME':
      return resumeRelease(release, config, person(), now);
    case 'TRIGGER_STAGE_2':
      return beginRegression(release, config, person(), now);
    case 'ABANDON_CYCLE':
      return abandonCycle(release, null, config, person(), now);
    case 'SKIP_REMAINING_CYCLES':
      return skipRemainingCycles(release, null, config, person(), now);
  }
}

function confirm(world: ModelWorld): void {
  const waits = (task: Task) => task.status === 'AWAITING_CALLBACK' && !task.confirmation;
  const task = activeTasks(world.release).find(waits);
  if (task) write(world, confirmSubmission(world.release, task, person(), world.now), 'CONFIRM');
}

function atFailedTask(world: ModelWorld, kind: 'RETRY_TASK' | 'SKIP_TASK'): void {
  const { release, now } = world;
  const task = failedTask(release);
  if (!task || !actionsOf(derivePhase(release)).includes(kind)) return;
  if (kind === 'RETRY_TASK') write(world, retryTask(release, task, person(), now), kind);
  else if (flowTask(task.type).skippable) write(world, skipTask(release, task, 'not needed', person(), now), kind);
}

function atGate(world: ModelWorld, command: GateCommand): void {
  const { release, config, now } = world;
  const gate = awaitingGate(release);
  if (!gate || release.status !== 'IN_PROGRESS' || release.cron.pauseType !== 'AWAITING_STAGE_TRIGGER') return;
  const current = { ...gate, policy: config.gates[gate.id] };
  if (command.kind === 'REJECT') {
    write(world, rejectGate(release, current, 'not yet', person('U_APPROVER'), now), 'REJECT');
    return;
  }
  const who = `U_APPROVER_${command.user}`;
  const failed = failedChecks(gate).length > 0;
  if (gate.approvals.some((approval) => approval.by === who) || gate.content === null) return;
  if (failed && !command.override) return;
  write(world, approveGate(release, current, failed ? 'known' : null, person(who), now), 'APPROVE');
}

function upload(world: ModelWorld, stage: UploadStage, platform: Platform): void {
  if (!uploadWindow(world.release, stage, platform).open) return;
  const id = `upl_${world.uploads.length + 1}`;
  world.uploads.push({ id, stage, platform });
  const change = stageUpload(world.release, anUpload({ id, stage, platform }), null, person('U_UPLOADER'), world.now);
  write(world, change, 'UPLOAD');
}

function changeSlots(world: ModelWorld, command: SlotCommand): void {
  const { release } = world;
  const ended = ['ARCHIVED', 'SUBMITTED', 'COMPLETED'].includes(release.status);
  if (ended || release.cron.stage2Status === 'COMPLETED') return;
  const change = slotChange(world, command);
  if (change) write(world, change, command.kind);
}

function slotChange(world: ModelWorld, command: SlotCommand): Change | null {
  const { release, config, now } = world;
  if (command.kind === 'ANSWER_SLOT') {
    const slot = release.slots.find(({ status }) => status === 'ASKED');
    const later = release.slots.some(({ status, at }) => slot && status === 'SCHEDULED' && at > slot.at);
    if (!slot || (command.answer === 'FOLD' && !later)) return null;
    return answerMissedSlot(release, slot, command.answer, config, person(), now);
  }
  if (command.kind === 'ADD_SLOT') {
    const at = slotTime(now, command.minutes);
    world.slotCount += 1;
    return isFree(release, at, now, null)
      ? addSlot(release, newSlot(`slot_new_${world.slotCount}`, at), person(), now)
      : null;
  }
  const slot = openSlots(release)[command.place];
  if (!slot) return null;
  if (command.kind === 'REMOVE_SLOT') return removeSlot(release, slot, config, person(), now);
  const at = slotTime(now, command.minutes);
  return isFree(release, at, now, slot.id) ? moveSlot(release, slot, at, person(), now) : null;
}

/** On the full hour, as people say it: so that slots are moved to a time and back again. */
function slotTime(now: Date, minutes: number): Date {
  return new Date(Math.ceil((now.getTime() + minutes * MINUTE_MS) / HOUR_MS) * HOUR_MS);
}

function openSlots(release: Release): Slot[] {
  return release.slots.filter(({ status }) => status === 'SCHEDULED' || status === 'ASKED');
}

function isFree(release: Release, at: Date, now: Date, exceptId: string | null): boolean {
  if (at <= now || at <= release.kickOffDate) return false;
  return !release.slots.some((slot) => slot.id !== exceptId && slot.status !== 'DROPPED' && +slot.at === +at);
}

function outside(world: ModelWorld, command: Outside): void {
  switch (command.kind) {
    case 'WAIT':
      world.now = shift(world.now, command.minutes * MINUTE_MS);
      break;
    case 'WAKE':
      world.now = nextWakeAt(world.release, facts(world), world.now) ?? world.now;
      break;
    case 'COMMIT':
      world.commits += 1;
      world.headSha = world.commits.toString().padStart(40, '0');
      break;
    case 'CHERRY_PICKS':
      world.cherryPickTotal = command.total;
      break;
    case 'SCM':
      world.scmDown = command.down;
      break;
    case 'QUORUM': {
      const policy = { ...world.config.gates.preRelease, quorum: command.quorum };
      world.config = { ...world.config, gates: { preRelease: policy, submission: policy } };
      break;
    }
    case 'FATE':
      world.fates.push({ kind: command.ends });
      break;
    case 'MEANWHILE':
      world.fates.push({ kind: 'meanwhile', act: () => perform(world, command.command), ends: command.ends });
      break;
  }
}
