import type { Change } from '../domain/change.ts';
import { TIME } from '../domain/change.ts';
import { checkGate, remindApproval } from '../domain/changes/gates.ts';
import { remindPreKickOff } from '../domain/changes/people.ts';
import { askAboutMissedSlot, remindMissingBuilds } from '../domain/changes/slots.ts';
import {
  beginCycle,
  completeKickOff,
  completePreRelease,
  completeSubmission,
  endCycle,
  kickOff,
  startCycle,
} from '../domain/changes/stages.ts';
import { awaitBuilds, awaitConfirmation, claimBuilds, passOverTask } from '../domain/changes/tasks.ts';
import type { Cycle } from '../domain/cycle.ts';
import type { Facts, Step } from '../domain/decide.ts';
import type { Gate } from '../domain/gate.ts';
import { findGate } from '../domain/gate-rules.ts';
import type { Release } from '../domain/release.ts';
import type { Slot } from '../domain/slot.ts';
import { currentCycle } from '../domain/status.ts';
import type { Task } from '../domain/task.ts';
import { findTask } from '../domain/tasks.ts';
import { InvariantError } from '../shared/errors.ts';
import type { Deps } from './deps.ts';
import type { HeldLease } from './lease.ts';
import { observeGate } from './observe-gate.ts';
import { runTask } from './run-task.ts';

/**
 * Does the one thing that was decided and stores its outcome under the lease. A write that lost against another one
 * changes nothing: the loop loads and decides again.
 */
export async function applyStep(
  deps: Deps,
  release: Release,
  step: Step,
  facts: Facts,
  held: HeldLease,
): Promise<void> {
  if (step.kind === 'RUN_TASK') {
    await runTask(deps, release, getTask(release, step.taskId), facts, held);
    return;
  }
  const change = await changeFor(deps, release, step, facts);
  await deps.repositories.releases.save(change, deps.clock.now(), held.current);
}

type PlainStep = Exclude<Step, { kind: 'RUN_TASK' }>;

async function changeFor(deps: Deps, release: Release, step: PlainStep, facts: Facts): Promise<Change> {
  const { config } = facts;
  if (step.kind === 'CHECK_GATE') {
    const seen = await observeGate(deps, release, step.gateId, config);
    const gate = getGate(release, step.gateId);
    return checkGate(release, gate, config.gates[step.gateId], seen, deps.clock.now());
  }
  const now = deps.clock.now();
  switch (step.kind) {
    case 'REMIND_PRE_KICK_OFF':
      return remindPreKickOff(release, step.missing, now);
    case 'KICK_OFF':
      return kickOff(release, TIME, now);
    case 'COMPLETE_STAGE':
      if (step.stage === 1) return completeKickOff(release, config, now);
      return step.stage === 3 ? completePreRelease(release, config, now) : completeSubmission(release, now);
    case 'BEGIN_CYCLE':
      return beginCycle(release, getSlot(release, step.slotId), now);
    case 'START_CYCLE':
      return startCycle(release, getCycle(release), now);
    case 'END_CYCLE':
      return endCycle(release, getCycle(release), config, now);
    case 'ASK_MISSED_SLOT':
      return askAboutMissedSlot(release, getSlot(release, step.slotId), now);
    case 'REMIND_MISSING_BUILDS':
      return remindMissingBuilds(release, getSlot(release, step.slotId), step.missing, now);
    case 'PASS_OVER_TASK':
      return passOverTask(release, getTask(release, step.taskId), step.reason, now);
    case 'AWAIT_BUILDS':
      return awaitBuilds(release, getTask(release, step.taskId), now);
    case 'CLAIM_BUILDS':
      return claimBuilds(release, getTask(release, step.taskId), step.platforms, now);
    case 'AWAIT_CONFIRMATION':
      return awaitConfirmation(release, getTask(release, step.taskId), step.platform, now);
    case 'REMIND_APPROVAL':
      return remindApproval(release, getGate(release, step.gateId), config, now);
  }
}

function getTask(release: Release, taskId: string): Task {
  return present(findTask(release, taskId), taskId);
}
function getSlot(release: Release, slotId: string): Slot {
  return present(
    release.slots.find((slot) => slot.id === slotId),
    slotId,
  );
}
function getGate(release: Release, gateId: Gate['id']): Gate {
  return present(findGate(release, gateId), gateId);
}
function getCycle(release: Release): Cycle {
  return present(currentCycle(release), 'current cycle');
}

function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new InvariantError(`a step names ${what}, which does not exist`);
  return value;
}
