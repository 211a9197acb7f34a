import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { COMMAND_ACTIONS } from '../../commands/index.ts';
import { NOT_YET_VERBS } from '../../commands/release-not-yet.ts';
import { VERB_NAMES, VERBS } from '../../commands/verbs.ts';
import { ALL_ACTION_IDS, CALLBACKS } from '../../views/ids.ts';
import { ACTION_HANDLERS, SHORTCUT_HANDLERS, SUBMISSION_HANDLERS } from '../../views/index.ts';

/** Views that are shown and never submitted. */
const SHOWN_ONLY: string[] = [CALLBACKS.home, CALLBACKS.info];

describe('completeness', () => {
  it('every action id has one handler, and no handler is for an id that is gone', () => {
    const handled = [...Object.keys(ACTION_HANDLERS), ...Object.keys(COMMAND_ACTIONS)];
    expect(handled.sort()).toEqual([...ALL_ACTION_IDS].sort());
  });

  it('every callback id is handled: submitted, used as a shortcut, or only shown', () => {
    const handled = [...Object.keys(SUBMISSION_HANDLERS), ...Object.keys(SHORTCUT_HANDLERS), ...SHOWN_ONLY];
    expect(handled.sort()).toEqual(Object.values<string>(CALLBACKS).sort());
  });

  it('every verb has its file, and no file is without a verb', () => {
    const folder = join(__dirname, '../../commands');
    const own = VERB_NAMES.filter((name) => !NOT_YET_VERBS.some((later) => later === name));
    for (const name of own) expect([name, existsSync(join(folder, `release-${name}.ts`))]).toEqual([name, true]);
    const files = readdirSync(folder).filter((name) => name.startsWith('release-'));
    expect(files.sort()).toEqual([...own.map((name) => `release-${name}.ts`), 'release-not-yet.ts'].sort());
    expect(Object.keys(VERBS).sort()).toEqual([...VERB_NAMES].sort());
  });
});
