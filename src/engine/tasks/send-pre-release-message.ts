import { message } from '../../domain/change.ts';
import { buildsAtGate } from '../../domain/gate-rules.ts';
import { releaseTag } from '../../domain/names.ts';
import { outputOf } from '../../domain/tasks.ts';
import type { TaskHandler } from './handler.ts';

/** SEND_PRE_RELEASE_MESSAGE (stage 3): the release notes and the builds that will be submitted. Spec 1.5. */
export const sendPreReleaseMessage: TaskHandler<'SEND_PRE_RELEASE_MESSAGE'> = {
  type: 'SEND_PRE_RELEASE_MESSAGE',
  async run({ release }) {
    const final = outputOf(release.tasks, 'CREATE_FINAL_RELEASE_NOTES');
    const draft = message(release, 'pre-release', {
      kind: 'PRE_RELEASE',
      tag: releaseTag(release.targets),
      notes: final,
      releaseUrl: final?.releaseUrl ?? null,
      builds: buildsAtGate(release, 'submission'),
    });
    return { kind: 'done', output: { messageKey: draft.key }, messages: [draft] };
  },
};
