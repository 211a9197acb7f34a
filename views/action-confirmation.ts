import { awaitingGate } from '../src/domain/gate-rules.ts';
import { planOf } from '../src/domain/plan.ts';
import type { Release } from '../src/domain/release.ts';
import { type Action, deriveStatus } from '../src/domain/status.ts';
import { taskName } from '../src/domain/task-names.ts';
import { failedTask } from '../src/domain/tasks.ts';
import { actions, LIMITS, section } from './blocks/elements.ts';
import { fitMessage } from './blocks/fit.ts';
import { actionButton, dismissButton } from './blocks/release-buttons.ts';
import { planText, releaseName } from './blocks/release-parts.ts';
import { clampText, peopleText } from './blocks/text.ts';
import { notYet } from './gate-card.ts';
import { plainMessage } from './refusals.ts';
import type { Rendered } from './types.ts';

/** What a command that needs a confirmation answers: what will be written where, and the button that does it. */
export function actionConfirmation(action: Action, release: Release, now: Date): Rendered {
  const go = actionButton(action, release, true);
  const question = `${QUESTIONS[action]} ${releaseName(release)}?`;
  if (!go) return plainMessage(`${releaseName(release)}: ${notPossible(action, release, now)}`);
  return {
    text: clampText(question, LIMITS.fallbackText),
    blocks: fitMessage([
      section(`*${question}*`),
      section(planText(planOf(action, release))),
      actions([go, dismissButton(release)]),
    ]),
  };
}

/** Why there is no button to go on with. */
function notPossible(action: Action, release: Release, now: Date): string {
  const task = failedTask(release);
  if (action === 'SKIP_TASK' && task) {
    return `"${peopleText(taskName(task))}" cannot be skipped: the release needs it. It can be retried.`;
  }
  const gate = awaitingGate(release);
  if (gate && (action === 'TRIGGER_STAGE_3' || action === 'TRIGGER_STAGE_4')) return notYet(gate);
  return peopleText(deriveStatus(release, now).displayText);
}

const QUESTIONS: Record<Action, string> = {
  START: 'Start',
  PAUSE: 'Pause',
  RESUME: 'Resume',
  ARCHIVE: 'Archive',
  TRIGGER_STAGE_2: 'Start the regression of',
  TRIGGER_STAGE_3: 'Approve the pre-release of',
  TRIGGER_STAGE_4: 'Approve the submission of',
  ABANDON_CYCLE: 'Abandon the running cycle of',
  SKIP_REMAINING_CYCLES: 'Skip the remaining cycles of',
  RETRY_TASK: 'Retry the failed task of',
  SKIP_TASK: 'Skip the failed task of',
};
