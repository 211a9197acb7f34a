import { allTasks } from '../../../domain/tasks.ts';
import { about, type ReleaseCheck } from '../finding.ts';

/** What a live release points to, or a task has claimed, is there (Spec 3.1). The record is written before the pointer. */
export const stagedUploadWithoutRecord: ReleaseCheck = {
  id: 'staged-upload-without-record',
  expects: 'every upload that a live release points to has its record',
  byHand: 'hand the build in again: the new one replaces it',
  ofRelease(release) {
    if (!release.stored || !release.live) return [];
    const { stagedUploads } = release.stored.release;
    const claims = allTasks(release.stored.release).flatMap((task) =>
      Object.entries(task.claimedUploads ?? {}).map(([platform, uploadId]) => ({ by: task.id, platform, uploadId })),
    );
    const staged = stagedUploads.map(({ stage, platform, uploadId }) => ({ by: stage, platform, uploadId }));
    const known = new Set(release.uploads.map(({ id }) => id));
    return [...staged, ...claims]
      .filter(({ uploadId }) => !known.has(uploadId))
      .map(({ by, platform, uploadId }) => {
        const text = `Upload ${uploadId}, the one of ${by} for ${platform}, has no record; expected it among the uploads.`;
        return about(release, 'error', uploadId, text);
      });
  },
};
