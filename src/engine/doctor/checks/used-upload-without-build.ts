import { allTasks } from '../../../domain/tasks.ts';
import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** A used upload is a build record of the task that used it (Spec 3.1). Of a task that is gone another check tells. */
export const usedUploadWithoutBuild: ReleaseCheck = {
  id: 'used-upload-without-build',
  expects: 'every used upload has its build record',
  byHand: 'retry the task if it failed; otherwise compare the upload with what the task claimed',
  ofRelease(release, { now }) {
    const { stored, uploads, builds, tenantId, id: releaseId } = release;
    if (!stored) return [];
    const tasks = new Map(allTasks(stored.release).map((task) => [task.id, task]));
    return uploads.flatMap((upload) => {
      const task = upload.usedByTaskId === null ? undefined : tasks.get(upload.usedByTaskId);
      if (!upload.isUsed || !task || upload.updatedAt >= before(now, GRACE_MS)) return [];
      if (builds.some((build) => build.taskId === task.id && build.platform === upload.platform)) return [];
      const isClaimed = Object.values(task.claimedUploads ?? {}).includes(upload.id);
      const text = `Upload ${upload.id} (${upload.fileName}) is used by ${task.id}, which has no build for ${upload.platform}; expected the build record made of it.`;
      const insert = { kind: 'INSERT_BUILD', tenantId, releaseId, uploadId: upload.id, taskId: task.id } as const;
      return [about(release, 'error', upload.id, text, isClaimed ? insert : null)];
    });
  },
};
