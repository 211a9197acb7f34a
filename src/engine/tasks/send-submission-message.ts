import { message } from '../../domain/change.ts';
import { outputOf } from '../../domain/tasks.ts';
import type { TaskHandler } from './handler.ts';

/** SEND_SUBMISSION_MESSAGE (stage 4): announces what was submitted. Spec 1.5. */
export const sendSubmissionMessage: TaskHandler<'SEND_SUBMISSION_MESSAGE'> = {
  type: 'SEND_SUBMISSION_MESSAGE',
  async run({ release }) {
    const types = ['SUBMIT_TO_PLAY_STORE', 'SUBMIT_TO_APP_STORE', 'PUBLISH_WEB'] as const;
    const platforms = types.flatMap((type) => {
      const done = outputOf(release.tasks, type);
      const target = release.targets.find((candidate) => candidate.platform === done?.platform);
      return done && target
        ? [{ platform: done.platform, version: target.version, confirmedBy: done.confirmedBy }]
        : [];
    });
    const draft = message(release, 'submitted', { kind: 'SUBMITTED', platforms }, { broadcast: true });
    return { kind: 'done', output: { messageKey: draft.key }, messages: [draft] };
  },
};
