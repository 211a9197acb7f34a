import { message } from '../../domain/change.ts';
import { findGate } from '../../domain/gate-rules.ts';
import type { TaskHandler } from './handler.ts';

/**
 * PRE_RELEASE_CHERRY_PICKS_REMINDER (stage 3): lists what was picked after the last RC, as the approvers saw it on the
 * gate; nothing picked: SKIPPED. Spec 1.5.
 */
export const preReleaseCherryPicksReminder: TaskHandler<'PRE_RELEASE_CHERRY_PICKS_REMINDER'> = {
  type: 'PRE_RELEASE_CHERRY_PICKS_REMINDER',
  async run({ release }) {
    const commits = findGate(release, 'preRelease')?.cherryPicks ?? [];
    if (commits.length === 0) return { kind: 'passed-over', reason: 'Nothing was picked after the last RC' };
    const draft = message(release, 'cherry-picks', { kind: 'CHERRY_PICKS', commits });
    return { kind: 'done', output: { commits }, messages: [draft] };
  },
};
