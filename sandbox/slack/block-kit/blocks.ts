import { boolean, byType, type Check, type Fields, fault, isRecord, list, object, string } from './checks.ts';
import { accessory, actionElement, imageElement, inputElement } from './elements.ts';
import { anyText, image, plainText, url } from './objects.ts';

const blockId: Check = (value, at, context) => {
  string(255)(value, at, context);
  if (typeof value !== 'string') return;
  if (context.blockIds.has(value)) fault(context, at, `\`block_id\` \`${value}\` already exists`);
  context.blockIds.add(value);
};

function block(required: Fields, optional: Fields = {}): Check {
  return object(required, { block_id: blockId, ...optional });
}

const sectionFields = block(
  {},
  { text: anyText(3000), fields: list(anyText(2000), 1, 10), accessory, expand: boolean },
);

const section: Check = (value, at, context) => {
  sectionFields(value, at, context);
  if (isRecord(value) && value['text'] === undefined && value['fields'] === undefined) {
    fault(context, at, 'must define either `text` or `fields`');
  }
};

const contextText = anyText(2000);
const contextElement: Check = (value, at, context) => {
  const isImage = isRecord(value) && value['type'] === 'image';
  (isImage ? imageElement : contextText)(value, at, context);
};

const actionsFields = block({ elements: list(actionElement, 1, 25) });

/** Action ids must differ within one block; across blocks they may repeat. */
const actions: Check = (value, at, context) => {
  actionsFields(value, at, context);
  if (!isRecord(value) || !Array.isArray(value['elements'])) return;
  const seen = new Set<unknown>();
  for (const [index, element] of value['elements'].entries()) {
    const id = isRecord(element) ? element['action_id'] : undefined;
    if (id === undefined) continue;
    if (seen.has(id))
      fault(context, `${at}/elements/${index}/action_id`, `\`action_id\` \`${String(id)}\` already exists`);
    seen.add(id);
  }
};

const input = block(
  { label: plainText(2000), element: inputElement },
  { hint: plainText(2000), optional: boolean, dispatch_action: boolean },
);

function only(surface: 'message', check: Check): Check {
  return (value, at, context) => {
    if (context.surface !== surface) return fault(context, `${at}/type`, 'unsupported type on this surface');
    check(value, at, context);
  };
}

const markdownFields = block({ text: string(12_000) });
const markdown: Check = (value, at, context) => {
  markdownFields(value, at, context);
  const text = isRecord(value) ? value['text'] : undefined;
  context.markdownLength += typeof text === 'string' ? text.length : 0;
  if (context.markdownLength > 12_000)
    fault(context, at, 'markdown blocks must be less than 12001 characters together');
};

const richSection = object(
  { elements: list(byTypeOpen, 0, 1000) },
  { border: () => {}, style: () => {}, indent: () => {} },
);
function byTypeOpen(value: unknown, at: string, context: Parameters<Check>[2]): void {
  if (!isRecord(value) || typeof value['type'] !== 'string') fault(context, at, 'missing required field: type');
}
const richText = block({
  elements: list(
    byType({
      rich_text_section: richSection,
      rich_text_list: richSection,
      rich_text_preformatted: richSection,
      rich_text_quote: richSection,
    }),
    1,
    1000,
  ),
});

const cell = byType({
  rich_text: richText,
  raw_text: object({ text: string(3000, 0) }),
  raw_number: object({ value: () => {} }, { text: string(3000, 0) }),
});
const tableFields = block({ rows: list(list(cell, 1, 20), 1, 100) }, { column_settings: list(() => {}, 0, 20) });
const table: Check = (value, at, context) => {
  tableFields(value, at, context);
  context.tableCount += 1;
  if (context.tableCount > 1) fault(context, at, 'only one table is allowed');
};

const video = block(
  { video_url: url(), thumbnail_url: url(), alt_text: string(2000), title: plainText(200) },
  {
    title_url: url(),
    author_name: string(50),
    provider_name: string(50),
    provider_icon_url: url(),
    description: plainText(200),
  },
);

/** Every block type this Slack knows; others are refused by name. */
export const anyBlock: Check = byType({
  section,
  divider: block({}),
  image: image({ block_id: blockId, title: plainText(2000) }),
  actions,
  context: block({ elements: list(contextElement, 1, 10) }),
  header: block({ text: plainText(150) }),
  input,
  rich_text: richText,
  video,
  markdown: only('message', markdown),
  table: only('message', table),
});
