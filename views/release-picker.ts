import type { Release } from '../src/domain/release.ts';
import { deriveStatus } from '../src/domain/status.ts';
import { button, context, LIMITS, section } from './blocks/elements.ts';
import { fitMessage } from './blocks/fit.ts';
import { releaseName } from './blocks/release-parts.ts';
import { clampText, escapeText, peopleText, plural } from './blocks/text.ts';
import { encodePickValue, PICKER_ACTIONS } from './ids.ts';
import type { Rendered } from './types.ts';

const SHOWN = 15;

/** Asks which release is meant; each button goes on with `purpose` and `args`. `question` is our own sentence. */
export function releasePicker(data: {
  releases: Release[];
  purpose: string;
  args: string;
  question: string;
  now: Date;
}): Rendered {
  const { releases, purpose, now } = data;
  // A button's value holds 2,000 characters; what was typed is cut before it would not fit.
  const args = data.args.replace(/\p{Cc}/gu, ' ').slice(0, 800);
  const rows = releases.slice(0, SHOWN).map((release) => {
    const value = encodePickValue({ releaseId: release.id, purpose, args });
    const text = `*${releaseName(release)}*\n${peopleText(deriveStatus(release, now).displayText)}`;
    return section(text, button(PICKER_ACTIONS.choose, 'Choose', value));
  });
  const more = releases.length - SHOWN;
  const rest = more > 0 ? context(`… and ${plural(more, 'more release')}. Name the version to reach them.`) : null;
  const question = clampText(escapeText(data.question), LIMITS.fallbackText);
  return { text: question, blocks: fitMessage([section(question), ...rows, rest]) };
}
