import type { Json, SlackEphemeral, SlackMessage, SlackView } from '../types.ts';
import { elementsOf, isRecord, type Placed } from './state.ts';

/** What a person can act on. */
export type Target = SlackMessage | SlackEphemeral | SlackView;

/**
 * Which element: its label (button text, input label) or action id as a string, or any of the parts. For a button
 * `value` chooses among several with the same action id.
 */
export type ElementRef = string | { actionId?: string; blockId?: string; label?: string; value?: string };

const plain = (value: unknown): string => (isRecord(value) && typeof value['text'] === 'string' ? value['text'] : '');

/** What is written on or beside an element. */
export function labelOf(placed: Placed): string {
  if (placed.type === 'button') return plain(placed.element['text']);
  if (placed.block['type'] === 'input') return plain(placed.block['label']);
  return plain(placed.element['placeholder']) || plain(placed.block['text']) || placed.actionId;
}

export function describe(placed: Placed): string {
  const value = placed.element['value'];
  const shown = typeof value === 'string' ? ` value=${value}` : '';
  return `"${labelOf(placed)}" (${placed.type} ${placed.blockId}/${placed.actionId}${shown})`;
}

function matches(placed: Placed, ref: ElementRef): boolean {
  if (typeof ref === 'string') {
    return [labelOf(placed), placed.actionId, placed.blockId, `${placed.blockId}.${placed.actionId}`].includes(ref);
  }
  if (ref.actionId !== undefined && ref.actionId !== placed.actionId) return false;
  if (ref.blockId !== undefined && ref.blockId !== placed.blockId) return false;
  if (ref.label !== undefined && ref.label !== labelOf(placed)) return false;
  return ref.value === undefined || ref.value === placed.element['value'];
}

/** The one element meant; an error says what there is to choose from. */
export function findElement(blocks: Json[], ref: ElementRef, types?: readonly string[]): Placed {
  const candidates = elementsOf(blocks).filter((placed) => !types || types.includes(placed.type));
  const found = candidates.filter((placed) => matches(placed, ref));
  const [only, second] = found;
  if (only && !second) return only;
  const wanted = typeof ref === 'string' ? `"${ref}"` : JSON.stringify(ref);
  const there = candidates.map(describe).join('; ') || 'nothing';
  throw new Error(`${second ? 'More than one element is' : 'No element is'} ${wanted}; there is ${there}`);
}

export const isView = (target: Target): target is SlackView => 'hash' in target;
export const isEphemeral = (target: Target): target is SlackEphemeral => 'source' in target && 'via' in target;
