import { allTasks } from '../../../domain/tasks.ts';
import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

/** A manual build was made of an upload that its task claimed and used (Spec 3.1). */
export const buildWithoutUpload: ReleaseCheck = {
  id: 'build-without-upload',
  expects: 'every manual build was made of an upload that is marked as used by its task',
  byHand: 'compare the build with the uploads of its release: one of the two records was changed or removed by hand',
  ofRelease(release, { now }) {
    const { stored, uploads, builds } = release;
    if (!stored) return [];
    const tasks = new Map(allTasks(stored.release).map((task) => [task.id, task]));
    return builds.flatMap((build) => {
      if (build.buildType !== 'MANUAL' || build.createdAt >= before(now, GRACE_MS)) return [];
      const of = `Build ${build.id} for ${build.platform}`;
      const say = (text: string) => [about(release, 'error', build.id, text)];
      if (!tasks.has(build.taskId))
        return say(`${of} belongs to task ${build.taskId}, which the release does not have.`);
      const used = uploads.some(
        ({ isUsed, usedByTaskId, platform }) => isUsed && usedByTaskId === build.taskId && platform === build.platform,
      );
      return used
        ? []
        : say(`${of} has no upload that is marked as used by ${build.taskId}; expected the one it was made of.`);
    });
  },
};
