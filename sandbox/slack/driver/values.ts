import { takeUpload } from '../files.ts';
import type { Json, SlackFile, UploadSource } from '../types.ts';
import { fileToWire } from '../wire.ts';
import { findChannel, findUser, type World } from '../world.ts';
import { isRecord, type Placed } from './state.ts';

export type FieldValue =
  | string
  | number
  | boolean
  | Date
  | null
  | string[]
  | Json
  | Json[]
  | UploadSource
  | UploadSource[];

const plain = (value: unknown): string => (isRecord(value) && typeof value['text'] === 'string' ? value['text'] : '');

/** The options of a static element, groups flattened. */
export function optionsOf(element: Json): Json[] {
  const groups = Array.isArray(element['option_groups']) ? element['option_groups'].filter(isRecord) : [];
  const grouped = groups.flatMap((group) => (Array.isArray(group['options']) ? group['options'].filter(isRecord) : []));
  return [...(Array.isArray(element['options']) ? element['options'].filter(isRecord) : []), ...grouped];
}

/** Among options that were looked up: the one asked for, or the only one there is. */
function chooseFound(options: Json[], wanted: unknown): Json {
  const [only] = options;
  return options.length === 1 && only ? structuredClone(only) : chooseOption(options, wanted);
}

export function chooseOption(options: Json[], wanted: unknown): Json {
  const asked = isRecord(wanted) ? wanted['value'] : wanted;
  const found =
    options.find((option) => option['value'] === asked) ?? options.find((option) => plain(option['text']) === asked);
  if (found) return structuredClone(found);
  const there = options.map((option) => `${plain(option['text'])} (${String(option['value'])})`).join(', ');
  throw new Error(`No option "${String(asked)}"; there are ${there}`);
}

function many(value: FieldValue): unknown[] {
  if (value === null) return [];
  return Array.isArray(value) ? value : [value];
}

async function uploaded(world: World, user: string, value: FieldValue): Promise<Json[]> {
  const files: SlackFile[] = [];
  for (const source of many(value)) {
    if (isRecord(source) && typeof source['id'] === 'string' && world.files.has(source['id'])) {
      files.push(world.files.get(source['id']) as SlackFile);
    } else {
      files.push(await takeUpload(world, user, source as UploadSource));
    }
  }
  return files.map((file) => fileToWire(world, file));
}

function fileNameFits(element: Json, file: Json): boolean {
  const types = Array.isArray(element['filetypes']) ? element['filetypes'] : [];
  return types.length === 0 || types.includes(file['filetype']);
}

async function fileState(world: World, user: string, element: Json, value: FieldValue): Promise<Json> {
  const files = await uploaded(world, user, value);
  const wrong = files.find((file) => !fileNameFits(element, file));
  if (wrong)
    throw new Error(
      `Slack does not let "${String(wrong['name'])}" be chosen: the field takes ${String(element['filetypes'])}`,
    );
  const max = typeof element['max_files'] === 'number' ? element['max_files'] : 10;
  if (files.length > max) throw new Error(`Slack lets at most ${max} files be chosen here`);
  return { files };
}

const userId = (world: World, value: unknown): string => findUser(world, String(value)).id;
const channelId = (world: World, value: unknown): string => findChannel(world, String(value)).id;

/** What Slack would hold in `state.values` after the person set the element to this value. */
export async function valueState(
  world: World,
  user: string,
  placed: Placed,
  value: FieldValue,
  suggest: (placed: Placed, query: string) => Promise<Json[]>,
): Promise<Json> {
  const { type, element } = placed;
  const one = async (choose: (given: unknown) => unknown) => (value === null ? null : choose(value));
  switch (type) {
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input':
      return { type, value: value === null || value === '' ? null : String(value) };
    case 'rich_text_input':
      return { type, rich_text_value: value };
    case 'static_select':
    case 'radio_buttons':
      return { type, selected_option: await one((given) => chooseOption(optionsOf(element), given)) };
    case 'checkboxes':
    case 'multi_static_select':
      return { type, selected_options: many(value).map((given) => chooseOption(optionsOf(element), given)) };
    case 'external_select': {
      if (value === null) return { type, selected_option: null };
      return { type, selected_option: chooseFound(await suggest(placed, String(value)), value) };
    }
    case 'multi_external_select': {
      const chosen: Json[] = [];
      for (const given of many(value)) chosen.push(chooseFound(await suggest(placed, String(given)), given));
      return { type, selected_options: chosen };
    }
    case 'users_select':
      return { type, selected_user: await one((given) => userId(world, given)) };
    case 'multi_users_select':
      return { type, selected_users: many(value).map((given) => userId(world, given)) };
    case 'channels_select':
      return { type, selected_channel: await one((given) => channelId(world, given)) };
    case 'multi_channels_select':
      return { type, selected_channels: many(value).map((given) => channelId(world, given)) };
    case 'conversations_select':
      return { type, selected_conversation: await one((given) => channelId(world, given)) };
    case 'multi_conversations_select':
      return { type, selected_conversations: many(value).map((given) => channelId(world, given)) };
    case 'datepicker':
      return { type, selected_date: value };
    case 'timepicker':
      return { type, selected_time: value, ...(element['timezone'] ? { timezone: element['timezone'] } : {}) };
    case 'datetimepicker':
      return { type, selected_date_time: value instanceof Date ? Math.floor(value.getTime() / 1000) : value };
    case 'file_input':
      return { type, ...(await fileState(world, user, element, value)) };
    default:
      throw new Error(`A person cannot set a value on a ${type}`);
  }
}
