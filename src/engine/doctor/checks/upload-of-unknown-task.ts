import { allTasks } from '../../../domain/tasks.ts';
import { about, before, GRACE_MS, type ReleaseCheck } from '../finding.ts';

export const uploadOfUnknownTask: ReleaseCheck = {
  id: 'upload-of-unknown-task',
  expects: 'an upload is used by a task of its release',
  byHand:
    'the task was removed by hand: restore the release document from a backup, or leave it if the release has ended',
  ofRelease(release, { now }) {
    const { stored } = release;
    if (!stored) return [];
    const known = new Set(allTasks(stored.release).map((task) => task.id));
    return release.uploads
      .filter(({ isUsed, usedByTaskId, updatedAt }) => {
        return isUsed && !known.has(usedByTaskId ?? '') && updatedAt < before(now, GRACE_MS);
      })
      .map(({ id, fileName, usedByTaskId }) => {
        const text = `Upload ${id} (${fileName}) is used by ${usedByTaskId ?? 'no task'}, which the release does not have.`;
        return about(release, 'error', id, text);
      });
  },
};
