import type {
  ActionsBlock,
  ActionsBlockElement,
  Button,
  ConfirmationDialog,
  ContextBlock,
  DividerBlock,
  HeaderBlock,
  MrkdwnElement,
  Overflow,
  PlainTextElement,
  SectionBlock,
  SectionBlockAccessory,
} from '@slack/types';
import { clampText } from './text.ts';

/** Block Kit pieces that keep Slack's limits by themselves. */

export const LIMITS = {
  messageBlocks: 50,
  viewBlocks: 100,
  /** Slack fails somewhat above 13,000; undocumented */
  messageJsonChars: 12_000,
  fallbackText: 3_000,
  sectionText: 3_000,
  fieldText: 2_000,
  fields: 10,
  headerText: 150,
  contextElements: 10,
  contextText: 2_000,
  actionElements: 25,
  buttonText: 75,
  buttonValue: 2_000,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  optionText: 75,
  optionValue: 75,
  options: 100,
  overflowOptions: 5,
  labelText: 2_000,
  viewTitle: 24,
  privateMetadata: 3_000,
} as const;

export function plain(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: clampText(text, max) || ' ', emoji: true };
}

/** `verbatim`: Slack must not turn plain words into links or mentions. */
export function mrkdwn(text: string, max: number = LIMITS.sectionText): MrkdwnElement {
  return { type: 'mrkdwn', text: clampText(text, max) || ' ', verbatim: true };
}

export function header(text: string): HeaderBlock {
  return { type: 'header', text: plain(text, LIMITS.headerText) };
}

export function section(text: string, accessory?: SectionBlockAccessory): SectionBlock {
  return { type: 'section', text: mrkdwn(text), ...(accessory ? { accessory } : {}) };
}

/** Label and value pairs in two columns. */
export function fields(pairs: readonly (readonly [label: string, value: string])[]): SectionBlock {
  return {
    type: 'section',
    fields: pairs.slice(0, LIMITS.fields).map(([label, value]) => mrkdwn(`*${label}*\n${value}`, LIMITS.fieldText)),
  };
}

export function context(...lines: string[]): ContextBlock {
  return {
    type: 'context',
    elements: lines.slice(0, LIMITS.contextElements).map((line) => mrkdwn(line, LIMITS.contextText)),
  };
}

export function divider(): DividerBlock {
  return { type: 'divider' };
}

/** Null without elements: an actions block must not be empty. */
export function actions(elements: readonly ActionsBlockElement[]): ActionsBlock | null {
  return elements.length > 0 ? { type: 'actions', elements: elements.slice(0, LIMITS.actionElements) } : null;
}

export interface ButtonOptions {
  style?: 'primary' | 'danger' | undefined;
  confirm?: ConfirmationDialog | undefined;
  url?: string | undefined;
}

/** Throws when the value is too long: cutting it would make it name something else. */
export function button(actionId: string, label: string, value: string, options: ButtonOptions = {}): Button {
  if (value.length > LIMITS.buttonValue)
    throw new RangeError(`the value of ${actionId} has ${value.length} characters`);
  return {
    type: 'button',
    action_id: actionId,
    text: plain(label, LIMITS.buttonText),
    value,
    ...(options.style ? { style: options.style } : {}),
    ...(options.confirm ? { confirm: options.confirm } : {}),
    ...(options.url ? { url: options.url } : {}),
  };
}

/** `text` is mrkdwn of at most 300 characters; more is cut at the end. */
export function confirm(title: string, text: string, yes: string, style?: 'primary' | 'danger'): ConfirmationDialog {
  return {
    title: plain(title, LIMITS.confirmTitle),
    text: mrkdwn(text, LIMITS.confirmText),
    confirm: plain(yes, LIMITS.confirmButton),
    deny: plain('Cancel', LIMITS.confirmButton),
    ...(style ? { style } : {}),
  };
}

export function overflow(actionId: string, options: readonly { label: string; value: string }[]): Overflow {
  return {
    type: 'overflow',
    action_id: actionId,
    options: options.slice(0, LIMITS.overflowOptions).map(({ label, value }) => option(label, value)),
  };
}

export function option(
  label: string,
  value: string,
  description?: string,
): { text: PlainTextElement; value: string; description?: PlainTextElement } {
  if (value.length > LIMITS.optionValue) throw new RangeError(`option value ${value} is too long`);
  return {
    text: plain(label, LIMITS.optionText),
    value,
    ...(description ? { description: plain(description, LIMITS.optionText) } : {}),
  };
}
