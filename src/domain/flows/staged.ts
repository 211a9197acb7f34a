import type { BuildStage, StoreType } from '../build.ts';
import type { Platform, Release } from '../release.ts';
import type { Task, TaskType } from '../task.ts';
import type { UploadStage } from '../upload.ts';

/** The staged flow as data: stages and their tasks, in order (Spec 1.3 - 1.5). */

export interface FlowTask {
  type: TaskType;
  /** a person may SKIP_TASK it after a failure (Spec 1.7) */
  skippable: boolean;
  /** SKIPPED instead of FAILED when the configuration lacks its integration (Spec 1.3, 4.4) */
  optional: boolean;
  /** only this platform's; without such a target the task is SKIPPED, or not created at all */
  platform?: Platform;
  withoutTarget?: 'SKIP' | 'OMIT';
  /** it gathers builds (Spec 1.6) */
  builds?: { upload: UploadStage; stage: BuildStage };
  /** it hands over to a store, or waits for a person's word that it was done by hand */
  submits?: boolean;
}

function task(type: TaskType, more: Partial<FlowTask> = {}): FlowTask {
  return { type, skippable: true, optional: false, ...more };
}

const preRelease = { upload: 'PRE_RELEASE', stage: 'PRE_RELEASE' } as const;

export const STAGED_FLOW = {
  stage1: [
    task('PRE_KICK_OFF_REMINDER'),
    task('FORK_BRANCH', { skippable: false }),
    task('CREATE_PROJECT_MANAGEMENT_TICKET', { optional: true }),
    task('CREATE_TEST_SUITE', { optional: true }),
    task('TRIGGER_PRE_REGRESSION_BUILDS', { builds: { upload: 'PRE_REGRESSION', stage: 'KICKOFF' } }),
    task('SEND_KICKOFF_MESSAGE'),
  ],
  cycle: [
    task('RESET_TEST_SUITE', { optional: true }),
    task('CREATE_RC_TAG', { skippable: false }),
    task('CREATE_RELEASE_NOTES'),
    task('TRIGGER_REGRESSION_BUILDS', { builds: { upload: 'REGRESSION', stage: 'REGRESSION' } }),
    task('TRIGGER_AUTOMATION_RUNS', { optional: true }),
    task('AUTOMATION_RUNS', { optional: true }),
    task('SEND_REGRESSION_BUILD_MESSAGE'),
  ],
  stage3: [
    task('PRE_RELEASE_CHERRY_PICKS_REMINDER'),
    task('CREATE_RELEASE_TAG', { skippable: false }),
    task('CREATE_FINAL_RELEASE_NOTES'),
    task('TRIGGER_TEST_FLIGHT_BUILD', { platform: 'IOS', withoutTarget: 'SKIP', builds: preRelease }),
    task('CREATE_AAB_BUILD', { platform: 'ANDROID', withoutTarget: 'SKIP', builds: preRelease }),
    task('TRIGGER_WEB_BUILD', { platform: 'WEB', withoutTarget: 'OMIT', builds: preRelease }),
    task('PM_APPROVAL_GATE', { optional: true }),
    task('SEND_PRE_RELEASE_MESSAGE'),
  ],
  stage4: [
    task('SUBMIT_TO_APP_STORE', { platform: 'IOS', withoutTarget: 'OMIT', skippable: false, submits: true }),
    task('SUBMIT_TO_PLAY_STORE', { platform: 'ANDROID', withoutTarget: 'OMIT', skippable: false, submits: true }),
    task('PUBLISH_WEB', { platform: 'WEB', withoutTarget: 'OMIT', skippable: false, submits: true }),
    task('SEND_SUBMISSION_MESSAGE'),
  ],
} as const satisfies Record<string, readonly FlowTask[]>;

const BY_TYPE = new Map<TaskType, FlowTask>(
  Object.values(STAGED_FLOW)
    .flat()
    .map((entry): [TaskType, FlowTask] => [entry.type, entry]),
);

export function flowTask(type: TaskType): FlowTask {
  const entry = BY_TYPE.get(type);
  if (!entry) throw new RangeError(`the staged flow has no task ${type}`);
  return entry;
}

/** The entries of a part of the flow that this release has. */
export function flowTasksFor(release: Release, part: keyof typeof STAGED_FLOW): FlowTask[] {
  const entries: readonly FlowTask[] = STAGED_FLOW[part];
  return entries.filter((entry) => !(entry.withoutTarget === 'OMIT' && !hasTarget(release, entry.platform)));
}

export function hasTarget(release: Release, platform: Platform | undefined): boolean {
  return platform === undefined || release.targets.some((target) => target.platform === platform);
}

/** The platforms whose builds a task gathers; empty for other tasks. */
export function platformsOf(release: Release, task: Task): Platform[] {
  const entry = flowTask(task.type);
  if (!entry.builds) return [];
  return release.targets
    .map((target) => target.platform)
    .filter((platform) => !entry.platform || entry.platform === platform);
}

/** Where a build of this task is headed; null in the stages before pre-release. */
export function storeTypeOf(type: TaskType): StoreType | null {
  if (type === 'TRIGGER_TEST_FLIGHT_BUILD') return 'TESTFLIGHT';
  if (type === 'CREATE_AAB_BUILD') return 'PLAY_STORE';
  if (type === 'TRIGGER_WEB_BUILD') return 'WEB';
  return null;
}

/** A rule's reason to pass a task over, known before it starts; null = it must run. */
export function skipReason(release: Release, task: Task): string | null {
  const entry = flowTask(task.type);
  if (!hasTarget(release, entry.platform)) return `This release has no ${entry.platform} target`;
  if (task.type === 'RESET_TEST_SUITE' && task.cycleNumber === 1) return 'The first cycle has nothing to reset';
  return null;
}
