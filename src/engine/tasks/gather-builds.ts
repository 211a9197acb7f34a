import type { Build, BuildStage } from '../../domain/build.ts';
import { flowTask, platformsOf, storeTypeOf } from '../../domain/flows/staged.ts';
import type { Platform, Release } from '../../domain/release.ts';
import type { BuildsOutput, Task } from '../../domain/task.ts';
import type { Upload } from '../../domain/upload.ts';
import { InvariantError, NotConfiguredError } from '../../shared/errors.ts';
import type { TaskContext, TaskHandler } from './handler.ts';

export type BuildTaskType =
  | 'TRIGGER_PRE_REGRESSION_BUILDS'
  | 'TRIGGER_REGRESSION_BUILDS'
  | 'TRIGGER_TEST_FLIGHT_BUILD'
  | 'CREATE_AAB_BUILD'
  | 'TRIGGER_WEB_BUILD';

/**
 * The builds of a task in manual mode: the claimed uploads are marked used and become build records, unique on task and
 * platform, so that a repeat finds them. Output { builds }. Spec 1.6, 3.1.
 */
export function gatherBuilds<T extends BuildTaskType>(type: T): TaskHandler<T> {
  return {
    type,
    async run(context) {
      if (!context.release.hasManualBuildUpload) {
        throw new NotConfiguredError('CI/CD integration not configured for this release');
      }
      const builds: BuildsOutput['builds'] = [];
      for (const platform of platformsOf(context.release, context.task)) {
        builds.push(await takeBuild(context, platform));
      }
      return { kind: 'done', output: { builds }, messages: [] };
    },
  };
}

async function takeBuild(
  context: TaskContext<BuildTaskType>,
  platform: Platform,
): Promise<BuildsOutput['builds'][number]> {
  const { release, task, repositories, now } = context;
  const uploadId = task.claimedUploads?.[platform];
  if (!uploadId) throw new InvariantError(`${task.id} runs without a claimed build for ${platform}`);
  const cycleId = cycleIdOf(release, task);
  const upload = await repositories.uploads.get(release.tenantId, uploadId);
  await repositories.uploads.markUsed(release.tenantId, uploadId, { taskId: task.id, cycleId, at: now });
  const build = await repositories.builds.ensure(buildOf(release, task, upload, now));
  return { platform, buildId: build.id, fileName: upload.fileName, sha256: upload.sha256, version: upload.version };
}

function cycleIdOf(release: Release, task: Task): string | null {
  return release.cycles.find((cycle) => cycle.number === task.cycleNumber)?.id ?? null;
}

function buildStageOf(task: Task): BuildStage {
  return flowTask(task.type).builds?.stage ?? 'REGRESSION';
}

/** The record of a used upload: the same, but for its time, whenever and by whomever it is made. */
export function buildOf(release: Release, task: Task, upload: Upload, now: Date): Build {
  return {
    id: `${task.id}.${upload.platform}`,
    tenantId: upload.tenantId,
    releaseId: upload.releaseId,
    regressionId: cycleIdOf(release, task),
    taskId: task.id,
    platform: upload.platform,
    storeType: storeTypeOf(task.type),
    buildStage: buildStageOf(task),
    buildType: 'MANUAL',
    buildNumber: upload.buildNumber,
    queueLocation: null,
    ciRunId: null,
    workflowStatus: null,
    buildUploadStatus: 'UPLOADED',
    artifactPath: upload.artifactPath,
    testflightNumber: null,
    fileName: upload.fileName,
    sizeBytes: upload.sizeBytes,
    sha256: upload.sha256,
    version: upload.version,
    createdAt: now,
    updatedAt: now,
  };
}
