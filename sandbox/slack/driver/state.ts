import type { Json } from '../types.ts';

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An element a person can act on, with the block it stands in. */
export interface Placed {
  block: Json;
  blockId: string;
  element: Json;
  actionId: string;
  type: string;
}

function place(block: Json, element: unknown): Placed[] {
  if (!isRecord(element) || typeof element['action_id'] !== 'string') return [];
  return [
    {
      block,
      blockId: String(block['block_id']),
      element,
      actionId: element['action_id'],
      type: String(element['type']),
    },
  ];
}

/** All interactive elements of the blocks in reading order. */
export function elementsOf(blocks: Json[]): Placed[] {
  return blocks.flatMap((block) => {
    if (block['type'] === 'input') return place(block, block['element']);
    if (block['type'] === 'section') return place(block, block['accessory']);
    if (block['type'] !== 'actions' || !Array.isArray(block['elements'])) return [];
    return block['elements'].flatMap((element) => place(block, element));
  });
}

const EMPTY: Record<string, (element: Json) => Json> = {
  plain_text_input: (element) => ({ value: element['initial_value'] ?? null }),
  email_text_input: (element) => ({ value: element['initial_value'] ?? null }),
  url_text_input: (element) => ({ value: element['initial_value'] ?? null }),
  number_input: (element) => ({ value: element['initial_value'] ?? null }),
  rich_text_input: (element) => ({ rich_text_value: element['initial_value'] ?? null }),
  static_select: (element) => ({ selected_option: element['initial_option'] ?? null }),
  external_select: (element) => ({ selected_option: element['initial_option'] ?? null }),
  radio_buttons: (element) => ({ selected_option: element['initial_option'] ?? null }),
  checkboxes: (element) => ({ selected_options: element['initial_options'] ?? [] }),
  multi_static_select: (element) => ({ selected_options: element['initial_options'] ?? [] }),
  multi_external_select: (element) => ({ selected_options: element['initial_options'] ?? [] }),
  users_select: (element) => ({ selected_user: element['initial_user'] ?? null }),
  multi_users_select: (element) => ({ selected_users: element['initial_users'] ?? [] }),
  channels_select: (element) => ({ selected_channel: element['initial_channel'] ?? null }),
  multi_channels_select: (element) => ({ selected_channels: element['initial_channels'] ?? [] }),
  conversations_select: (element) => ({ selected_conversation: element['initial_conversation'] ?? null }),
  multi_conversations_select: (element) => ({ selected_conversations: element['initial_conversations'] ?? [] }),
  datepicker: (element) => ({ selected_date: element['initial_date'] ?? null }),
  timepicker: (element) => ({ selected_time: element['initial_time'] ?? null }),
  datetimepicker: (element) => ({ selected_date_time: element['initial_date_time'] ?? null }),
  file_input: () => ({ files: [] }),
};

/** What Slack's `state.values` holds before the person has touched anything. Buttons and overflow hold nothing. */
export function initialState(blocks: Json[]): Record<string, Record<string, Json>> {
  const state: Record<string, Record<string, Json>> = {};
  for (const { blockId, actionId, type, element } of elementsOf(blocks)) {
    const empty = EMPTY[type];
    if (!empty) continue;
    state[blockId] = { ...state[blockId], [actionId]: { type, ...structuredClone(empty(element)) } };
  }
  return state;
}

/** Whether a state value counts as not filled in. */
export function isBlank(value: Json | undefined): boolean {
  if (!value) return true;
  const { type: _type, ...rest } = value;
  return Object.values(rest).every(
    (entry) => entry === null || entry === undefined || entry === '' || (Array.isArray(entry) && entry.length === 0),
  );
}
