import { flowTasksFor } from './flows/staged.ts';
import { awaitingGate } from './gate-rules.ts';
import { cycleLabel, PLATFORM_NAMES, releaseTag } from './names.ts';
import type { Release } from './release.ts';
import { type Action, currentCycle, cycleProgress, nextSlot } from './status.ts';
import { taskName } from './task-names.ts';
import { currentTask, failedTask } from './tasks.ts';

/** One thing that an action will do; `at` is when, where the instant matters. Plain text with names as people gave them. */
export interface PlanLine {
  text: string;
  at: Date | null;
}

/** What an action will write and where: shown in its confirmation (Spec 6.4). Pure. */
export function planOf(action: Action, release: Release): PlanLine[] {
  switch (action) {
    case 'START':
      return startPlan(release);
    case 'TRIGGER_STAGE_2':
      return [...nextCyclePlan(release), line('Each cycle tags the release branch and announces its builds')];
    case 'TRIGGER_STAGE_3':
      return [...quorumPlan(release), ...preReleasePlan(release)];
    case 'TRIGGER_STAGE_4':
      return [...quorumPlan(release), ...submissionPlan(release)];
    case 'RETRY_TASK': {
      const task = failedTask(release);
      return [line(`Runs "${task ? taskName(task) : 'the failed task'}" again. What it already made is kept`)];
    }
    case 'SKIP_TASK': {
      const task = failedTask(release);
      return [line(`Leaves out "${task ? taskName(task) : 'the failed task'}" and goes on with the next task`)];
    }
    case 'PAUSE':
      return [line('Stops after the task that is running'), line('Uploads stay possible. Nothing is undone')];
    case 'RESUME':
      return resumePlan(release);
    case 'ARCHIVE':
      return [
        line('Ends this release for good: nothing runs after it and it cannot be reopened'),
        line('Branches and tags made so far stay. Unused builds are deleted later'),
      ];
    case 'ABANDON_CYCLE': {
      const cycle = currentCycle(release);
      const label = cycle ? cycleLabel(cycle.number) : 'the cycle';
      return [line(`Ends ${label} as abandoned: its remaining tasks do not run`), ...nextCyclePlan(release)];
    }
    case 'SKIP_REMAINING_CYCLES': {
      const { total } = cycleProgress(release);
      const left = total - release.cycles.length;
      return [
        line(`Drops ${left === 1 ? 'the remaining cycle' : `the ${left} remaining cycles`}`),
        line('Regression is complete and the pre-release gate opens'),
      ];
    }
  }
}

function line(text: string, at: Date | null = null): PlanLine {
  return { text, at };
}

function startPlan(release: Release): PlanLine[] {
  const types = flowTasksFor(release, 'stage1').map((entry) => entry.type);
  const names = platformNames(release);
  return [
    ...(types.includes('FORK_BRANCH') ? [line(`Creates branch ${release.branch} from ${release.baseBranch}`)] : []),
    line(release.hasManualBuildUpload ? `Takes the uploaded builds for ${names}` : `Starts the builds for ${names}`),
    line('Announces the kick-off in the channel'),
  ];
}

function preReleasePlan(release: Release): PlanLine[] {
  return [
    line(`Creates tag ${releaseTag(release.targets)} on ${release.branch}`),
    line('Writes the release notes and publishes them as a release in the repository'),
    line(`${release.hasManualBuildUpload ? 'Asks for' : 'Starts'} the final builds for ${platformNames(release)}`),
    line('Announces the pre-release in the channel'),
  ];
}

function submissionPlan(release: Release): PlanLine[] {
  const byHand = release.targets.filter((target) => target.store === null);
  const byStore = release.targets.filter((target) => target.store !== null);
  const names = (targets: typeof byHand) => targets.map((target) => PLATFORM_NAMES[target.platform]).join(', ');
  return [
    ...(byStore.length > 0 ? [line(`Hands the builds to the stores: ${names(byStore)}`)] : []),
    ...(byHand.length > 0 ? [line(`Asks a person to submit by hand: ${names(byHand)}`)] : []),
    line('Announces the submission in the channel'),
  ];
}

function quorumPlan(release: Release): PlanLine[] {
  const gate = awaitingGate(release);
  if (!gate || gate.policy.quorum < 2) return [];
  const left = gate.policy.quorum - gate.approvals.length;
  if (left <= 1)
    return [line(`Approval ${gate.policy.quorum} of ${gate.policy.quorum}: the following happens at once`)];
  return [
    line(`Approval ${gate.approvals.length + 1} of ${gate.policy.quorum}: the following happens when all are given`),
  ];
}

function nextCyclePlan(release: Release): PlanLine[] {
  const slot = nextSlot(release);
  const number = (currentCycle(release)?.number ?? 0) + 1;
  if (slot) return [line(`${cycleLabel(number)} is scheduled for`, slot.at)];
  return [line('No cycle is left: regression is complete and the pre-release gate opens')];
}

function resumePlan(release: Release): PlanLine[] {
  const task = currentTask(release);
  if (task) return [line(`Goes on with "${taskName(task)}"`)];
  return [line('Goes on where it stopped'), ...(nextSlot(release) ? nextCyclePlan(release) : [])];
}

function platformNames(release: Release): string {
  return release.targets.map((target) => PLATFORM_NAMES[target.platform]).join(', ');
}
