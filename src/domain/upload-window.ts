import { flowTask, hasTarget, platformsOf } from './flows/staged.ts';
import { cycleLabel, PLATFORM_NAMES } from './names.ts';
import type { Platform, Release } from './release.ts';
import { currentCycle, nextSlot } from './status.ts';
import { isEnded, type Task } from './task.ts';
import { UPLOAD_STAGES, type UploadStage } from './upload.ts';

/** When a manual build may be handed in (Spec 3.2). Pure. */

export type Window =
  | { open: true }
  /** `reason` is a sentence; `opens` says when it opens again, null = it never will */
  | { open: false; reason: string; opens: string | null };

export const WINDOW_CLOSED = 'Upload window closed for this stage/cycle';
const BUILDS_FROM_CI = 'This release takes its builds from CI/CD';

function closed(reason: string, opens: string | null): Window {
  return { open: false, reason, opens };
}

export function uploadWindow(release: Release, stage: UploadStage, platform: Platform): Window {
  if (!release.hasManualBuildUpload) return closed(BUILDS_FROM_CI, null);
  if (release.status === 'SUBMITTED' || release.status === 'COMPLETED' || release.status === 'ARCHIVED') {
    return closed(`The release is ${release.status.toLowerCase()}`, null);
  }
  if (!hasTarget(release, platform)) return closed(`This release has no ${PLATFORM_NAMES[platform]} target`, null);
  if (stage === 'PRE_REGRESSION') return preRegressionWindow(release, platform);
  if (stage === 'REGRESSION') return regressionWindow(release, platform);
  return preReleaseWindow(release, platform);
}

/** The window of a build task that exists: open until it has claimed its builds or is over. */
function untilTaken(task: Task | undefined): boolean {
  return task !== undefined && !isEnded(task) && task.claimedUploads === null;
}

function preRegressionWindow(release: Release, platform: Platform): Window {
  if (release.cron.stage1Status === 'PENDING') return { open: true };
  const task = release.tasks.find((candidate) => candidate.type === 'TRIGGER_PRE_REGRESSION_BUILDS');
  if (release.cron.stage1Status === 'IN_PROGRESS' && untilTaken(task)) return { open: true };
  // This window never opens again; what a person can still hand in is the next cycle's build.
  const next = release.cron.stage2Status === 'COMPLETED' ? null : regressionWindow(release, platform);
  const opens = next?.open ? 'The window for REGRESSION builds is open' : next?.opens;
  return closed(
    'The builds of the kick-off are taken',
    opens?.replace(/^It opens/, 'The window for REGRESSION builds opens') ?? null,
  );
}

function regressionWindow(release: Release, _platform: Platform): Window {
  const { cron } = release;
  if (cron.stage1Status !== 'COMPLETED') {
    return closed('Regression has not begun', 'It opens when the kick-off stage is complete');
  }
  if (cron.stage2Status === 'COMPLETED') return closed('Regression is over', null);
  const cycle = currentCycle(release);
  if (!cycle || cycle.status === 'DONE' || cycle.status === 'ABANDONED') {
    return nextSlot(release) ? { open: true } : closed('No regression cycle is left', null);
  }
  const task = cycle.tasks.find((candidate) => candidate.type === 'TRIGGER_REGRESSION_BUILDS');
  if (cycle.status === 'NOT_STARTED' || untilTaken(task)) return { open: true };
  const opens = nextSlot(release) ? `It opens when ${cycleLabel(cycle.number)} is done` : null;
  return closed(`${cycleLabel(cycle.number)} has its builds`, opens);
}

function preReleaseWindow(release: Release, platform: Platform): Window {
  const { cron } = release;
  if (cron.stage3Status === 'PENDING') {
    return closed('Pre-release has not begun', 'It opens when the pre-release gate is approved');
  }
  const task = release.tasks.find(
    (candidate) =>
      flowTask(candidate.type).builds?.upload === 'PRE_RELEASE' && platformsOf(release, candidate).includes(platform),
  );
  if (cron.stage3Status === 'IN_PROGRESS' && untilTaken(task)) return { open: true };
  return closed(`The pre-release build for ${PLATFORM_NAMES[platform]} is taken`, null);
}

export interface OpenWindow {
  stage: UploadStage;
  platform: Platform;
}

/** Every stage and platform that takes an upload now. At most one stage is open for a platform at a time. */
export function openWindows(release: Release): OpenWindow[] {
  return UPLOAD_STAGES.flatMap((stage) =>
    release.targets
      .filter((target) => uploadWindow(release, stage, target.platform).open)
      .map((target) => ({ stage, platform: target.platform })),
  );
}

/** The stage whose window is open for this platform; where none is, the one that opens next, or the last. */
export function stageForUpload(release: Release, platform: Platform): UploadStage {
  const windowOf = (stage: UploadStage) => uploadWindow(release, stage, platform);
  const opensNext = (stage: UploadStage) => {
    const window = windowOf(stage);
    return !window.open && window.opens !== null;
  };
  return (
    UPLOAD_STAGES.find((stage) => windowOf(stage).open) ??
    UPLOAD_STAGES.find((stage) => stage !== 'PRE_REGRESSION' && opensNext(stage)) ??
    'PRE_RELEASE'
  );
}

/** The whole sentence for Slack: why it is closed and when it opens again. */
export function closedSentence(window: Exclude<Window, { open: true }>): string {
  if (window.reason === BUILDS_FROM_CI) return `${WINDOW_CLOSED}. ${BUILDS_FROM_CI}.`;
  return `${WINDOW_CLOSED}. ${window.reason}. ${window.opens ?? 'It will not open again for this release'}.`;
}
