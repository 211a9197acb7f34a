import { elementsOf, type Json, type Placed } from '../slack/index.ts';
import { bold, dim, emoji, messageLink, mrkdwn, type Reader, unescaped } from './mrkdwn.ts';

/** Gives an interactive element its number, or null where it is a form field that has its own. */
export type Numbering = (placed: Placed) => number | null;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const records = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isRecord) : []);

/** A text object as terminal text. */
export function textOf(value: unknown, reader: Reader): string {
  if (!isRecord(value) || typeof value['text'] !== 'string') return '';
  return value['type'] === 'mrkdwn' ? mrkdwn(value['text'], reader) : emoji(unescaped(value['text']));
}

/** `*Title*\nvalue` reads better on one line. */
function field(value: Json, reader: Reader): string {
  const [first = '', ...rest] = textOf(value, reader).split('\n');
  return rest.length === 0 ? first : `${first.replace(/:$/, '')}: ${rest.join(' ')}`;
}

function optionTexts(element: Json, reader: Reader): string {
  const groups = records(element['option_groups']).flatMap((group) => records(group['options']));
  return [...records(element['options']), ...groups].map((option) => textOf(option['text'], reader)).join(' | ');
}

const MARKS: Record<string, string> = { danger: '!', primary: '*' };

/** One interactive element: `[3] Approve`. */
function element(placed: Placed, reader: Reader, number: Numbering): string {
  const { type, element: given } = placed;
  const nth = number(placed);
  const tag = nth === null ? '' : bold(`[${nth}]`, reader.color);
  if (type === 'button') {
    const mark = MARKS[String(given['style'])] ?? '';
    const { url } = given;
    const link = typeof url === 'string' ? ` → ${messageLink(url, reader) ?? url}` : '';
    return `${tag} ${textOf(given['text'], reader)}${mark}${link}`;
  }
  const name = textOf(given['placeholder'], reader) || (type === 'overflow' ? 'More' : 'Choose');
  const options = optionTexts(given, reader);
  return `${tag} ${name} ▾${options === '' ? '' : ` (${options})`}`;
}

function richText(value: unknown): string {
  if (!isRecord(value)) return '';
  if (typeof value['text'] === 'string') return value['text'];
  if (value['type'] === 'link') return String(value['url']);
  if (value['type'] === 'user') return `@${String(value['user_id'])}`;
  const joiner = value['type'] === 'rich_text_list' ? '\n' : '';
  const bullet = value['type'] === 'rich_text_list' ? '• ' : '';
  return records(value['elements'])
    .map((entry) => bullet + richText(entry))
    .join(joiner);
}

function cells(block: Json): string[] {
  const rows = Array.isArray(block['rows']) ? block['rows'] : [];
  return rows.map((row) =>
    records(row)
      .map((cell) => richText(cell) || String(cell['value'] ?? ''))
      .join(' | '),
  );
}

function contextPart(part: Json, reader: Reader): string {
  return part['type'] === 'image' ? `[${String(part['alt_text'])}]` : textOf(part, reader);
}

function section(block: Json, reader: Reader, number: Numbering): string[] {
  const lines = textOf(block['text'], reader)
    .split('\n')
    .filter((line) => line !== '');
  const fields = records(block['fields']).map((entry) => `  ${field(entry, reader)}`);
  const accessory = isRecord(block['accessory']) ? block['accessory'] : null;
  const image = accessory?.['type'] === 'image' ? [`[image: ${String(accessory['alt_text'])}]`] : [];
  const acting = elementsOf([block]).map((placed) => `  ${element(placed, reader, number)}`);
  return [...lines, ...fields, ...image, ...acting];
}

function imageLines(block: Json, reader: Reader): string[] {
  const title = textOf(block['title'], reader);
  return [`[image: ${String(block['alt_text'])}]${title === '' ? '' : ` ${title}`}`];
}

/** The lines of one block. */
export function renderBlock(block: Json, reader: Reader, number: Numbering): string[] {
  switch (block['type']) {
    case 'header':
      return [bold(`━━ ${textOf(block['text'], reader)} ━━`, reader.color)];
    case 'section':
      return section(block, reader, number);
    case 'context':
      return [
        dim(
          records(block['elements'])
            .map((part) => contextPart(part, reader))
            .join('  '),
          reader.color,
        ),
      ];
    case 'actions':
      return [
        elementsOf([block])
          .map((placed) => element(placed, reader, number))
          .join('   '),
      ];
    case 'divider':
      return [dim('────────────────────', reader.color)];
    case 'image':
      return imageLines(block, reader);
    case 'markdown':
      return String(block['text']).split('\n');
    case 'rich_text':
      return records(block['elements']).flatMap((part) => richText(part).split('\n'));
    case 'table':
      return cells(block);
    case 'input':
      return elementsOf([block]).map(
        (placed) => `${textOf(block['label'], reader)}: ${element(placed, reader, number)}`,
      );
    case 'video':
      return [`[video: ${textOf(block['title'], reader)}] ${String(block['video_url'])}`];
    default:
      return [`[${String(block['type'])}]`];
  }
}

/** The lines of each block; where there are none, those of the text. */
export function renderGroups(blocks: Json[], text: string, reader: Reader, number: Numbering): string[][] {
  if (blocks.length === 0)
    return mrkdwn(text, reader)
      .split('\n')
      .map((line) => [line]);
  return blocks.map((block) => renderBlock(block, reader, number));
}

/** Blocks as lines; where there are none, the text. */
export function renderBlocks(blocks: Json[], text: string, reader: Reader, number: Numbering): string[] {
  return renderGroups(blocks, text, reader, number).flat();
}
