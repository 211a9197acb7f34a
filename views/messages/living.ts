import { gateCard } from '../gate-card.ts';
import { missedSlot } from '../missed-slot.ts';
import { releaseCard } from '../release-card.ts';
import { submissionConfirm } from '../submission-confirm.ts';
import { taskFailure } from '../task-failure.ts';
import type { Renderers } from './compose.ts';

/** Messages that are drawn from the release as it is, until they are settled (Spec 6.2, 6.4). */
export const livingMessages: Renderers<
  'ROOT_CARD' | 'GATE_CARD' | 'TASK_FAILED' | 'MISSED_SLOT' | 'CONFIRM_SUBMISSION'
> = {
  ROOT_CARD: (_content, { release, now, config }) => ({
    ...releaseCard(release, { now, config }),
    settled: release.status === 'COMPLETED' || release.status === 'ARCHIVED',
  }),
  GATE_CARD: ({ gateId }, { release, now }) => gateCard(release, gateId, now),
  TASK_FAILED: ({ taskId, failure }, { release }) => taskFailure(release, taskId, failure),
  MISSED_SLOT: (content, { release }) => missedSlot(release, content),
  CONFIRM_SUBMISSION: ({ taskId, platform }, { release }) => submissionConfirm(release, taskId, platform),
};
