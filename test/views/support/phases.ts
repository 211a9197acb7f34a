import { approveGate } from '../../../src/domain/changes/gates.ts';
import { archiveRelease, pauseRelease } from '../../../src/domain/changes/people.ts';
import { confirmSubmission } from '../../../src/domain/changes/tasks.ts';
import { stageUpload } from '../../../src/domain/changes/uploads.ts';
import type { Release } from '../../../src/domain/release.ts';
import { derivePhase, type Phase } from '../../../src/domain/status.ts';
import { activeTasks } from '../../../src/domain/tasks.ts';
import { openWindows } from '../../../src/domain/upload-window.ts';
import { aConfig, anUpload, at, newRelease } from '../../domain/support/build-release.ts';
import { aWorld, person, present, settle, settleUntil, type World, write } from '../../domain/support/drive.ts';

/** A release in each phase, walked there by the domain itself. */

export const NOW = at('12-05 09:00');

export function freshWorld(release: Release = aRelease(), config = aConfig()): World {
  return aWorld(release, config, at('11-20 09:00'));
}

/** With ids as Slack makes them. */
export function aRelease(): Release {
  return { ...newRelease(), releasePilot: 'U0PILOT', createdBy: 'U0PILOT' };
}

/** Hands in a build wherever a window is open, and lets the release go on. */
export function uploadAll(world: World): void {
  for (const { stage, platform } of openWindows(world.release)) {
    const ending = platform === 'IOS' ? 'ipa' : 'apk';
    const upload = anUpload({
      id: `upl_${world.steps}_${stage}_${platform}`,
      stage,
      platform,
      fileName: `app-${platform.toLowerCase()}.${ending}`,
      version: '7.0.0',
      sizeBytes: 52_428_800,
      sha256: `${platform === 'IOS' ? 'b' : 'a'}`.repeat(64),
    });
    write(world, stageUpload(world.release, upload, null, person('U0UPLOADER'), world.now), 'upload');
  }
  settle(world);
}

export function toKickOff(world: World): World {
  world.now = world.release.kickOffDate;
  settle(world);
  return world;
}

/** Stage 1 is done; in the config's way the regression waits for its first slot. */
export function toRegression(world: World): World {
  toKickOff(world);
  uploadAll(world);
  return world;
}

function toCycle(world: World, number: number): World {
  toRegression(world);
  for (let cycle = 1; cycle <= number; cycle += 1) {
    const slot = present(world.release.slots[cycle - 1]);
    settleUntil(world, slot.at);
    if (cycle < number) uploadAll(world);
  }
  return world;
}

function toPreReleaseGate(world: World): World {
  toCycle(world, world.release.slots.length);
  uploadAll(world);
  return world;
}

export function approve(world: World, who: string): void {
  const gate = present(world.release.gates.find((candidate) => candidate.status === 'AWAITING'));
  const override = gate.checks.every((check) => check.passed) ? null : 'Known and accepted';
  write(world, approveGate(world.release, gate, override, person(who), world.now), 'approve');
  settle(world);
}

function toSubmissionGate(world: World): World {
  toPreReleaseGate(world);
  approve(world, 'U0APPROVER');
  for (let tries = 0; tries < 3; tries += 1) uploadAll(world);
  return world;
}

function toSubmitting(world: World): World {
  toSubmissionGate(world);
  approve(world, 'U0APPROVER');
  return world;
}

function toSubmitted(world: World): World {
  toSubmitting(world);
  for (let tries = 0; tries < 3; tries += 1) {
    const task = activeTasks(world.release).find((candidate) => candidate.status === 'AWAITING_CALLBACK');
    if (!task) break;
    write(world, confirmSubmission(world.release, task, person('U0PILOT'), world.now), 'confirm');
    settle(world);
  }
  return world;
}

function failing(): World {
  const world = freshWorld();
  world.fates = [{ kind: 'fail' }];
  return toKickOff(world);
}

const MAKERS: Record<Phase, () => World> = {
  NOT_STARTED: () => freshWorld(),
  KICKOFF: () => toKickOff(freshWorld()),
  AWAITING_REGRESSION: () => {
    const world = freshWorld(aRelease(), aConfig({ autoStartRegression: false }));
    return toRegression(world);
  },
  REGRESSION_CYCLE_STARTING: () => {
    const world = toCycle(freshWorld(), 1);
    const cycles = world.release.cycles.map((cycle) => ({ ...cycle, status: 'NOT_STARTED' as const }));
    return { ...world, release: { ...world.release, cycles } };
  },
  REGRESSION_CYCLE_RUNNING: () => toCycle(freshWorld(), 1),
  REGRESSION_AWAITING_NEXT_CYCLE: () => {
    const world = toCycle(freshWorld(), 1);
    uploadAll(world);
    return world;
  },
  AWAITING_POST_REGRESSION: () => toPreReleaseGate(freshWorld()),
  POST_REGRESSION: () => {
    const world = toPreReleaseGate(freshWorld());
    approve(world, 'U0APPROVER');
    return world;
  },
  AWAITING_SUBMISSION: () => toSubmissionGate(freshWorld()),
  SUBMITTING: () => toSubmitting(freshWorld()),
  SUBMITTED: () => toSubmitted(freshWorld()),
  COMPLETED: () => {
    const world = toSubmitted(freshWorld());
    return { ...world, release: { ...world.release, status: 'COMPLETED', endedAt: NOW } };
  },
  PAUSED_BY_USER: () => {
    const world = toCycle(freshWorld(), 1);
    write(world, pauseRelease(world.release, 'The API is down', person('U0PILOT'), world.now), 'pause');
    return world;
  },
  PAUSED_BY_FAILURE: () => failing(),
  ARCHIVED: () => {
    const world = toCycle(freshWorld(), 1);
    write(world, archiveRelease(world.release, 'Cancelled', person('U0PILOT'), world.now), 'archive');
    return world;
  },
};

export function inPhase(phase: Phase): World {
  const world = MAKERS[phase]();
  const actual = derivePhase(world.release);
  if (actual !== phase) throw new Error(`the maker of ${phase} made ${actual}`);
  return world;
}
