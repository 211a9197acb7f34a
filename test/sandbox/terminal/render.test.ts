import { parsePairs } from '../../../sandbox/terminal/form.ts';
import { mrkdwn, type Reader } from '../../../sandbox/terminal/mrkdwn.ts';
import { renderBlocks } from '../../../sandbox/terminal/render.ts';

const READER: Reader = {
  userName: (id) => ({ U02BOB: 'bob' })[id] ?? id,
  channelName: (id) => ({ C1: 'releases' })[id] ?? id,
  messageNumber: (channel, ts) => (channel === 'C1' && ts === '1772445600.000001' ? 3 : null),
  groupName: (id) => ({ S1: 'pilots' })[id] ?? id,
  tz: 'Europe/Berlin',
  now: new Date('2026-03-02T10:00:00Z'),
  color: false,
};
const at = Date.parse('2026-03-02T17:30:00Z') / 1000;

describe('mrkdwn in the terminal', () => {
  test.each([
    ['names for ids', '<@U02BOB> in <#C1> with <!subteam^S1> and <!here>', '@bob in #releases with @pilots and @here'],
    ['given names', '<#C9|android>', '#android'],
    ['links with their text', '<https://x.io/pr/7|PR 7> <https://x.io>', 'PR 7 (https://x.io/pr/7) https://x.io'],
    [
      'links to messages as a word to type',
      '<https://a.slack.com/archives/C1/p1772445600000001|the thread>',
      'the thread (thread 3)',
    ],
    ['entities', 'a &lt;b&gt; &amp; c', 'a <b> & c'],
    ['an escaped mention stays text', '&lt;!channel&gt;', '<!channel>'],
    ['markup is dropped', '*Phase* _soon_ ~old~ `code`', 'Phase soon old `code`'],
    ['a product is not markup', '2*3*4', '2*3*4'],
    ['known emoji', ':rocket: :unknown_thing:', '🚀 :unknown_thing:'],
    ['a date in the reader zone', `<!date^${at}^{date_num} {time}|later>`, '2026-03-02 18:30'],
    ['a date as people say it', `<!date^${at}^{date_short_pretty} at {time}|later>`, 'Today at 18:30'],
    ['a far date', `<!date^${at + 86400 * 40}^{date_short_pretty}|later>`, 'Apr 11, 2026'],
    ['a broken date falls back', '<!date^soon^{date}|later>', 'later'],
  ])('%s', (_what, given, shown) => {
    expect(mrkdwn(given, READER)).toBe(shown);
  });
});

describe('blocks in the terminal', () => {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const number = () => {
    let next = 0;
    return () => ++next;
  };

  test('a card reads like a card', () => {
    const blocks = [
      { type: 'header', text: plain('Release 7.0.0') },
      { type: 'section', block_id: 'a', text: { type: 'mrkdwn', text: 'Waits for *builds*' } },
      {
        type: 'section',
        block_id: 'b',
        fields: [
          { type: 'mrkdwn', text: '*Phase*\nRegression' },
          { type: 'mrkdwn', text: '*Pilot:*\n<@U02BOB>' },
        ],
        accessory: { type: 'button', action_id: 'why', text: plain('Why?') },
      },
      { type: 'divider' },
      {
        type: 'actions',
        block_id: 'c',
        elements: [
          { type: 'button', action_id: 'ok', style: 'primary', text: plain('Approve') },
          { type: 'button', action_id: 'stop', style: 'danger', text: plain('Archive') },
          {
            type: 'button',
            action_id: 'open',
            text: plain('Thread'),
            url: 'https://a.slack.com/archives/C1/p1772445600000001',
          },
          {
            type: 'overflow',
            action_id: 'more',
            options: [
              { text: plain('Retry'), value: 'r' },
              { text: plain('Skip'), value: 's' },
            ],
          },
        ],
      },
      {
        type: 'context',
        elements: [
          { type: 'mrkdwn', text: 'cycle 2 of 3' },
          { type: 'plain_text', text: 'next :rocket:' },
        ],
      },
      { type: 'image', alt_text: 'timeline', image_url: 'https://x.io/t.png' },
      {
        type: 'table',
        rows: [
          [
            { type: 'raw_text', text: 'a' },
            { type: 'raw_text', text: 'b' },
          ],
        ],
      },
    ];
    expect(renderBlocks(blocks, 'fallback', READER, number())).toEqual([
      '━━ Release 7.0.0 ━━',
      'Waits for builds',
      '  Phase: Regression',
      '  Pilot: @bob',
      '  [1] Why?',
      '────────────────────',
      '[2] Approve*   [3] Archive!   [4] Thread → thread 3   [5] More ▾ (Retry | Skip)',
      'cycle 2 of 3  next 🚀',
      '[image: timeline]',
      'a | b',
    ]);
  });

  test('without blocks the text is shown', () => {
    expect(renderBlocks([], 'one\ntwo', READER, number())).toEqual(['one', 'two']);
  });
});

describe('fill', () => {
  test.each([
    ['version=7.0.0', [['version', '7.0.0']]],
    [
      'Reason=too many crashes kind=quick',
      [
        ['Reason', 'too many crashes'],
        ['kind', 'quick'],
      ],
    ],
    [
      '"Kick-off at"="2026-03-02 18:00" 2=',
      [
        ['Kick-off at', '2026-03-02 18:00'],
        ['2', ''],
      ],
    ],
    ['link=https://x.io/?a=b', [['link', 'https://x.io/?a=b']]],
  ])('%s', (typed, pairs) => {
    expect(parsePairs(typed)).toEqual(pairs);
  });

  test('without a pair it says how', () => {
    expect(() => parsePairs('version')).toThrow('Type fill <field>=<value>');
  });
});
