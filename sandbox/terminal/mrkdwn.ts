import { DateTime } from 'luxon';

/** What the reader's terminal needs to know to show Slack text. */
export interface Reader {
  userName(id: string): string;
  channelName(id: string): string;
  groupName(id: string): string;
  /** The number a message has on the screen, or null when there is no such message. */
  messageNumber(channel: string, ts: string): number | null;
  /** IANA zone of the reader. */
  tz: string;
  /** For "today" and "ago". */
  now: Date;
  /** ANSI styles on or off. */
  color: boolean;
}

const EMOJI: Record<string, string> = {
  rocket: '🚀',
  white_check_mark: '✅',
  heavy_check_mark: '✔',
  x: '❌',
  warning: '⚠',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  package: '📦',
  tada: '🎉',
  lock: '🔒',
  unlock: '🔓',
  no_entry: '⛔',
  red_circle: '🔴',
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  white_circle: '⚪',
  large_blue_circle: '🔵',
  arrow_right: '→',
  bell: '🔔',
  calendar: '📅',
  snowflake: '❄',
  pause_button: '⏸',
  double_vertical_bar: '⏸',
  arrow_forward: '▶',
  fast_forward: '⏩',
  hammer_and_wrench: '🛠',
  inbox_tray: '📥',
  outbox_tray: '📤',
  eyes: '👀',
  wave: '👋',
};

export const bold = (text: string, color: boolean): string => (color ? `\u001b[1m${text}\u001b[22m` : text);
export const dim = (text: string, color: boolean): string => (color ? `\u001b[2m${text}\u001b[22m` : text);

function pretty(at: DateTime, now: DateTime, format: string): string {
  const days = at.startOf('day').diff(now.startOf('day'), 'days').days;
  const near = days === 0 ? 'today' : days === 1 ? 'tomorrow' : days === -1 ? 'yesterday' : null;
  return near ?? at.toFormat(format);
}

const DATE_FORMATS: Record<string, (at: DateTime, now: DateTime) => string> = {
  date_num: (at) => at.toFormat('yyyy-MM-dd'),
  date_slash: (at) => at.toFormat('MM/dd/yyyy'),
  date: (at) => at.toFormat('MMMM d, yyyy'),
  date_short: (at) => at.toFormat('MMM d, yyyy'),
  date_long: (at) => at.toFormat('cccc, MMMM d, yyyy'),
  date_pretty: (at, now) => pretty(at, now, 'MMMM d, yyyy'),
  date_short_pretty: (at, now) => pretty(at, now, 'MMM d, yyyy'),
  date_long_pretty: (at, now) => pretty(at, now, 'cccc, MMMM d, yyyy'),
  time: (at) => at.toFormat('HH:mm'),
  time_secs: (at) => at.toFormat('HH:mm:ss'),
  ago: (at, now) => at.toRelative({ base: now }) ?? '',
};

/** A `<!date^seconds^format|fallback>` token in the reader's zone. */
function dateToken(content: string, fallback: string, reader: Reader): string {
  const [, seconds, format] = content.split('^');
  const at = DateTime.fromSeconds(Number(seconds), { zone: reader.tz });
  if (!at.isValid || format === undefined) return fallback;
  const now = DateTime.fromJSDate(reader.now, { zone: reader.tz });
  const text = format.replace(/\{(\w+)\}/g, (whole, name: string) => DATE_FORMATS[name]?.(at, now) ?? whole);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const PERMALINK = /^https:\/\/[^/]+\/archives\/(\w+)\/p(\d{10})(\d{6})/;

/** A link to a message as what to type to get there. */
export function messageLink(content: string, reader: Reader): string | null {
  const [, channel, seconds, micros] = PERMALINK.exec(content) ?? [];
  const number = channel === undefined ? null : reader.messageNumber(channel, `${seconds}.${micros}`);
  return number === null ? null : `thread ${number}`;
}

function token(content: string, label: string | undefined, reader: Reader): string {
  if (content.startsWith('@')) return `@${reader.userName(content.slice(1))}`;
  if (content.startsWith('#')) return `#${label ?? reader.channelName(content.slice(1))}`;
  if (content.startsWith('!date^')) return dateToken(content, label ?? '', reader);
  if (content.startsWith('!subteam^')) return label ?? `@${reader.groupName(content.slice('!subteam^'.length))}`;
  if (content.startsWith('!')) return `@${label ?? content.slice(1)}`;
  if (content.startsWith('mailto:')) return label ?? content.slice('mailto:'.length);
  const link = messageLink(content, reader) ?? content;
  return label && label !== content ? `${label} (${link})` : link;
}

export function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

export function emoji(text: string): string {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => EMOJI[name] ?? whole);
}

/** Slack's mrkdwn as plain terminal text: names for ids, local times for date tokens, no markup characters. */
export function mrkdwn(text: string, reader: Reader): string {
  const words = text.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_whole, content: string, label?: string) =>
    token(content, label, reader),
  );
  const styled = words
    .replace(
      /(^|[\s(>•])\*([^*\n]+)\*(?=$|[\s.,:;!?)])/gm,
      (_whole, before: string, inner: string) => before + bold(inner, reader.color),
    )
    .replace(/(^|[\s(])_([^_\n]+)_(?=$|[\s.,:;!?)])/gm, '$1$2')
    .replace(/(^|[\s(])~([^~\n]+)~(?=$|[\s.,:;!?)])/gm, '$1$2')
    .replaceAll('```', '');
  return emoji(unescaped(styled));
}
