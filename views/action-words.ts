import type { Release } from '../src/domain/release.ts';
import { type Action, actionsOf, derivePhase } from '../src/domain/status.ts';

/** Actions in a person's words, as they follow "to" and "you cannot". */
export const ACTION_WORDS: Record<Action, string> = {
  START: 'start',
  PAUSE: 'pause',
  RESUME: 'resume',
  ARCHIVE: 'archive',
  TRIGGER_STAGE_2: 'start the regression',
  TRIGGER_STAGE_3: 'approve the pre-release',
  TRIGGER_STAGE_4: 'approve the submission',
  ABANDON_CYCLE: 'abandon the cycle',
  SKIP_REMAINING_CYCLES: 'skip the remaining cycles',
  RETRY_TASK: 'retry the failed task',
  SKIP_TASK: 'skip the failed task',
};

/** The way on, after a refusal. */
export function possibleNow(release: Release): string {
  const words = actionsOf(derivePhase(release)).map((action) => ACTION_WORDS[action]);
  return words.length > 0 ? `Possible now: ${words.join(', ')}.` : 'Nothing has to be decided now.';
}
