import { message } from '../../domain/change.ts';
import { outputOf } from '../../domain/tasks.ts';
import type { TaskHandler } from './handler.ts';

/** SEND_KICKOFF_MESSAGE (stage 1): announces the kick-off; the message is born with the task's completion. Spec 1.3. */
export const sendKickoffMessage: TaskHandler<'SEND_KICKOFF_MESSAGE'> = {
  type: 'SEND_KICKOFF_MESSAGE',
  async run({ release }) {
    const branch = outputOf(release.tasks, 'FORK_BRANCH');
    const skipped = release.tasks
      .filter((task) => task.stage === 1 && task.status === 'SKIPPED' && task.type !== 'PRE_KICK_OFF_REMINDER')
      .map((task) => task.skip?.reason ?? task.type);
    const draft = message(
      release,
      'kickoff',
      {
        kind: 'KICKOFF',
        branch: release.branch,
        branchUrl: branch?.url ?? null,
        builds: outputOf(release.tasks, 'TRIGGER_PRE_REGRESSION_BUILDS')?.builds ?? [],
        skipped,
      },
      { broadcast: true },
    );
    return { kind: 'done', output: { messageKey: draft.key }, messages: [draft] };
  },
};
