import { failedTask } from '../src/domain/tasks.ts';
import { askReason } from './ask.ts';
import type { Verb } from './request.ts';
import { withRelease } from './resolve-release.ts';

/** `skip [release]`: asks why, then goes on without the failed task. */
export const skipTask: Verb = (engine, request) =>
  withRelease(engine, request, 'skip', async (release) => {
    const task = failedTask(release);
    return askReason(engine, request, 'skip-task', { releaseId: release.id, ...(task ? { taskId: task.id } : {}) });
  });
