import { decide } from './decide.actions.ts';
import type { ClickHandler } from './deps.ts';
import { TASK_ACTIONS } from './ids.ts';
import { openReason } from './reason-modal.actions.ts';

/** Buttons of a failed task and of a submission made by hand (Spec 1.5, 1.7). */

type TaskActionId = (typeof TASK_ACTIONS)[keyof typeof TASK_ACTIONS];

export const TASK_HANDLERS: Record<TaskActionId, ClickHandler> = {
  [TASK_ACTIONS.retry]: (deps, click) =>
    decide(deps, click, ({ releaseId, taskId }, context) =>
      deps.engine.retryTask({ releaseId, taskId: taskId ?? null }, context),
    ),
  [TASK_ACTIONS.skip]: (deps, click) => openReason(deps, click, 'skip-task'),
  [TASK_ACTIONS.confirmSubmission]: (deps, click) =>
    decide(deps, click, ({ releaseId, platform }, context) =>
      deps.engine.confirmSubmission({ releaseId, platform: platform ?? null }, context),
    ),
};
