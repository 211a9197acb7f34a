import { context, LIMITS, section } from './blocks/elements.ts';
import { clampText, code, escapeText, peopleText } from './blocks/text.ts';
import type { Rendered } from './types.ts';

/** A rule said no: its sentence, and one line for each faulty input. */
export function refusalMessage(refusal: {
  code: string;
  message: string;
  fields: Readonly<Record<string, string>>;
}): Rendered {
  const message = mentions(escapeText(clampText(refusal.message, 1_500)));
  const faults = Object.entries(refusal.fields)
    .filter(([, fault]) => fault !== refusal.message)
    .slice(0, 20)
    .map(([field, fault]) => `• ${code(field, 60)} ${peopleText(fault, 200)}`);
  return plainMessage([message, ...faults].join('\n'));
}

/** Refusals name people as `@U01ALICE`. Only the one who asked sees the answer, so nobody is called by it. */
function mentions(escaped: string): string {
  return escaped
    .replace(/(?<!\S)@([UW][A-Z0-9]{2,})\b/g, '<@$1>')
    .replace(/(?<!\S)@(S[A-Z0-9]{2,})\b/g, '<!subteam^$1>');
}

/** Our bug, or a provider that is down: nothing was decided, so trying again is safe. `reference` is what the log has. */
export function faultMessage(reference: string): Rendered {
  const text = 'Something went wrong on our side and nothing more was done. Please try again in a minute.';
  return { text, blocks: [section(text), context(`For the administrator: ${code(reference, 80)}`)] };
}

export function unknownVerb(verb: string, nearest: string | null): Rendered {
  const known = `${code('/release help')} shows what can be done.`;
  const guess = nearest ? `Did you mean ${code(`/release ${nearest}`)}? ` : '';
  return plainMessage(`There is no ${code(`/release ${verb}`, 60)}. ${guess}${known}`);
}

/** `text` is ours; people's words in it are escaped by the caller. */
export function plainMessage(text: string): Rendered {
  return { text: clampText(text, LIMITS.fallbackText), blocks: [section(text)] };
}
