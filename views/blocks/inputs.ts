import type {
  InputBlock,
  InputBlockElement,
  PlainTextInput,
  PlainTextOption,
  RadioButtons,
  StaticSelect,
} from '@slack/types';
import { INPUT_ACTIONS } from '../ids.ts';
import { LIMITS, option, plain } from './elements.ts';
import { clampText } from './text.ts';

/** Inputs of the modals. Their block ids are what errors are shown under. */

export interface InputOptions {
  hint?: string | undefined;
  optional?: boolean;
  /** its change arrives as block_actions */
  dispatch?: boolean;
}

export function input(
  blockId: string,
  label: string,
  element: InputBlockElement,
  options: InputOptions = {},
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label, LIMITS.labelText),
    element,
    optional: options.optional ?? false,
    ...(options.hint ? { hint: plain(options.hint, LIMITS.labelText) } : {}),
    ...(options.dispatch ? { dispatch_action: true } : {}),
  };
}

export const REASON_MAX = 1_000;

export function textInput(options: {
  initial?: string | undefined;
  placeholder?: string | undefined;
  multiline?: boolean;
  max?: number;
}): PlainTextInput {
  const max = options.max ?? REASON_MAX;
  return {
    type: 'plain_text_input',
    action_id: INPUT_ACTIONS.value,
    max_length: max,
    ...(options.multiline ? { multiline: true } : {}),
    ...(options.initial ? { initial_value: clampText(options.initial, max) } : {}),
    ...(options.placeholder ? { placeholder: plain(options.placeholder, 150) } : {}),
  };
}

export interface Choice {
  label: string;
  value: string;
}

/** `initial` is a value among the choices; at most 100 choices are shown, the initial one always. */
export function select(actionId: string, choices: readonly Choice[], initial: string | null): StaticSelect {
  const chosen = choices.find((choice) => choice.value === initial);
  const rest = choices.filter((choice) => choice !== chosen);
  const shown = chosen && choices.indexOf(chosen) >= LIMITS.options ? [chosen, ...rest] : choices;
  const options = shown.slice(0, LIMITS.options).map(asOption);
  return {
    type: 'static_select',
    action_id: actionId,
    options,
    ...(chosen ? { initial_option: asOption(chosen) } : {}),
  };
}

export function radio(choices: readonly Choice[], initial: string): RadioButtons {
  const chosen = choices.find((choice) => choice.value === initial);
  return {
    type: 'radio_buttons',
    action_id: INPUT_ACTIONS.value,
    options: choices.map(asOption),
    ...(chosen ? { initial_option: asOption(chosen) } : {}),
  };
}

function asOption(choice: Choice): PlainTextOption {
  return option(choice.label, choice.value);
}
