import type { Platform } from '../src/domain/release.ts';
import { isVersion } from '../src/shared/versions.ts';
import { buildCreateRelease, type CreatePrefill } from '../views/create-release.actions.ts';
import { plainMessage } from '../views/refusals.ts';
import { contextFor, say, type Verb } from './request.ts';

const NOT_YET = ['quick', 'hotfix'];

/** `new [staged] [configuration] [ANDROID=7.0.0 IOS=6.7.0 | 7.0.0 6.7.0]`: opens the creation modal, filled in so far. */
export const newRelease: Verb = async (engine, request) => {
  const kind = request.args.find((arg) => NOT_YET.includes(arg.toLowerCase()));
  if (kind) return say(plainMessage(`A ${kind.toLowerCase()} release is not available yet; staged ones are.`));
  const prefill = readPrefill(request.args);
  const build = async () => {
    const context = await contextFor(engine, request);
    return buildCreateRelease(engine, context, request.channelId, prefill);
  };
  return { kind: 'modal', title: 'New release', build };
};

/** Versions may name their platform; bare ones are taken in the order of the configuration's platforms. */
export function readPrefill(args: readonly string[]): CreatePrefill {
  const versions: Partial<Record<Platform, string>> = {};
  const versionList: string[] = [];
  const words: string[] = [];
  for (const arg of args) {
    const [, platform, version] = /^(android|ios|web)[=:](.+)$/i.exec(arg) ?? [];
    if (platform && version) versions[platformOf(platform)] = version;
    else if (isVersion(arg)) versionList.push(arg);
    else if (arg.toLowerCase() !== 'staged') words.push(arg);
  }
  return { config: words.length > 0 ? words.join(' ') : undefined, versions, versionList };
}

function platformOf(word: string): Platform {
  const name = word.toLowerCase();
  return name === 'android' ? 'ANDROID' : name === 'ios' ? 'IOS' : 'WEB';
}
