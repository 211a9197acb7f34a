import { checkMessageBlocks, checkView } from '../../../sandbox/slack/block-kit/validate.ts';

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string, more: object = {}) => ({ type: 'section', text: mrkdwn(text), ...more });
const button = (fields: object = {}) => ({ type: 'button', action_id: 'go', text: plain('Go'), ...fields });
const actions = (...elements: object[]) => ({ type: 'actions', elements });
const option = (value: string) => ({ text: plain(value), value });
const select = (fields: object = {}) => ({ type: 'static_select', action_id: 's', options: [option('a')], ...fields });
const input = (element: object, more: object = {}) => ({ type: 'input', label: plain('L'), element, ...more });
const confirm = (fields: object = {}) => ({
  title: plain('t'),
  text: mrkdwn('x'),
  confirm: plain('y'),
  deny: plain('n'),
  ...fields,
});
const x = (length: number) => 'x'.repeat(length);
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Both sides of each limit: what is taken, and what is refused at which place. */
const LIMITS: [what: string, good: object[], bad: object[], at: string][] = [
  ['blocks in a message', many(50, () => ({ type: 'divider' })), many(51, () => ({ type: 'divider' })), '/blocks'],
  ['section text', [section(x(3000))], [section(x(3001))], '/blocks/0/text/text'],
  ['section text, empty', [section('x')], [section('')], '/blocks/0/text/text'],
  [
    'fields',
    [{ type: 'section', fields: many(10, () => mrkdwn('f')) }],
    [{ type: 'section', fields: many(11, () => mrkdwn('f')) }],
    '/blocks/0/fields',
  ],
  [
    'field text',
    [{ type: 'section', fields: [mrkdwn(x(2000))] }],
    [{ type: 'section', fields: [mrkdwn(x(2001))] }],
    '/blocks/0/fields/0/text',
  ],
  [
    'header text',
    [{ type: 'header', text: plain(x(150)) }],
    [{ type: 'header', text: plain(x(151)) }],
    '/blocks/0/text/text',
  ],
  [
    'header in mrkdwn',
    [{ type: 'header', text: plain('h') }],
    [{ type: 'header', text: mrkdwn('h') }],
    '/blocks/0/text/type',
  ],
  [
    'context elements',
    [{ type: 'context', elements: many(10, () => mrkdwn('c')) }],
    [{ type: 'context', elements: many(11, () => mrkdwn('c')) }],
    '/blocks/0/elements',
  ],
  [
    'action elements',
    [actions(...many(25, (n) => button({ action_id: `a${n}` })))],
    [actions(...many(26, (n) => button({ action_id: `a${n}` })))],
    '/blocks/0/elements',
  ],
  ['no action elements', [actions(button())], [actions()], '/blocks/0/elements'],
  [
    'button text',
    [actions(button({ text: plain(x(75)) }))],
    [actions(button({ text: plain(x(76)) }))],
    '/blocks/0/elements/0/text/text',
  ],
  [
    'button value',
    [actions(button({ value: x(2000) }))],
    [actions(button({ value: x(2001) }))],
    '/blocks/0/elements/0/value',
  ],
  [
    'button style',
    [actions(button({ style: 'danger' }))],
    [actions(button({ style: 'default' }))],
    '/blocks/0/elements/0/style',
  ],
  [
    'action_id',
    [actions(button({ action_id: x(255) }))],
    [actions(button({ action_id: x(256) }))],
    '/blocks/0/elements/0/action_id',
  ],
  [
    'the same action_id in one block',
    [actions(button()), actions(button())],
    [actions(button(), button())],
    '/blocks/0/elements/1/action_id',
  ],
  ['block_id', [section('a', { block_id: x(255) })], [section('a', { block_id: x(256) })], '/blocks/0/block_id'],
  [
    'the same block_id twice',
    [section('a', { block_id: 'b' })],
    [section('a', { block_id: 'b' }), section('a', { block_id: 'b' })],
    '/blocks/1/block_id',
  ],
  [
    'confirm title',
    [actions(button({ confirm: confirm({ title: plain(x(100)) }) }))],
    [actions(button({ confirm: confirm({ title: plain(x(101)) }) }))],
    '/confirm/title/text',
  ],
  [
    'confirm text',
    [actions(button({ confirm: confirm({ text: mrkdwn(x(300)) }) }))],
    [actions(button({ confirm: confirm({ text: mrkdwn(x(301)) }) }))],
    '/confirm/text/text',
  ],
  [
    'confirm button',
    [actions(button({ confirm: confirm({ deny: plain(x(30)) }) }))],
    [actions(button({ confirm: confirm({ deny: plain(x(31)) }) }))],
    '/confirm/deny/text',
  ],
  [
    'select options',
    [actions(select({ options: many(100, (n) => option(`${n}`)) }))],
    [actions(select({ options: many(101, (n) => option(`${n}`)) }))],
    '/elements/0/options',
  ],
  ['select without options', [actions(select())], [actions(select({ options: [] }))], '/elements/0/options'],
  [
    'option text',
    [actions(select({ options: [option(x(75))] }))],
    [actions(select({ options: [{ text: plain(x(76)), value: 'v' }] }))],
    '/options/0/text/text',
  ],
  [
    'initial option among the options',
    [actions(select({ initial_option: option('a') }))],
    [actions(select({ initial_option: option('b') }))],
    '/elements/0',
  ],
  [
    'option values differ',
    [actions(select({ options: [option('a'), option('b')] }))],
    [actions(select({ options: [option('a'), option('a')] }))],
    '/elements/0',
  ],
  [
    'overflow options',
    [section('s', { accessory: { type: 'overflow', options: many(5, (n) => option(`${n}`)) } })],
    [section('s', { accessory: { type: 'overflow', options: many(6, (n) => option(`${n}`)) } })],
    '/accessory/options',
  ],
  [
    'radio options',
    [input({ type: 'radio_buttons', options: many(10, (n) => option(`${n}`)) })],
    [input({ type: 'radio_buttons', options: many(11, (n) => option(`${n}`)) })],
    '/element/options',
  ],
  [
    'image sources',
    [{ type: 'image', alt_text: 'a', image_url: 'https://x/y.png' }],
    [{ type: 'image', alt_text: 'a' }],
    '/blocks/0',
  ],
  ['unknown block', [{ type: 'divider' }], [{ type: 'box' }], '/blocks/0/type'],
  ['unknown element', [actions(button())], [actions({ type: 'slider' })], '/blocks/0/elements/0/type'],
  [
    'a property Slack does not know',
    [actions(button())],
    [actions(button({ disabled: true }))],
    '/blocks/0/elements/0',
  ],
  [
    'an element in the wrong block',
    [input({ type: 'plain_text_input' })],
    [actions({ type: 'plain_text_input' })],
    '/blocks/0/elements/0/type',
  ],
  [
    'file_input outside a modal',
    [input({ type: 'plain_text_input' })],
    [input({ type: 'file_input' })],
    '/blocks/0/element',
  ],
  ['a section with nothing', [section('x')], [{ type: 'section' }], '/blocks/0'],
  ['two tables', [table()], [table(), table()], '/blocks/1'],
];

function table() {
  return { type: 'table', rows: [[{ type: 'raw_text', text: 'a' }]] };
}

describe('message blocks', () => {
  test.each(LIMITS)('%s: both sides of the limit', (_what, good, bad, at) => {
    expect(checkMessageBlocks(good)).toBeNull();
    const fault = checkMessageBlocks(bad);
    expect(fault?.error).toBe('invalid_blocks');
    expect(fault?.messages).toEqual([expect.stringContaining(`${at}]`)]);
  });

  test('too much text altogether is msg_blocks_too_long', () => {
    expect(checkMessageBlocks(many(4, () => section(x(3000))))).toBeNull();
    expect(checkMessageBlocks(many(5, () => section(x(3000))))?.error).toBe('msg_blocks_too_long');
  });

  test('what is no list is invalid_blocks_format', () => {
    expect(checkMessageBlocks({ type: 'divider' })?.error).toBe('invalid_blocks_format');
  });

  test('an image of an uploaded file needs the file', () => {
    const blocks = [{ type: 'image', alt_text: 'a', slack_file: { id: 'F1' } }];
    expect(checkMessageBlocks(blocks, (id) => id === 'F1')).toBeNull();
    expect(checkMessageBlocks(blocks, () => false)?.messages).toEqual([
      'invalid slack file [json-pointer:/blocks/0/slack_file]',
    ]);
  });
});

describe('views', () => {
  const modal = (fields: object = {}) => ({ type: 'modal', title: plain('T'), blocks: [section('s')], ...fields });
  const divider = { type: 'divider' };
  test.each<[string, object, object, string]>([
    ['title', { title: plain(x(24)) }, { title: plain(x(25)) }, '/view/title/text'],
    ['submit', { submit: plain(x(24)) }, { submit: plain(x(25)) }, '/view/submit/text'],
    ['close', { close: plain(x(24)) }, { close: plain(x(25)) }, '/view/close/text'],
    ['private_metadata', { private_metadata: x(3000) }, { private_metadata: x(3001) }, '/view/private_metadata'],
    ['callback_id', { callback_id: x(255) }, { callback_id: x(256) }, '/view/callback_id'],
    ['blocks', { blocks: many(100, () => divider) }, { blocks: many(101, () => divider) }, '/view/blocks'],
    ['no blocks', { blocks: [divider] }, { blocks: [] }, '/view/blocks'],
    [
      'input without submit',
      { blocks: [input({ type: 'file_input' })], submit: plain('Go') },
      { blocks: [input({ type: 'file_input' })] },
      '/view/submit',
    ],
    ['an unknown property', {}, { footer: 'x' }, '/view'],
  ])('%s: both sides of the limit', (_what, good, bad, at) => {
    expect(checkView(modal(good), 'modal')).toBeNull();
    const fault = checkView(modal(bad), 'modal');
    expect(fault?.error).toBe('invalid_arguments');
    expect(fault?.messages).toEqual([expect.stringContaining(`${at}]`)]);
  });

  test('a Home tab has no title and takes 100 blocks', () => {
    const home = (blocks: object[], more: object = {}) => ({ type: 'home', blocks, ...more });
    expect(checkView(home(many(100, () => divider)), 'home')).toBeNull();
    expect(checkView(home(many(101, () => divider)), 'home')).not.toBeNull();
    expect(checkView(home([divider], { title: plain('T') }), 'home')).not.toBeNull();
  });
});
