import { auditEntry, type By, type Change, ENGINE, message, patched } from '../change.ts';
import type { Cycle } from '../cycle.ts';
import { newGate } from '../gate-rules.ts';
import type { Release } from '../release.ts';
import type { ReleaseConfig } from '../release-config.ts';
import type { Slot } from '../slot.ts';
import { currentCycle, nextSlot } from '../status.ts';
import type { Task } from '../task.ts';
import { cycleTasks, stageTasks, withCycle } from '../tasks.ts';

/** Stages and cycles begin and end (Spec 1.3 - 1.5). Each change lands in a row of the phase table. */

/** Stage 1 begins: by its date or by START. Its tasks are created now. */
export function kickOff(release: Release, by: By, now: Date): Change {
  const reminded = release.preKickOffReminderSentAt;
  const tasks = stageTasks(release, 1).map((task): Task => {
    if (task.type !== 'PRE_KICK_OFF_REMINDER') return task;
    return reminded
      ? {
          ...task,
          status: 'COMPLETED',
          startedAt: reminded,
          endedAt: reminded,
          output: { sentAt: reminded.toISOString() },
        }
      : {
          ...task,
          status: 'SKIPPED',
          startedAt: now,
          endedAt: now,
          skip: { by: ENGINE.actor, reason: 'The release started earlier than its reminder' },
        };
  });
  return {
    release: patched(release, now, {
      status: 'IN_PROGRESS',
      cron: { ...release.cron, status: 'RUNNING', pauseType: 'NONE', stage1Status: 'IN_PROGRESS' },
      tasks: [...release.tasks, ...tasks],
    }),
    messages: by.origin === 'TIME' ? [] : [message(release, 'started', { kind: 'STARTED', by: by.actor })],
    audit: [auditEntry(by, now, { action: 'STAGE_STARTED', subject: 'stage1' })],
  };
}

/** Stage 1 is over: stage 2 begins at once, or waits for TRIGGER_STAGE_2 where the configuration says so. */
export function completeKickOff(release: Release, config: ReleaseConfig, now: Date): Change {
  const done = patched(release, now, { cron: { ...release.cron, stage1Status: 'COMPLETED' } });
  const audit = [auditEntry(ENGINE, now, { action: 'STAGE_COMPLETED', subject: 'stage1' })];
  if (config.autoStartRegression) {
    const begun = beginRegression(done, config, ENGINE, now);
    return { ...begun, audit: [...audit, ...begun.audit] };
  }
  return {
    release: patched(done, now, {
      cron: { ...done.cron, status: 'PAUSED', pauseType: 'AWAITING_STAGE_TRIGGER' },
    }),
    messages: [message(release, 'awaiting-regression', { kind: 'AWAITING_REGRESSION' }, { broadcast: true })],
    audit,
  };
}

/** Stage 2 begins; without any slot it is complete at once. */
export function beginRegression(release: Release, config: ReleaseConfig, by: By, now: Date): Change {
  const begun = patched(release, now, {
    cron: { ...release.cron, status: 'RUNNING', pauseType: 'NONE', stage2Status: 'IN_PROGRESS' },
    stage2StartedAt: now,
  });
  const change: Change = {
    release: begun,
    messages: [],
    audit: [auditEntry(by, now, { action: 'STAGE_STARTED', subject: 'stage2' })],
  };
  return completeRegressionIfOver(change, config, now);
}

/**
 * When no slot remains and no cycle runs: stage 2 is complete and the gate of stage 3 awaits (Spec 1.4). A paused
 * release stays as it is until it is resumed.
 */
export function completeRegressionIfOver(change: Change, config: ReleaseConfig, now: Date): Change {
  const { release } = change;
  const cycle = currentCycle(release);
  const running = cycle?.status === 'NOT_STARTED' || cycle?.status === 'IN_PROGRESS';
  if (release.status !== 'IN_PROGRESS' || release.cron.stage2Status !== 'IN_PROGRESS') return change;
  if (running || nextSlot(release)) return change;
  return {
    release: patched(release, now, {
      cron: { ...release.cron, stage2Status: 'COMPLETED', status: 'PAUSED', pauseType: 'AWAITING_STAGE_TRIGGER' },
      gates: [...release.gates, newGate('preRelease', config.gates.preRelease, now)],
    }),
    messages: change.messages,
    audit: [...change.audit, auditEntry(ENGINE, now, { action: 'STAGE_COMPLETED', subject: 'stage2' })],
  };
}

/** A slot's time has come: its cycle and the cycle's tasks are created, NOT_STARTED. */
export function beginCycle(release: Release, slot: Slot, now: Date): Change {
  const number = (currentCycle(release)?.number ?? 0) + 1;
  const cycle: Cycle = {
    id: `${release.id}.c${number}`,
    number,
    slotId: slot.id,
    status: 'NOT_STARTED',
    startedAt: now,
    endedAt: null,
    tasks: cycleTasks(release, number),
  };
  return {
    release: patched(release, now, {
      cycles: [...release.cycles, cycle],
      slots: release.slots.map((candidate) =>
        candidate.id === slot.id ? { ...candidate, status: 'BEGUN', cycleNumber: number } : candidate,
      ),
    }),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'CYCLE_CREATED', subject: cycle.id, detail: { slotId: slot.id } })],
  };
}

export function startCycle(release: Release, cycle: Cycle, now: Date): Change {
  return {
    release: patched(withCycle(release, cycle.id, { status: 'IN_PROGRESS' }), now, {}),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'CYCLE_STARTED', subject: cycle.id })],
  };
}

export function endCycle(release: Release, cycle: Cycle, config: ReleaseConfig, now: Date): Change {
  const change: Change = {
    release: patched(withCycle(release, cycle.id, { status: 'DONE', endedAt: now }), now, {}),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'CYCLE_DONE', subject: cycle.id })],
  };
  return completeRegressionIfOver(change, config, now);
}

/** Stage 3 is over: the cron pauses for a person's approval of the submission. */
export function completePreRelease(release: Release, config: ReleaseConfig, now: Date): Change {
  return {
    release: patched(release, now, {
      cron: { ...release.cron, stage3Status: 'COMPLETED', status: 'PAUSED', pauseType: 'AWAITING_STAGE_TRIGGER' },
      gates: [...release.gates, newGate('submission', config.gates.submission, now)],
    }),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'STAGE_COMPLETED', subject: 'stage3' })],
  };
}

/** Stage 4 is over: the release is SUBMITTED. */
export function completeSubmission(release: Release, now: Date): Change {
  return {
    release: patched(release, now, {
      status: 'SUBMITTED',
      cron: { ...release.cron, stage4Status: 'COMPLETED', status: 'COMPLETED', pauseType: 'NONE' },
    }),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'STAGE_COMPLETED', subject: 'stage4' })],
  };
}
