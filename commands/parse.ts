/** What was typed after `/release`, taken apart. */
export interface ParsedCommand {
  /** lower case; empty when nothing was typed */
  verb: string;
  args: string[];
  /** `--json` is `json` */
  flags: ReadonlySet<string>;
}

/** Quotes that keyboards put in place of the plain ones. */
const QUOTES: Record<string, string> = { '"': '"', "'": "'", '“': '”', '”': '”', '‘': '’', '’': '’', '«': '»' };

/**
 * Splits at spaces; quotes keep words together (an unclosed one reaches to the end; an apostrophe inside a word is
 * none); `--word` is a flag, also where the keyboard made a dash of it. Slack's escapes are undone. Never throws.
 */
export function parseCommand(text: string): ParsedCommand {
  const words = split(withoutEscapes(text));
  const flags = new Set<string>();
  const rest: string[] = [];
  for (const { text: word, quoted } of words) {
    const flag = quoted ? null : /^(?:--|[—–])([a-z][a-z-]*)$/i.exec(word);
    if (flag?.[1]) flags.add(flag[1].toLowerCase());
    else rest.push(word);
  }
  const [verb = '', ...args] = rest;
  return { verb: verb.toLowerCase(), args, flags };
}

function withoutEscapes(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

function split(text: string): { text: string; quoted: boolean }[] {
  const words: { text: string; quoted: boolean }[] = [];
  let rest = text.trimStart();
  while (rest !== '') {
    const closing = QUOTES[rest.charAt(0)];
    const end = closing === undefined ? rest.search(/\s/) : rest.indexOf(closing, 1);
    const stop = end < 0 ? rest.length : end;
    words.push({ text: rest.slice(closing === undefined ? 0 : 1, stop), quoted: closing !== undefined });
    rest = rest.slice(closing === undefined || end < 0 ? stop : stop + 1).trimStart();
  }
  return words;
}

/** Writes arguments so that `parseCommand` reads the same ones back. */
export function joinArgs(args: readonly string[], flags: ReadonlySet<string> = new Set()): string {
  const quoted = args.map((arg) => (/^[^\s"'“”‘’«—–-]\S*$/.test(arg) ? arg : `"${arg.replace(/"/g, "'")}"`));
  return [...quoted, ...[...flags].map((flag) => `--${flag}`)].join(' ');
}
