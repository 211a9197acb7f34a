import type { AlertContent, MessageContent, MessageKind } from '../../src/domain/message.ts';
import { list } from '../blocks/fit.ts';
import { peopleText } from '../blocks/text.ts';
import type { MessageContext, RenderedContent } from '../types.ts';
import { buildMessages } from './builds.ts';
import { type Renderers, said } from './compose.ts';
import { decisionMessages } from './decisions.ts';
import { livingMessages } from './living.ts';
import { progressMessages } from './progress.ts';

const ALERT_CHARS = 500;
const ALERT_LINE_CHARS = 400;

/** Every kind of message has its renderer: leaving one out does not compile. */
const RENDERERS: Renderers<MessageKind> = {
  ...livingMessages,
  ...progressMessages,
  ...buildMessages,
  ...decisionMessages,
};

/** Turns what the bot means into Block Kit. Pure: the same release, content and time, the same message (Spec 6.4). */
export function renderMessage(content: MessageContent, context: MessageContext): RenderedContent {
  return render(RENDERERS, content, context);
}

/** What admins are told; it says everything by itself. */
export function renderAlert({ text, lines }: AlertContent): RenderedContent {
  return said(
    `🚨 ${peopleText(text, ALERT_CHARS)}`,
    list(
      null,
      lines.map((line) => `• ${peopleText(line, ALERT_LINE_CHARS)}`),
    ),
  );
}

/** The type checker cannot follow that a record's entry fits its own key; the record above holds it. */
function render<K extends MessageKind>(
  renderers: Renderers<K>,
  content: Extract<MessageContent, { kind: K }>,
  context: MessageContext,
): RenderedContent {
  const renderer: (content: Extract<MessageContent, { kind: K }>, context: MessageContext) => RenderedContent =
    renderers[content.kind as K];
  return renderer(content, context);
}
