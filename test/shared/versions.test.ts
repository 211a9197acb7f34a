import { compareVersions, isVersion, nextMinor } from '../../src/shared/versions.ts';

describe('isVersion', () => {
  test.each(['0.0.1', '7.0.0', '10.20.30', '7.0.0-beta.1', '7.0.0-rc1'])('%s is one', (text) => {
    expect(isVersion(text)).toBe(true);
  });
  test.each([
    'v7.0.0',
    '7.0',
    '7',
    '7.0.0.0',
    '07.0.0',
    ' 7.0.0',
    '7.0.0 ',
    '=7.0.0',
    '7.0.0+5',
    '7.0.x',
    'abc',
    '',
    '7.0.0-',
  ])('"%s" is none', (text) => expect(isVersion(text)).toBe(false));
});

test.each([
  ['7.0.0', '6.9.9', 1],
  ['6.10.0', '6.9.0', 1],
  ['7.0.0', '7.0.0', 0],
  ['7.0.0-beta.1', '7.0.0', -1],
])('compareVersions(%s, %s) is %d', (a, b, expected) => {
  expect(compareVersions(a, b)).toBe(expected);
  expect(compareVersions(b, a) + expected).toBe(0);
});

test('the next minor version', () => {
  expect(nextMinor('7.1.3')).toBe('7.2.0');
  expect(nextMinor('7.2.0-beta.1')).toBe('7.2.0');
  expect(() => nextMinor('v7')).toThrow('not a version: "v7"');
});
