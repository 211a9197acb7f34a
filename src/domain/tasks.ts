import type { Cycle } from './cycle.ts';
import { flowTasksFor, platformsOf } from './flows/staged.ts';
import type { Platform, Release, StageNumber } from './release.ts';
import { isEnded, type Task, type TaskType } from './task.ts';
import type { StagedUpload, UploadStage } from './upload.ts';

/** Finding and replacing tasks inside the release document. */

export function newTask<T extends TaskType>(
  id: string,
  type: T,
  stage: StageNumber,
  cycleNumber: number | null,
): Task<T> {
  return {
    id,
    type,
    stage,
    cycleNumber,
    status: 'PENDING',
    attempts: 0,
    nextTryAt: null,
    startedAt: null,
    endedAt: null,
    output: null,
    error: null,
    skip: null,
    claimedUploads: null,
    missing: [],
    confirmation: null,
    announced: false,
  };
}

export function stageTasks(release: Release, stage: 1 | 3 | 4): Task[] {
  return flowTasksFor(release, `stage${stage}`).map(({ type }) =>
    newTask(`${release.id}.s${stage}.${type}`, type, stage, null),
  );
}

export function cycleTasks(release: Release, cycleNumber: number): Task[] {
  return flowTasksFor(release, 'cycle').map(({ type }) =>
    newTask(`${release.id}.c${cycleNumber}.${type}`, type, 2, cycleNumber),
  );
}

export function allTasks(release: Release): Task[] {
  const stages = (stage: StageNumber) => release.tasks.filter((task) => task.stage === stage);
  return [...stages(1), ...release.cycles.flatMap((cycle) => cycle.tasks), ...stages(3), ...stages(4)];
}

export function findTask(release: Release, taskId: string): Task | null {
  return allTasks(release).find((task) => task.id === taskId) ?? null;
}

/** The tasks that are worked on now: those of the running stage or cycle; empty between them. */
export function activeTasks(release: Release): Task[] {
  const { cron } = release;
  if (cron.stage4Status === 'IN_PROGRESS') return release.tasks.filter((task) => task.stage === 4);
  if (cron.stage3Status === 'IN_PROGRESS') return release.tasks.filter((task) => task.stage === 3);
  if (cron.stage2Status === 'IN_PROGRESS') {
    const cycle = release.cycles.at(-1);
    return cycle?.status === 'IN_PROGRESS' ? cycle.tasks : [];
  }
  if (cron.stage1Status === 'IN_PROGRESS') return release.tasks.filter((task) => task.stage === 1);
  return [];
}

/** The one task that is due, waiting or failed now. */
export function currentTask(release: Release): Task | null {
  return activeTasks(release).find((task) => !isEnded(task)) ?? null;
}

export function failedTask(release: Release): Task | null {
  return activeTasks(release).find((task) => task.status === 'FAILED') ?? null;
}

export function withTask(release: Release, taskId: string, patch: Partial<Task>): Release {
  const apply = (task: Task): Task => (task.id === taskId ? { ...task, ...patch } : task);
  return {
    ...release,
    tasks: release.tasks.map(apply),
    cycles: release.cycles.map((cycle) => ({ ...cycle, tasks: cycle.tasks.map(apply) })),
  };
}

export function withCycle(release: Release, cycleId: string, patch: Partial<Cycle>): Release {
  return {
    ...release,
    cycles: release.cycles.map((cycle) => (cycle.id === cycleId ? { ...cycle, ...patch } : cycle)),
  };
}

export function stagedUpload(release: Release, stage: UploadStage, platform: Platform): StagedUpload | null {
  return release.stagedUploads.find((staged) => staged.stage === stage && staged.platform === platform) ?? null;
}

/** Platforms of a build task for which no unused upload is staged. */
export function missingPlatforms(release: Release, task: Task, stage: UploadStage): Platform[] {
  return platformsOf(release, task).filter((platform) => !stagedUpload(release, stage, platform));
}

type OutputOf<T extends TaskType> = NonNullable<Task<T>['output']>;

/** The output of a COMPLETED task of this type among `tasks`; null otherwise. */
export function outputOf<T extends TaskType>(tasks: readonly Task[], type: T): OutputOf<T> | null {
  const task = tasks.find((candidate): candidate is Task<T> => candidate.type === type);
  return task?.status === 'COMPLETED' ? task.output : null;
}
