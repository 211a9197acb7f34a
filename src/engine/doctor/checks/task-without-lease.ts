import { activeTasks } from '../../../domain/tasks.ts';
import { about, type ReleaseCheck } from '../finding.ts';

/** A running task is held by somebody, or its release is looked at again. A release that people stopped waits for them. */
export const taskWithoutLease: ReleaseCheck = {
  id: 'task-without-lease',
  expects: 'a task is IN_PROGRESS only while somebody holds its release or its release will be looked at',
  byHand: 'pause and resume the release, or retry the task',
  ofRelease(release) {
    const { stored } = release;
    if (!stored || stored.lease || stored.nextWakeAt || release.defect) return [];
    if (stored.release.status !== 'IN_PROGRESS' || stored.release.cron.pauseType === 'AWAITING_STAGE_TRIGGER')
      return [];
    return activeTasks(stored.release)
      .filter((task) => task.status === 'IN_PROGRESS')
      .map((task) => {
        const text = `Task ${task.id} is IN_PROGRESS, but nobody holds its release and nobody will look at it again; expected a lease or a time to wake.`;
        return about(release, 'error', task.id, text, { kind: 'WAKE', releaseId: release.id });
      });
  },
};
