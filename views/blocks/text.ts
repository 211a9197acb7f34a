/** Text for Slack. What people wrote never acts: it goes through `escapeText` (Spec 6.2). */

/** Characters that turn the reading direction of what follows: they would garble our own words around a title. */
const DIRECTION_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is removed
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;
const FIRST_STRONG_ISOLATE = '\u2068';
const POP_ISOLATE = '\u2069';

/** Escapes the three characters that Slack reads as markup. Right-to-left text is isolated so that it stays in place. */
export function escapeText(text: string): string {
  const clean = text.replace(CONTROLS, '').replace(DIRECTION_CONTROLS, '');
  const escaped = clean.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return RIGHT_TO_LEFT.test(escaped) ? `${FIRST_STRONG_ISOLATE}${escaped}${POP_ISOLATE}` : escaped;
}

/** One line of people's text, at most `max` characters before escaping. */
export function peopleText(text: string, max = 200): string {
  return escapeText(clampText(text.replace(/\s+/g, ' ').trim(), max));
}

/** People's text for a plain_text object, where nothing acts and nothing is escaped. */
export function plainPeopleText(text: string, max: number): string {
  return clampText(text.replace(CONTROLS, '').replace(DIRECTION_CONTROLS, '').replace(/\s+/g, ' ').trim(), max);
}

/** Several lines as a quotation, at most `max` characters before escaping. */
export function quote(text: string, max = 1000): string {
  return clampText(text.trim(), max)
    .split(/\r?\n/)
    .map((line) => `> ${escapeText(line)}`)
    .join('\n');
}

/** Cuts to `max` UTF-16 units with an ellipsis; never inside a surrogate pair, an entity or a `<...>` token. */
export function clampText(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = max - 1;
  const token = text.lastIndexOf('<', end - 1);
  if (token >= 0 && /^<[!@#h][^<>\n]*>/.test(text.slice(token)) && text.indexOf('>', token) >= end) end = token;
  const entity = text.lastIndexOf('&', end - 1);
  if (entity >= 0 && /^&(amp|lt|gt);/.test(text.slice(entity)) && text.indexOf(';', entity) >= end) end = entity;
  if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end -= 1;
  return `${text.slice(0, end)}…`;
}

/** Monospace; backticks inside would end it. */
export function code(text: string, max = 200): string {
  const inner = peopleText(text.replace(/`/g, "'"), max);
  return inner === '' ? '' : `\`${inner}\``;
}

/** A Slack user as a mention, an API token as code, the bot by name; anything else as escaped text. */
export function mention(who: string): string {
  if (/^[UW][A-Z0-9]{1,20}$/.test(who)) return `<@${who}>`;
  if (who === 'slipway') return 'Slipway';
  if (who.startsWith('token:')) return `API token ${code(who.slice('token:'.length), 80)}`;
  return peopleText(who, 100);
}

/** `a`, `a and b`, `a, b and c` */
export function joinWords(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

export function mentions(who: readonly string[]): string {
  return joinWords(who.map(mention));
}

/** An instant in the reader's own time zone; the fallback is UTC (Spec 6.4). */
export function dateToken(at: Date): string {
  return `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} {time}|${utcText(at)}>`;
}

/** `2026-11-24 14:00 UTC` */
function utcText(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A link with our own label or escaped people's text (a bar would end it); only http(s), otherwise the bare label. */
export function link(url: string | null | undefined, label: string): string {
  if (!url || !/^https?:\/\//i.test(url)) return label;
  return `<${url.replace(/[<>|\s]/g, (found) => encodeURIComponent(found)).replace(/&/g, '&amp;')}|${label.replaceAll('|', '¦') || 'open'}>`;
}

export function shortSha(sha: string): string {
  return sha.slice(0, 7);
}

/** `1.5 GiB`; binary units, one digit after the point below 100. */
export function bytesText(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let size = sizeBytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit]}`;
}

/** `5 min`, `3 h`, `2 days`: how long ago, for a person. */
export function ageText(since: Date, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - since.getTime()) / 60_000));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
