import type { Json, SlackView } from '../types.ts';
import { elementsOf, isBlank, type Placed } from './state.ts';

function typedFault(placed: Placed, value: string): string | null {
  const { element, type } = placed;
  const min = typeof element['min_length'] === 'number' ? element['min_length'] : 0;
  const max = typeof element['max_length'] === 'number' ? element['max_length'] : 3000;
  if (type === 'plain_text_input' && value.length < min) return `Must be at least ${min} characters`;
  if (type === 'plain_text_input' && value.length > max) return `Must be at most ${max} characters`;
  if (type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(value)) return 'Please enter a valid email';
  if (type === 'url_text_input' && !/^https?:\/\/\S+$/.test(value)) return 'Please enter a valid URL';
  if (type === 'number_input') return numberFault(element, value);
  return null;
}

function numberFault(element: Json, value: string): string | null {
  const number = Number(value);
  if (Number.isNaN(number)) return 'Please enter a number';
  if (element['is_decimal_allowed'] !== true && !Number.isInteger(number)) return 'Please enter a whole number';
  if (element['min_value'] !== undefined && number < Number(element['min_value']))
    return `Must be at least ${element['min_value']}`;
  if (element['max_value'] !== undefined && number > Number(element['max_value']))
    return `Must be at most ${element['max_value']}`;
  return null;
}

/** What Slack's own client refuses to submit, by block_id: empty required fields, lengths, formats. */
export function clientFaults(view: SlackView): Record<string, string> {
  const faults: Record<string, string> = {};
  for (const placed of elementsOf(view.blocks)) {
    if (placed.block['type'] !== 'input') continue;
    const held = view.state[placed.blockId]?.[placed.actionId];
    if (isBlank(held)) {
      if (placed.block['optional'] !== true) faults[placed.blockId] = 'Please complete this required field.';
      continue;
    }
    const value = held?.['value'];
    const fault = typeof value === 'string' ? typedFault(placed, value) : null;
    if (fault) faults[placed.blockId] = fault;
  }
  return faults;
}
