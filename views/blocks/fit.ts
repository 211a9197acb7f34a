import type { KnownBlock } from '@slack/types';
import { LIMITS, section } from './elements.ts';

/** A list of lines that may lose its tail when a message is too big. Lines are mrkdwn, escaped already. */
export interface ListPart {
  kind: 'list';
  title: string | null;
  lines: string[];
  /** how many more there are beyond `lines` */
  omitted: number;
}
/** What a message is made of; null parts are left out. */
export type Part = KnownBlock | ListPart | null;

export function list(title: string | null, lines: readonly string[], omitted = 0): ListPart | null {
  return lines.length === 0 && omitted === 0 ? null : { kind: 'list', title, lines: [...lines], omitted };
}

/**
 * Turns parts into at most `maxBlocks` blocks of at most `maxChars` characters of JSON. The tails of lists go first
 * (`... and N more`), then blocks from the end; a row of buttons is never dropped.
 */
export function fitMessage(
  parts: readonly Part[],
  maxBlocks: number = LIMITS.messageBlocks,
  maxChars: number = LIMITS.messageJsonChars,
): KnownBlock[] {
  const kept = parts
    .filter((part) => part !== null)
    .map((part) => (isList(part) ? { ...part, lines: [...part.lines] } : part));
  let blocks = expand(kept);
  while (isTooBig(blocks, maxBlocks, maxChars)) {
    const longest = kept.filter(isList).reduce<ListPart | null>(longer, null);
    if (!longest) return dropFromEnd(blocks, maxBlocks, maxChars);
    const surplus = Math.max(1, Math.floor(longest.lines.length / 10));
    longest.lines.splice(-surplus);
    longest.omitted += surplus;
    blocks = expand(kept);
  }
  return blocks;
}

function isList(part: KnownBlock | ListPart): part is ListPart {
  return 'kind' in part && part.kind === 'list';
}

function isTooBig(blocks: readonly KnownBlock[], maxBlocks: number, maxChars: number): boolean {
  return blocks.length > maxBlocks || JSON.stringify(blocks).length > maxChars;
}

/** The list with more text, if it still has a line to give. */
function longer(best: ListPart | null, next: ListPart): ListPart | null {
  if (next.lines.length === 0) return best;
  return best && size(best) >= size(next) ? best : next;
}

function size(part: ListPart): number {
  return part.lines.reduce((sum, line) => sum + line.length, 0);
}

function expand(parts: readonly (KnownBlock | ListPart)[]): KnownBlock[] {
  return parts.flatMap((part) => (isList(part) ? listBlocks(part) : [part]));
}

function listBlocks(part: ListPart): KnownBlock[] {
  const lines = [...(part.title ? [`*${part.title}*`] : []), ...part.lines];
  if (part.omitted > 0) lines.push(`_… and ${part.omitted} more_`);
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + line.length + 1 <= LIMITS.sectionText)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts.map((text) => section(text));
}

function dropFromEnd(blocks: KnownBlock[], maxBlocks: number, maxChars: number): KnownBlock[] {
  const kept = [...blocks];
  while (isTooBig(kept, maxBlocks, maxChars)) {
    const at = kept.findLastIndex((block) => block.type !== 'actions');
    if (at < 0) return kept.slice(0, maxBlocks);
    kept.splice(at, 1);
  }
  return kept;
}
