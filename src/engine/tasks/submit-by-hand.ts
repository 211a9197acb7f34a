import type { Platform } from '../../domain/release.ts';
import { InvariantError } from '../../shared/errors.ts';
import type { TaskHandler } from './handler.ts';

export type SubmissionTaskType = 'SUBMIT_TO_APP_STORE' | 'SUBMIT_TO_PLAY_STORE' | 'PUBLISH_WEB';

/** A submission without a store integration: done when a person has said that it was made by hand. Spec 1.5. */
export function submitByHand<T extends SubmissionTaskType>(type: T, platform: Platform): TaskHandler<T> {
  return {
    type,
    async run({ task }) {
      if (!task.confirmation) throw new InvariantError(`${task.id} runs unconfirmed`);
      return { kind: 'done', output: { platform, confirmedBy: task.confirmation.by }, messages: [] };
    },
  };
}
