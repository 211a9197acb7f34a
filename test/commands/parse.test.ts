import fc from 'fast-check';
import { joinArgs, parseCommand } from '../../commands/parse.ts';
import { readPrefill } from '../../commands/release-new.ts';
import { readSlotWords } from '../../commands/release-slot.ts';
import { readScopes } from '../../commands/release-token.ts';
import { nearestVerb, verbNamed } from '../../commands/verbs.ts';
import { Refusal } from '../../src/shared/errors.ts';

const parse = (text: string) => {
  const { verb, args, flags } = parseCommand(text);
  return [verb, args, [...flags]];
};

describe('parseCommand', () => {
  it.each([
    ['', ['', [], []]],
    ['   ', ['', [], []]],
    ['STATUS', ['status', [], []]],
    ['status  7.0.0   --json', ['status', ['7.0.0'], ['json']]],
    ['status —json', ['status', [], ['json']]],
    ['slot add "2026-12-01 14:00" 7.0.0', ['slot', ['add', '2026-12-01 14:00', '7.0.0'], []]],
    ['new “Mobile apps”', ['new', ['Mobile apps'], []]],
    ['token create "--odd"', ['token', ['create', '--odd'], []]],
    ['new "unclosed name', ['new', ['unclosed name'], []]],
    ["new it's", ['new', ["it's"], []]],
    ['new A&amp;B &lt;x&gt;', ['new', ['A&B', '<x>'], []]],
    ['list -x --', ['list', ['-x', '--'], []]],
  ])('%j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('never throws, whatever is typed', () => {
    fc.assert(fc.property(fc.string(), (text) => parseCommand(text).verb === parseCommand(text).verb.toLowerCase()));
  });

  it('reads back what joinArgs wrote', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9.=:+ -]{1,12}$/).filter((text) => text.trim() === text);
    fc.assert(
      fc.property(fc.array(word), (args) => {
        expect(parseCommand(`verb ${joinArgs(args, new Set(['json']))}`)).toEqual({
          verb: 'verb',
          args,
          flags: new Set(['json']),
        });
      }),
    );
  });
});

describe('verbs', () => {
  it.each([
    ['stauts', 'status'],
    ['aprove', 'approve'],
    ['hist', 'history'],
    ['abandon', 'abandon-cycle'],
    ['slots', 'slot'],
    ['quit', null],
    ['xyzzyplugh', null],
  ])('%s is nearest to %s', (typed, nearest) => {
    const near = nearestVerb(typed);
    if (nearest !== null) expect(near).toBe(nearest);
    expect(verbNamed(typed)).toBeNull();
  });

  it('nothing typed is help', () => {
    expect(verbNamed('')).toBe('help');
  });
});

describe('new', () => {
  it.each([
    [[], { config: undefined, versions: {}, versionList: [] }],
    [['staged', 'ANDROID=7.0.0', 'ios=6.7.0'], { versions: { ANDROID: '7.0.0', IOS: '6.7.0' } }],
    [['Mobile', '7.0.0', '6.7.0'], { config: 'Mobile', versionList: ['7.0.0', '6.7.0'] }],
    [['Mobile', 'apps'], { config: 'Mobile apps' }],
  ])('%j', (args, expected) => {
    expect(readPrefill(args)).toMatchObject(expected);
  });
});

describe('slot', () => {
  it.each([
    [['add'], { change: 'add', when: undefined, reference: undefined }],
    [['add', '2026-12-01', '9:00', '7.0.0'], { when: '2026-12-01 09:00', reference: '7.0.0' }],
    [['add', '2026-12-01T14:00'], { when: '2026-12-01T14:00' }],
    [['move', '2', '2026-12-01', '14:00'], { change: 'move', slot: '2', when: '2026-12-01 14:00' }],
    [['remove', '#2', 'rel_1'], { change: 'remove', slot: '2', reference: 'rel_1' }],
    [['remove', '7.0.0'], { change: 'remove', slot: undefined, reference: '7.0.0' }],
  ])('%j', (args, expected) => {
    expect(readSlotWords(args)).toMatchObject(expected);
  });

  it.each([[[]], [['shift']], [['add', '7.0.0', 'tomorrow']]])('%j is refused with how to write it', (args) => {
    expect(() => readSlotWords(args)).toThrow(Refusal);
    expect(() => readSlotWords(args)).toThrow(/slot add 2026-12-01 14:00/);
  });
});

describe('token scopes', () => {
  it('are separated by commas or spaces', () => {
    expect(readScopes(['releases:read,builds:write'])).toEqual(['releases:read', 'builds:write']);
    expect(readScopes(['releases:read', 'builds:write'])).toEqual(['releases:read', 'builds:write']);
  });
  it('that do not exist are refused by name', () => {
    expect(() => readScopes(['releases:delete'])).toThrow(/releases:delete is no scope/);
  });
});
