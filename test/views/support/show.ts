/** Blocks as a person reads them, one line each, with what every button asks and carries. For whole comparisons. */

type Json = Record<string, unknown>;

export function show(rendered: { text?: string; blocks: readonly unknown[] }): string {
  const head = rendered.text === undefined ? [] : [`(text) ${rendered.text}`];
  return [...head, ...rendered.blocks.map((block) => showBlock(json(block)))].join('\n');
}

function showBlock(block: Json): string {
  switch (block['type']) {
    case 'header':
      return `# ${words(block['text'])}`;
    case 'divider':
      return '---';
    case 'section': {
      const fields = array(block['fields']).map((field) => words(field).replace('\n', ': '));
      const text = block['text'] === undefined ? [] : [words(block['text'])];
      const accessory = block['accessory'] === undefined ? [] : [showElement(json(block['accessory']))];
      return [...text, ...fields, ...accessory].join('\n');
    }
    case 'context':
      return array(block['elements'])
        .map((element) => `~ ${words(element)}`)
        .join('\n');
    case 'actions':
      return array(block['elements'])
        .map((element) => showElement(json(element)))
        .join('\n');
    case 'input':
      return showInput(block);
    default:
      return JSON.stringify(block);
  }
}

function showInput(block: Json): string {
  const element = json(block['element']);
  const marks = `${block['optional'] === true ? ' (optional)' : ''}${block['dispatch_action'] === true ? ' (dispatches)' : ''}`;
  const hint = block['hint'] === undefined ? '' : `\n    hint: ${words(block['hint'])}`;
  return `${String(block['block_id'])}: ${words(block['label'])}${marks}${hint}\n    ${showElement(element)}`;
}

function showElement(element: Json): string {
  const id = String(element['action_id']);
  if (element['type'] === 'button') {
    const style = element['style'] === undefined ? '' : ` ${String(element['style'])}`;
    const ask = element['confirm'] === undefined ? '' : `\n    asks: ${showConfirm(json(element['confirm']))}`;
    return `[${words(element['text'])}]${style} ${id} ${String(element['value'])}${element['url'] === undefined ? '' : ` -> ${String(element['url'])}`}${ask}`;
  }
  const options = array(element['options']).map(
    (option) => `${words(json(option)['text'])} = ${String(json(option)['value'])}`,
  );
  const initial =
    element['initial_option'] === undefined ? '' : `, now ${String(json(element['initial_option'])['value'])}`;
  const more = Object.entries(element)
    .filter(([key]) => !['type', 'action_id', 'options', 'initial_option', 'placeholder'].includes(key))
    .map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const list = options.length > 0 ? `: ${options.join(' | ')}${initial}` : '';
  return `<${String(element['type'])} ${id}${more.join('')}${list}>`;
}

function showConfirm(dialog: Json): string {
  return `${words(dialog['title'])} / ${words(dialog['text']).replaceAll('\n', ' ')} / ${words(dialog['confirm'])}`;
}

function words(value: unknown): string {
  return String(json(value)['text']).replace(/<!date\^\d+\^[^|]*\|([^>]*)>/g, '«$1»');
}

function json(value: unknown): Json {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
