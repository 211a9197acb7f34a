import type { Json } from '../types.ts';
import { mintTs, type World } from '../world.ts';
import { type ElementRef, findElement, isView, type Target } from './find.ts';
import { isRecord, type Placed } from './state.ts';
import { chooseOption, optionsOf } from './values.ts';

/** The blocks a person sees on a target: now, or as they were in an earlier version still on their screen. */
function blocksSeen(target: Target, version?: number): Json[] {
  if (version === undefined) return target.blocks;
  if (isView(target)) throw new Error('Only messages keep versions to click on');
  const seen = target.versions.at(version);
  if (!seen) throw new Error(`There are ${target.versions.length} versions`);
  return seen.blocks;
}

export function pickButton(target: Target, ref: ElementRef, version?: number): Placed {
  return findElement(blocksSeen(target, version), ref, ['button']);
}

/** The `actions[0]` of a button. */
export function buttonAction({ element, blockId, actionId }: Placed): Json {
  const { text, value, style, url, confirm } = element;
  const parts = { text, value, style, url, confirm };
  const given = Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
  return { type: 'button', action_id: actionId, block_id: blockId, ...given };
}

export function overflowAction({ element, blockId, actionId }: Placed, wanted: unknown): Json {
  return {
    type: 'overflow',
    action_id: actionId,
    block_id: blockId,
    selected_option: chooseOption(optionsOf(element), wanted),
  };
}

/** The `actions[0]` of any element that holds a value. */
export function valueAction({ blockId, actionId, element }: Placed, held: Json): Json {
  const { initial_option, initial_options, placeholder } = element;
  const extra = Object.fromEntries(
    Object.entries({ initial_option, initial_options, placeholder }).filter(([, part]) => part !== undefined),
  );
  return { ...held, action_id: actionId, block_id: blockId, ...extra };
}

export function confirmOf({ element }: Placed): Json | null {
  return isRecord(element['confirm']) ? element['confirm'] : null;
}

/** The options of a block_suggestion answer. */
export function suggestionOptions(body: string): Json[] {
  const parsed: unknown = JSON.parse(body);
  return isRecord(parsed) ? optionsOf(parsed) : [];
}

export function suggestionPayload(world: World, common: Json, { blockId, actionId }: Placed, query: string): Json {
  return {
    ...common,
    type: 'block_suggestion',
    action_id: actionId,
    block_id: blockId,
    value: query,
    action_ts: mintTs(world),
  };
}
