import { DateTime } from 'luxon';
import { elementsOf, type FieldValue, type Json, type Placed, type SlackView } from '../slack/index.ts';
import { bold, dim, type Reader } from './mrkdwn.ts';
import { type Numbering, renderBlock, textOf } from './render.ts';

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** One numbered line of a form. */
export interface Field {
  number: number;
  placed: Placed;
  label: string;
  required: boolean;
  options: Json[];
}

export function fieldsOf(view: SlackView, reader: Reader): Field[] {
  return elementsOf(view.blocks)
    .filter((placed) => placed.block['type'] === 'input')
    .map((placed, index) => ({
      number: index + 1,
      placed,
      label: textOf(placed.block['label'], reader),
      required: placed.block['optional'] !== true,
      options: [
        ...records(placed.element['options']),
        ...records(placed.element['option_groups']).flatMap((group) => records(group['options'])),
      ],
    }));
}

function shown(value: unknown, reader: Reader): string {
  if (Array.isArray(value)) return value.map((entry) => shown(entry, reader)).join(', ');
  if (isRecord(value)) return textOf(value['text'], reader) || String(value['name'] ?? '');
  return String(value);
}

/** What a field holds now, in words; '' when it is empty. */
function heldValue(view: SlackView, { placed }: Field, reader: Reader): string {
  const held = view.state[placed.blockId]?.[placed.actionId] ?? {};
  const [entry] = Object.entries(held).filter(([name]) => name !== 'type' && name !== 'timezone');
  const value = entry?.[1];
  if (value === null || value === undefined) return '';
  if (entry?.[0] === 'selected_date_time') {
    return DateTime.fromSeconds(Number(value), { zone: reader.tz }).toFormat('yyyy-MM-dd HH:mm');
  }
  if (/users?$/.test(entry?.[0] ?? ''))
    return [value]
      .flat()
      .map((id) => `@${reader.userName(String(id))}`)
      .join(', ');
  if (/(channels?|conversations?)$/.test(entry?.[0] ?? '')) {
    return [value]
      .flat()
      .map((id) => `#${reader.channelName(String(id))}`)
      .join(', ');
  }
  return shown(value, reader);
}

const EXPECTED: Record<string, string> = {
  users_select: 'a person, e.g. bob',
  multi_users_select: 'people, e.g. alice, bob',
  channels_select: 'a channel, e.g. #releases',
  conversations_select: 'a channel, e.g. #releases',
  multi_channels_select: 'channels, e.g. #releases, #general',
  multi_conversations_select: 'channels, e.g. #releases, #general',
  datepicker: 'a day, e.g. 2026-03-02',
  timepicker: 'a time, e.g. 18:00',
  datetimepicker: 'a time, e.g. 2026-03-02 18:00, or +30m, +2h',
  file_input: 'a path, e.g. ./app.apk',
  number_input: 'a number',
  external_select: 'what to look for',
};

/** What can be typed into a field. */
export function expectation({ placed, options }: Field, reader: Reader): string {
  if (options.length > 0) {
    const several = /^(multi_|checkboxes)/.test(placed.type) ? 'some of, with commas: ' : 'one of: ';
    return several + options.map((option) => textOf(option['text'], reader)).join(' | ');
  }
  const known = EXPECTED[placed.type];
  const example = textOf(placed.element['placeholder'], reader);
  return known ?? (example === '' ? '' : `e.g. ${example}`);
}

/** A field with its value, what it takes, its hint and its error. */
export function fieldLines(view: SlackView, field: Field, reader: Reader): string[] {
  const held = heldValue(view, field, reader);
  const need = field.required ? ' (required)' : '';
  const lines = [
    `${bold(`${field.number}.`, reader.color)} ${field.label}${need}: ${held === '' ? '—' : held.replaceAll('\n', '⏎')}`,
  ];
  const expected = expectation(field, reader);
  if (expected !== '') lines.push(dim(`     ${expected}`, reader.color));
  const hint = textOf(field.placed.block['hint'], reader);
  if (hint !== '') lines.push(dim(`     ${hint}`, reader.color));
  const error = view.errors[field.placed.blockId];
  if (error !== undefined) lines.push(bold(`     ✗ ${error}`, reader.color));
  return lines;
}

/** A modal as a form with numbered fields. */
export function renderForm(view: SlackView, reader: Reader, number: Numbering): string[] {
  const fields = fieldsOf(view, reader);
  const body = view.blocks.flatMap((block) => {
    if (block['type'] !== 'input') return renderBlock(block, reader, number);
    return fields.filter((field) => field.placed.block === block).flatMap((field) => fieldLines(view, field, reader));
  });
  const ends = [
    fields.length > 0 ? 'set 1 <value>' : null,
    view.submit ? `submit (${textOf(view.submit, reader)})` : null,
    `cancel (${textOf(view.close, reader) || 'Cancel'})`,
  ].filter((part) => part !== null);
  return [
    bold(`┌─ ${textOf(view.title, reader)} ─────────`, reader.color),
    ...body.map((line) => `│ ${line}`),
    `└─ ${dim(ends.join(' · '), reader.color)}`,
  ];
}

/** A field by number, label, block id or action id. */
export function findField(fields: Field[], name: string, reader: Reader): Field {
  const wanted = name.trim().toLowerCase();
  const names = (field: Field) => [String(field.number), field.label, field.placed.blockId, field.placed.actionId];
  const found =
    fields.find((field) => names(field).some((known) => known.toLowerCase() === wanted)) ??
    fields.find((field) => field.label.toLowerCase().startsWith(wanted));
  if (found) return found;
  const there = fields.map((field) => `${field.number} ${field.label}`).join(', ');
  throw new Error(`There is no field "${name}"; there are: ${there || `none (${reader.tz})`}`);
}

function option(options: Json[], raw: string, reader: Reader): string {
  const wanted = raw.trim().toLowerCase();
  const text = (entry: Json) => textOf(entry['text'], reader).toLowerCase();
  const starting = options.filter(
    (entry) => text(entry).startsWith(wanted) || String(entry['value']).toLowerCase().startsWith(wanted),
  );
  const found =
    options.find((entry) => text(entry) === wanted || String(entry['value']).toLowerCase() === wanted) ??
    (starting.length === 1 ? starting[0] : undefined);
  if (found) return String(found['value']);
  throw new Error(
    `"${raw.trim()}" is not offered; choose from: ${options.map((entry) => textOf(entry['text'], reader)).join(' | ')}`,
  );
}

const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function instant(raw: string, reader: Reader): Date {
  const relative = /^(?:in\s+)?\+?(\d+)\s*([smhd])$/.exec(raw.trim());
  if (relative) return new Date(reader.now.getTime() + Number(relative[1]) * (UNITS[relative[2] ?? 'm'] ?? 0));
  if (raw.trim() === 'now') return reader.now;
  for (const format of ['yyyy-MM-dd HH:mm', "yyyy-MM-dd'T'HH:mm"]) {
    const at = DateTime.fromFormat(raw.trim(), format, { zone: reader.tz });
    if (at.isValid) return at.toJSDate();
  }
  throw new Error(`"${raw.trim()}" is no time; type e.g. 2026-03-02 18:00 (${reader.tz}) or +30m`);
}

/** What was typed as the value the field takes; throws a sentence for the person. */
export function fieldValue(placed: Placed, options: Json[], raw: string, reader: Reader): FieldValue {
  const trimmed = raw.trim();
  const parts = trimmed
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const many = /^(multi_|checkboxes)/.test(placed.type);
  if (trimmed === '') return many || placed.type === 'file_input' ? [] : null;
  if (options.length > 0)
    return many ? parts.map((part) => option(options, part, reader)) : option(options, trimmed, reader);
  switch (placed.type) {
    case 'datetimepicker':
      return instant(trimmed, reader);
    case 'datepicker':
      if (!DateTime.fromISO(trimmed).isValid) throw new Error(`"${trimmed}" is no day; type e.g. 2026-03-02`);
      return trimmed;
    case 'timepicker':
      if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(trimmed)) throw new Error(`"${trimmed}" is no time; type e.g. 18:00`);
      return trimmed;
    case 'file_input':
      return parts.map((path) => ({ name: path.split('/').at(-1) ?? path, path }));
    default:
      return many ? parts : trimmed.replaceAll('\\n', '\n');
  }
}

const PAIR = /("(?<quoted>[^"]+)"|(?<bare>[^\s=]+))=("(?<text>[^"]*)"|(?<rest>.*?))(?=\s+(?:"[^"]+"|[^\s=]+)=|\s*$)/g;

/** `fill version=7.0.0 "Kick-off"="+10m"` as name and value pairs. */
export function parsePairs(text: string): [name: string, value: string][] {
  const pairs = [...text.matchAll(PAIR)].map((match): [string, string] => [
    match.groups?.['quoted'] ?? match.groups?.['bare'] ?? '',
    match.groups?.['text'] ?? match.groups?.['rest'] ?? '',
  ]);
  if (pairs.length === 0) throw new Error('Type fill <field>=<value>, e.g. fill version=7.0.0');
  return pairs;
}
