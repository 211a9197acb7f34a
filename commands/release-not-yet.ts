import { code } from '../views/blocks/text.ts';
import { plainMessage } from '../views/refusals.ts';
import { say, type Verb } from './request.ts';

/** Verbs that are known but cannot be used yet. */
export const NOT_YET_VERBS = ['build', 'freeze', 'unfreeze', 'insights', 'setup', 'config'] as const;

export function notYet(verb: (typeof NOT_YET_VERBS)[number]): Verb {
  return async () => {
    const instead = INSTEAD[verb];
    return say(plainMessage(`${code(`/release ${verb}`)} is not available yet.${instead ? ` ${instead}` : ''}`));
  };
}

const INSTEAD: Partial<Record<(typeof NOT_YET_VERBS)[number], string>> = {
  build: 'In manual mode builds are handed in with `/release upload` or as files in the release thread.',
  setup: 'An admin sets Slipway up with `npm run apply -- file.yaml`.',
  config: 'An admin changes configurations with `npm run apply -- file.yaml`.',
};
