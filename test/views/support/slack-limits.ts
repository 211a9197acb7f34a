/** Slack's limits as a judge of its own: written from Slack's pages, not from the builders. Returns what it would refuse. */

type Json = Record<string, unknown>;

export function faultsOfMessage(message: { text: string; blocks: readonly unknown[] }): string[] {
  const faults = [...faultsOfBlocks(message.blocks, 50)];
  if (message.text.trim() === '') faults.push('the fallback text is empty');
  if (message.text.length > 4_000) faults.push(`the fallback text has ${message.text.length} characters`);
  const size = JSON.stringify(message.blocks).length;
  if (size > 12_500) faults.push(`the blocks are ${size} characters of JSON`);
  return [...faults, ...faultsOfMarkup('text', message.text)];
}

export function faultsOfView(view: object): string[] {
  const json = asJson(view);
  const faults = [...faultsOfBlocks(asArray(json['blocks']), 100)];
  for (const part of ['title', 'submit', 'close']) {
    const text = json[part] === undefined ? '' : String(asJson(json[part])['text']);
    if (text.length > 24) faults.push(`${part} has ${text.length} characters`);
  }
  if (json['type'] === 'modal' && json['title'] === undefined) faults.push('a modal needs a title');
  const types = asArray(json['blocks']).map((block) => asJson(block)['type']);
  if (json['type'] === 'modal' && types.includes('input') && json['submit'] === undefined) faults.push('no submit');
  if (json['type'] === 'home' && types.includes('input')) faults.push('input in the Home');
  if (String(json['private_metadata'] ?? '').length > 3_000) faults.push('private_metadata is too long');
  if (String(json['callback_id'] ?? '').length > 255) faults.push('callback_id is too long');
  return faults;
}

function faultsOfBlocks(blocks: readonly unknown[], most: number): string[] {
  const faults: string[] = [];
  if (blocks.length === 0 || blocks.length > most) faults.push(`${blocks.length} blocks`);
  const ids = blocks.map((block) => asJson(block)['block_id']).filter((id) => id !== undefined);
  if (new Set(ids).size !== ids.length) faults.push(`block ids repeat: ${ids.join(', ')}`);
  for (const id of ids) if (String(id).length > 255) faults.push('a block id is too long');
  blocks.forEach((block, index) => {
    faults.push(...faultsOfBlock(asJson(block)).map((fault) => `block ${index}: ${fault}`));
  });
  return faults;
}

function faultsOfBlock(block: Json): string[] {
  switch (block['type']) {
    case 'divider':
      return [];
    case 'header':
      return faultsOfText(block['text'], 150, 'plain_text');
    case 'section':
      return faultsOfSection(block);
    case 'context': {
      const elements = asArray(block['elements']);
      const count = elements.length < 1 || elements.length > 10 ? [`${elements.length} context elements`] : [];
      return [...count, ...elements.flatMap((element) => faultsOfText(element, 2_000))];
    }
    case 'actions': {
      const elements = asArray(block['elements']).map(asJson);
      const count = elements.length < 1 || elements.length > 25 ? [`${elements.length} action elements`] : [];
      const ids = elements.map((element) => element['action_id']);
      const repeats = new Set(ids).size === ids.length ? [] : [`action ids repeat in a row: ${ids.join(', ')}`];
      return [...count, ...repeats, ...elements.flatMap(faultsOfElement)];
    }
    case 'input':
      return [
        ...faultsOfText(block['label'], 2_000, 'plain_text'),
        ...(block['hint'] === undefined ? [] : faultsOfText(block['hint'], 2_000, 'plain_text')),
        ...(block['block_id'] === undefined ? ['an input without block id'] : []),
        ...faultsOfElement(asJson(block['element'])),
      ];
    default:
      return [`unknown block ${String(block['type'])}`];
  }
}

function faultsOfSection(block: Json): string[] {
  const fields = asArray(block['fields']);
  const faults = block['text'] === undefined ? [] : faultsOfText(block['text'], 3_000);
  if (block['text'] === undefined && fields.length === 0) faults.push('a section without text and fields');
  if (fields.length > 10) faults.push(`${fields.length} fields`);
  faults.push(...fields.flatMap((field) => faultsOfText(field, 2_000)));
  if (block['accessory'] !== undefined) faults.push(...faultsOfElement(asJson(block['accessory'])));
  return faults;
}

const ELEMENTS = [
  'button',
  'overflow',
  'static_select',
  'users_select',
  'radio_buttons',
  'plain_text_input',
  'datetimepicker',
  'file_input',
];

function faultsOfElement(element: Json): string[] {
  const type = String(element['type']);
  const faults = ELEMENTS.includes(type) ? [] : [`unknown element ${type}`];
  const id = String(element['action_id'] ?? '');
  if (id === '' || id.length > 255) faults.push(`${type} without a fit action id`);
  if (type === 'button') {
    faults.push(...faultsOfText(element['text'], 75, 'plain_text'));
    if (String(element['value'] ?? '').length > 2_000) faults.push('a value is too long');
    if (!['undefined', 'primary', 'danger'].includes(String(element['style']))) faults.push('unknown style');
    if (element['confirm'] !== undefined) faults.push(...faultsOfConfirm(asJson(element['confirm'])));
  }
  if (element['options'] !== undefined) faults.push(...faultsOfOptions(type, element));
  if (element['placeholder'] !== undefined) faults.push(...faultsOfText(element['placeholder'], 150, 'plain_text'));
  if (type === 'plain_text_input') {
    const max = Number(element['max_length'] ?? 3_000);
    if (max > 3_000) faults.push('max_length is above 3000');
    if (String(element['initial_value'] ?? '').length > max) faults.push('the initial value is longer than max_length');
  }
  if (type === 'datetimepicker' && element['initial_date_time'] !== undefined) {
    if (!/^\d{10}$/.test(String(element['initial_date_time']))) faults.push('initial_date_time must have 10 digits');
  }
  if (type === 'file_input' && Number(element['max_files'] ?? 10) > 10) faults.push('more than 10 files');
  return faults.map((fault) => `${id}: ${fault}`);
}

const MOST_OPTIONS: Record<string, number> = { overflow: 5, static_select: 100, radio_buttons: 10 };

function faultsOfOptions(type: string, element: Json): string[] {
  const options = asArray(element['options']).map(asJson);
  const faults: string[] = [];
  if (options.length < 1 || options.length > (MOST_OPTIONS[type] ?? 0)) faults.push(`${options.length} options`);
  for (const option of options) {
    faults.push(...faultsOfText(option['text'], 75, 'plain_text'));
    const value = String(option['value'] ?? '');
    if (value === '' || value.length > 75) faults.push(`option value of ${value.length} characters`);
  }
  const values = options.map((option) => option['value']);
  if (new Set(values).size !== values.length) faults.push('option values repeat');
  const initial = element['initial_option'];
  if (initial !== undefined && !options.some((option) => JSON.stringify(option) === JSON.stringify(initial))) {
    faults.push('the initial option is none of the options');
  }
  return faults;
}

function faultsOfConfirm(dialog: Json): string[] {
  return [
    ...faultsOfText(dialog['title'], 100, 'plain_text'),
    ...faultsOfText(dialog['text'], 300),
    ...faultsOfText(dialog['confirm'], 30, 'plain_text'),
    ...faultsOfText(dialog['deny'], 30, 'plain_text'),
  ];
}

function faultsOfText(value: unknown, max: number, wanted?: string): string[] {
  const { type, text, verbatim } = asJson(value);
  const words = String(text ?? '');
  const faults: string[] = [];
  if (wanted && type !== wanted) faults.push(`${String(type)} where ${wanted} is needed`);
  if (words.length < 1 || words.length > max) faults.push(`a text of ${words.length} characters, at most ${max}`);
  if (/[\ud800-\udbff](?![\udc00-\udfff])/.test(words)) faults.push('half a character');
  if (type === 'mrkdwn') {
    if (verbatim !== true) faults.push('mrkdwn that Slack would turn into links by itself');
    faults.push(...faultsOfMarkup('mrkdwn', words));
  }
  return faults;
}

const TOKENS = [
  /^<@[UW][A-Z0-9_]+>$/,
  /^<!date\^\d{9,11}\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>$/,
  /^<https?:\/\/[^<>|\s]+\|[^<>|]+>$/,
  /^<#C[A-Z0-9]+>$/,
  /^<!subteam\^S[A-Z0-9]+>$/,
];

/** Only the tokens that we write ourselves may act; no stray `<`, `>` or `&`. */
function faultsOfMarkup(where: string, text: string): string[] {
  const faults: string[] = [];
  const rest = text.replace(/<[^<>]*>/g, (token) => {
    if (!TOKENS.some((known) => known.test(token))) faults.push(`${where}: the token ${token} acts`);
    return '';
  });
  if (/[<>]/.test(rest.replace(/^> /gm, ''))) faults.push(`${where}: a stray < or > in ${rest.slice(0, 80)}`);
  if (/&(?!(amp|lt|gt);)/.test(rest)) faults.push(`${where}: an unescaped or cut & in ${rest.slice(0, 200)}`);
  return faults;
}

/** Every action id of a message or view, as often as it stands there. */
export function actionIds(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(actionIds);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'action_id' && typeof inner === 'string' ? [inner] : actionIds(inner),
  );
}

function asJson(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
