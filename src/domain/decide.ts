import { flowTask, platformsOf, skipReason } from './flows/staged.ts';
import type { GateId } from './gate.ts';
import { approvalReminderAt, awaitingGate } from './gate-rules.ts';
import type { Platform, Release } from './release.ts';
import type { FreezeWindow, ReleaseConfig } from './release-config.ts';
import type { Slot } from './slot.ts';
import { currentCycle, nextSlot } from './status.ts';
import { isEnded, type Task } from './task.ts';
import { activeTasks, missingPlatforms } from './tasks.ts';
import { uploadWindow } from './upload-window.ts';

/** What comes next for a release: the one thing that is due, or when to look again (Spec 7.1). Pure. */

export interface Facts {
  config: ReleaseConfig;
}

export type Step =
  | { kind: 'REMIND_PRE_KICK_OFF'; missing: Platform[] }
  | { kind: 'KICK_OFF' }
  | { kind: 'COMPLETE_STAGE'; stage: 1 | 3 | 4 }
  | { kind: 'BEGIN_CYCLE'; slotId: string }
  | { kind: 'START_CYCLE' }
  | { kind: 'END_CYCLE' }
  | { kind: 'ASK_MISSED_SLOT'; slotId: string }
  | { kind: 'REMIND_MISSING_BUILDS'; slotId: string; missing: Platform[] }
  | { kind: 'PASS_OVER_TASK'; taskId: string; reason: string }
  | { kind: 'AWAIT_BUILDS'; taskId: string }
  | { kind: 'CLAIM_BUILDS'; taskId: string; platforms: Platform[] }
  | { kind: 'AWAIT_CONFIRMATION'; taskId: string; platform: Platform }
  | { kind: 'RUN_TASK'; taskId: string }
  | { kind: 'CHECK_GATE'; gateId: GateId }
  | { kind: 'REMIND_APPROVAL'; gateId: GateId };

const HOUR_MS = 3_600_000;

function hoursBefore(at: Date, hours: number): Date {
  return new Date(at.getTime() - hours * HOUR_MS);
}
function hoursAfter(at: Date, hours: number): Date {
  return new Date(at.getTime() + hours * HOUR_MS);
}

/** Clocks of instances may differ by seconds; what was done further ahead than this was done before a clock was set back. */
const CLOCK_TOLERANCE_MS = 60_000;

/** Whether the clock was set back since: what was to come a while after that instant must not wait for the difference as well. */
function wasSetBack(since: Date | null | undefined, now: Date): boolean {
  return since !== null && since !== undefined && since.getTime() > now.getTime() + CLOCK_TOLERANCE_MS;
}

/** The one thing that is due now; null = nothing. */
export function decide(release: Release, facts: Facts, now: Date): Step | null {
  if (release.status === 'PENDING') return beforeKickOff(release, facts, now);
  if (release.status !== 'IN_PROGRESS') return null;
  if (release.cron.pauseType === 'AWAITING_STAGE_TRIGGER') return atGate(release, facts, now);
  const task = activeTasks(release).find((candidate) => !isEnded(candidate));
  if (task) return taskStep(release, task, now);
  const { cron } = release;
  if (cron.stage4Status === 'IN_PROGRESS') return { kind: 'COMPLETE_STAGE', stage: 4 };
  if (cron.stage3Status === 'IN_PROGRESS') return { kind: 'COMPLETE_STAGE', stage: 3 };
  if (cron.stage2Status === 'IN_PROGRESS') return regressionStep(release, facts, now);
  if (cron.stage1Status === 'IN_PROGRESS') return { kind: 'COMPLETE_STAGE', stage: 1 };
  return null;
}

function beforeKickOff(release: Release, facts: Facts, now: Date): Step | null {
  if (release.kickOffDate <= now) return freezeAt(release, facts, now) ? null : { kind: 'KICK_OFF' };
  if (release.preKickOffReminderSentAt || preKickOffReminderAt(release, facts) > now) return null;
  return { kind: 'REMIND_PRE_KICK_OFF', missing: missingBefore(release, 'PRE_REGRESSION') };
}

/** The freeze window that forbids a kick-off at this instant; null = none, or an admin overrode it (Spec 1.1). */
export function freezeAt(release: Release, facts: Facts, at: Date): FreezeWindow | null {
  if (release.freezeOverride) return null;
  return freezeWindowAt(facts.config, at);
}

export function freezeWindowAt(config: ReleaseConfig, at: Date): FreezeWindow | null {
  return config.freezeWindows.find((window) => window.startsAt <= at && at < window.endsAt) ?? null;
}

function preKickOffReminderAt(release: Release, facts: Facts): Date {
  return hoursBefore(release.kickOffDate, facts.config.reminders.preKickOffHours);
}

/** Platforms without a staged build for the stage that comes; empty in CI mode. */
function missingBefore(release: Release, stage: 'PRE_REGRESSION' | 'REGRESSION'): Platform[] {
  if (!release.hasManualBuildUpload) return [];
  const staged = release.stagedUploads.filter((upload) => upload.stage === stage).map((upload) => upload.platform);
  return release.targets.map((target) => target.platform).filter((platform) => !staged.includes(platform));
}

function taskStep(release: Release, task: Task, now: Date): Step | null {
  if (task.status === 'FAILED') return null;
  if (task.nextTryAt && task.nextTryAt > now && !wasSetBack(task.error?.at, now)) return null;
  const reason = skipReason(release, task);
  if (reason) return { kind: 'PASS_OVER_TASK', taskId: task.id, reason };
  const entry = flowTask(task.type);
  if (entry.builds && release.hasManualBuildUpload && !task.claimedUploads) {
    if (missingPlatforms(release, task, entry.builds.upload).length === 0) {
      return { kind: 'CLAIM_BUILDS', taskId: task.id, platforms: platformsOf(release, task) };
    }
    return task.status === 'AWAITING_MANUAL_BUILD' ? null : { kind: 'AWAIT_BUILDS', taskId: task.id };
  }
  if (entry.submits && entry.platform && !task.confirmation) {
    const waits = task.status === 'AWAITING_CALLBACK';
    return waits ? null : { kind: 'AWAIT_CONFIRMATION', taskId: task.id, platform: entry.platform };
  }
  return { kind: 'RUN_TASK', taskId: task.id };
}

function regressionStep(release: Release, facts: Facts, now: Date): Step | null {
  const cycle = currentCycle(release);
  if (cycle?.status === 'NOT_STARTED') return { kind: 'START_CYCLE' };
  if (cycle?.status === 'IN_PROGRESS') return { kind: 'END_CYCLE' };
  const slot = nextSlot(release);
  if (!slot || slot.status === 'ASKED') return null;
  if (slot.answer?.answer === 'RUN_NOW') return { kind: 'BEGIN_CYCLE', slotId: slot.id };
  if (slot.at <= now) {
    const missed = graceEnds(release, slot, facts) < now;
    return { kind: missed ? 'ASK_MISSED_SLOT' : 'BEGIN_CYCLE', slotId: slot.id };
  }
  if (slot.reminderDoneAt || missingBuildsReminderAt(slot, facts) > now) return null;
  const missing = missingBefore(release, 'REGRESSION').filter(
    (platform) => uploadWindow(release, 'REGRESSION', platform).open,
  );
  return { kind: 'REMIND_MISSING_BUILDS', slotId: slot.id, missing };
}

/** A slot already past when stage 2 began is not late: its grace counts from then (Spec 1.4). */
function graceEnds(release: Release, slot: Slot, facts: Facts): Date {
  const begunAt = release.stage2StartedAt?.getTime() ?? 0;
  return hoursAfter(new Date(Math.max(slot.at.getTime(), begunAt)), facts.config.slotGraceHours);
}

function missingBuildsReminderAt(slot: Slot, facts: Facts): Date {
  return hoursBefore(slot.at, facts.config.reminders.missingBuildsHours);
}

function atGate(release: Release, facts: Facts, now: Date): Step | null {
  const gate = awaitingGate(release);
  if (!gate) return null;
  if (gate.nextCheckAt <= now || wasSetBack(gate.checkedAt, now)) return { kind: 'CHECK_GATE', gateId: gate.id };
  return approvalReminderAt(gate, facts.config) <= now ? { kind: 'REMIND_APPROVAL', gateId: gate.id } : null;
}

export interface Wake {
  job:
    | 'kick-off'
    | 'regression-slot'
    | 'missing-builds-reminder'
    | 'pre-kick-off-reminder'
    | 'approval-reminder'
    | 'look-again';
  key: string;
  at: Date;
}

/**
 * Every instant at which `decide` may find something due although no event arrives. What lies in the past has been
 * decided already or waits for an event.
 */
export function wakes(release: Release, facts: Facts): Wake[] {
  const wake = (job: Wake['job'], occasion: string, at: Date): Wake => ({ job, key: `${release.id}:${occasion}`, at });
  if (release.status === 'PENDING') {
    return [
      ...(release.preKickOffReminderSentAt
        ? []
        : [wake('pre-kick-off-reminder', 'pre-kick-off-reminder', preKickOffReminderAt(release, facts))]),
      wake('kick-off', 'kick-off', release.kickOffDate),
      ...freezesThatMayHold(release, facts).map((freeze) => wake('look-again', 'freeze-ends', freeze.endsAt)),
    ];
  }
  if (release.status !== 'IN_PROGRESS') return [];
  if (release.cron.pauseType === 'AWAITING_STAGE_TRIGGER') {
    const gate = awaitingGate(release);
    if (!gate) return [];
    return [
      wake('look-again', `gate:${gate.id}:check`, gate.nextCheckAt),
      wake('approval-reminder', `gate:${gate.id}:reminder`, approvalReminderAt(gate, facts.config)),
    ];
  }
  const retry = activeTasks(release).find((task) => !isEnded(task))?.nextTryAt;
  if (retry) return [wake('look-again', 'retry', retry)];
  const cycle = currentCycle(release);
  const slot = nextSlot(release);
  if (release.cron.stage2Status !== 'IN_PROGRESS' || cycle?.status === 'IN_PROGRESS' || !slot) return [];
  if (slot.status === 'ASKED') return [];
  return [
    ...(slot.reminderDoneAt
      ? []
      : [wake('missing-builds-reminder', `slot:${slot.id}:reminder`, missingBuildsReminderAt(slot, facts))]),
    wake('regression-slot', `slot:${slot.id}`, slot.at),
  ];
}

/** The kick-off may be looked at late, so that a freeze which began after its date holds it up as well. */
function freezesThatMayHold(release: Release, facts: Facts): FreezeWindow[] {
  if (release.freezeOverride) return [];
  return facts.config.freezeWindows.filter((window) => window.endsAt > release.kickOffDate);
}

/** When to look again though nothing happens; null = only an event can change anything. */
export function nextWakeAt(release: Release, facts: Facts, now: Date): Date | null {
  const future = wakes(release, facts)
    .map((wake) => wake.at.getTime())
    .filter((at) => at > now.getTime());
  return future.length === 0 ? null : new Date(Math.min(...future));
}
