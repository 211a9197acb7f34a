import { message } from '../../domain/change.ts';
import { rcTag } from '../../domain/names.ts';
import { outputOf } from '../../domain/tasks.ts';
import type { TaskHandler } from './handler.ts';

/** SEND_REGRESSION_BUILD_MESSAGE (cycle): notes and builds of the RC. Spec 1.4. */
export const sendRegressionBuildMessage: TaskHandler<'SEND_REGRESSION_BUILD_MESSAGE'> = {
  type: 'SEND_REGRESSION_BUILD_MESSAGE',
  async run({ release, task }) {
    const cycleNumber = task.cycleNumber ?? 0;
    const tasks = release.cycles.find((cycle) => cycle.number === cycleNumber)?.tasks ?? [];
    const draft = message(
      release,
      `c${cycleNumber}:regression-builds`,
      {
        kind: 'REGRESSION_BUILDS',
        cycleNumber,
        tag: outputOf(tasks, 'CREATE_RC_TAG')?.tag ?? rcTag(release.targets, cycleNumber),
        notes: outputOf(tasks, 'CREATE_RELEASE_NOTES'),
        builds: outputOf(tasks, 'TRIGGER_REGRESSION_BUILDS')?.builds ?? [],
      },
      { channel: 'builds' },
    );
    return { kind: 'done', output: { messageKey: draft.key }, messages: [draft] };
  },
};
