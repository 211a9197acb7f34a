import fc from 'fast-check';
import { actions, button, confirm, context, header, section } from '../../views/blocks/elements.ts';
import { fitMessage, list } from '../../views/blocks/fit.ts';
import {
  ageText,
  bytesText,
  clampText,
  code,
  dateToken,
  escapeText,
  joinWords,
  link,
  mention,
  peopleText,
  quote,
} from '../../views/blocks/text.ts';
import { at } from '../domain/support/build-release.ts';
import { LONG } from './support/hostile.ts';
import { faultsOfMessage } from './support/slack-limits.ts';

describe('text', () => {
  test('escapes the three characters that Slack reads, and nothing else', () => {
    expect(escapeText('<!channel> & <@U1> "x"')).toBe('&lt;!channel&gt; &amp; &lt;@U1&gt; "x"');
  });

  test('takes out what turns the reading direction and isolates right-to-left words', () => {
    expect(escapeText('a\u202Eb\u2067c')).toBe('abc');
    expect(escapeText('\u05e9\u05dc\u05d5\u05dd 7.0')).toBe('\u2068\u05e9\u05dc\u05d5\u05dd 7.0\u2069');
  });

  test('people cannot leave their line', () => {
    expect(peopleText(' a\r\n\n> b\t c ')).toBe('a &gt; b c');
    expect(quote('a\n<b>\r\nc')).toBe('> a\n> &lt;b&gt;\n> c');
    expect(code('a`b``c')).toBe("`a'b''c`");
  });

  test('a cut text never ends inside a character, an entity or a token', () => {
    const piece = fc.oneof(
      fc.constant('&amp;'),
      fc.constant('&lt;'),
      fc.constant('\u{1F680}'),
      fc.constant('<@U123>'),
      fc.constant(dateToken(at('12-01 10:00'))),
      fc.string({ maxLength: 5 }).map((text) => text.replace(/[<>&]/g, '')),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 100, max: 300 }), (pieces, max) => {
        const cut = clampText(pieces.join(''), max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(faultsOfMessage({ text: 'x', blocks: [section(cut || 'x')] })).toEqual([]);
      }),
    );
  });

  test.each([
    ['U01ALICE', '<@U01ALICE>'],
    ['W01ALICE', '<@W01ALICE>'],
    ['slipway', 'Slipway'],
    ['token:ci <b>', 'API token `ci &lt;b&gt;`'],
    ['U1> <!channel', 'U1&gt; &lt;!channel'],
  ])('%s is shown as %s', (who, shown) => {
    expect(mention(who)).toBe(shown);
  });

  test('only http links are links, and nothing in one can end it', () => {
    expect(link('https://x.test/a|b>c?d=1&e=2', 'here')).toBe('<https://x.test/a%7Cb%3Ec?d=1&amp;e=2|here>');
    expect(link('javascript:alert(1)', 'here')).toBe('here');
    expect(link(null, 'here')).toBe('here');
    expect(link('https://x.test', 'a|b')).toBe('<https://x.test|a¦b>');
  });

  test('dates are shown in the time zone of the reader, with UTC where that is not possible', () => {
    expect(dateToken(new Date('2026-11-24T14:00:30Z'))).toBe(
      '<!date^1795528830^{date_short_pretty} {time}|2026-11-24 14:00 UTC>',
    );
  });

  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [52_428_800, '50 MiB'],
    [4_294_967_296, '4 GiB'],
    [5e15, '4547 TiB'],
  ])('%d bytes are %s', (size, shown) => {
    expect(bytesText(size)).toBe(shown);
  });

  test.each([
    [0, 'less than a minute'],
    [59, 'less than a minute'],
    [60, '1 min'],
    [3_599, '59 min'],
    [3_600, '1 h'],
    [47 * 3_600, '47 h'],
    [48 * 3_600, '2 days'],
    [-5, 'less than a minute'],
  ])('%d seconds are %s', (seconds, shown) => {
    expect(ageText(at('12-01 10:00'), new Date(at('12-01 10:00').getTime() + seconds * 1000))).toBe(shown);
  });

  test('joins words', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((words) => joinWords(words))).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ]);
  });
});

describe('elements', () => {
  test('keep the limits of Slack by themselves', () => {
    const long = escapeText('&<>'.repeat(3_000));
    const ask = confirm(long, long, long, 'danger');
    const row = actions(Array.from({ length: 30 }, (_, index) => button(`a.${index}`, long, 'v', { confirm: ask })));
    const blocks = [header(long), section(long), context(...Array.from({ length: 12 }, () => long)), row];
    const size = /characters of JSON/;
    expect(faultsOfMessage({ text: 'x', blocks }).filter((fault) => !size.test(fault))).toEqual([]);
  });

  test('a row without buttons is none', () => {
    expect(actions([])).toBeNull();
  });

  test('a value that would be cut is refused: it would name something else', () => {
    expect(() => button('a', 'b', 'x'.repeat(2_001))).toThrow('2001 characters');
  });
});

describe('fitting a message', () => {
  const row = actions([button('a.b', 'Go', 'v')]);
  const line = (index: number) => `• ${index} ${'x'.repeat(200)}`;

  test('drops the tail of the longest list and says how many more there are', () => {
    const lines = Array.from({ length: 200 }, (_, index) => line(index));
    const blocks = fitMessage([section('head'), list('Short', ['one', 'two']), list('Long', lines, 5), row]);
    const text = JSON.stringify(blocks);
    expect(faultsOfMessage({ text: 'x', blocks })).toEqual([]);
    expect(text).toContain('one\\ntwo');
    const more = Number(/and (\d+) more/.exec(text)?.[1]);
    expect(text.match(/• \d+ x/g)).toHaveLength(205 - more);
    expect(blocks.at(-1)).toBe(row);
  });

  test('keeps rows of buttons when even all else is too much', () => {
    const blocks = fitMessage([...Array.from({ length: 80 }, (_, index) => section(line(index))), row, row]);
    expect(blocks.filter((block) => block.type === 'actions')).toHaveLength(2);
    expect(faultsOfMessage({ text: 'x', blocks })).toEqual([]);
  });

  test('a list that fits is left as it is; an empty one is none', () => {
    expect(fitMessage([list('T', ['a', 'b']), list(null, []), null])).toEqual([section('*T*\na\nb')]);
  });

  test('never says a line twice and never loses one silently, whatever the lists', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 6 }), (sizes) => {
        const parts = sizes.map((size, which) =>
          list(
            `L${which}`,
            Array.from({ length: size }, (_, index) => `[${which}.${index}] ${'y'.repeat(100)}`),
          ),
        );
        const text = JSON.stringify(fitMessage(parts));
        const shown = text.match(/\[\d+\.\d+\]/g) ?? [];
        const more = [...text.matchAll(/and (\d+) more/g)].reduce((sum, found) => sum + Number(found[1]), 0);
        expect(new Set(shown).size).toBe(shown.length);
        expect(shown.length + more).toBe(sizes.reduce((sum, size) => sum + size, 0));
      }),
    );
  });

  test('hostile lines fit, too', () => {
    const lines = Array.from({ length: 60 }, () => `• ${peopleText(LONG)}`);
    expect(faultsOfMessage({ text: 'x', blocks: fitMessage([list('Commits', lines), row]) })).toEqual([]);
  });
});
