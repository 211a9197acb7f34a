import type { KnownBlock } from '@slack/types';
import type { MessageContent, MessageKind } from '../../src/domain/message.ts';
import { LIMITS, section } from '../blocks/elements.ts';
import { fitMessage, type Part } from '../blocks/fit.ts';
import { clampText } from '../blocks/text.ts';
import type { MessageContext, RenderedContent } from '../types.ts';

export type ContentOf<K extends MessageKind> = Extract<MessageContent, { kind: K }>;
export type Renderer<K extends MessageKind> = (content: ContentOf<K>, context: MessageContext) => RenderedContent;
/** The renderers of some kinds; a group's keys must be exactly its kinds. */
export type Renderers<K extends MessageKind> = { [Kind in K]: Renderer<Kind> };

/** A message that never changes: its first line is the fallback, too. */
export function said(text: string, ...parts: readonly Part[]): RenderedContent {
  const blocks: KnownBlock[] = fitMessage([section(text), ...parts]);
  return { text: clampText(text, LIMITS.fallbackText), blocks, settled: true };
}
