import { deserialize, serialize } from 'node:v8';
import type { SlackFile } from './types.ts';
import type { World } from './world.ts';

/**
 * What a workspace still has tomorrow: people, channels, messages, files and Home tabs. Open modals, links that expire and
 * what one person alone saw are gone, as in Slack after a while.
 */
const KEPT = [
  'users',
  'channels',
  'userGroups',
  'messages',
  'files',
  'homes',
  'counters',
  'lastTsMicros',
] as const satisfies readonly (keyof World)[];
type Kept = Pick<World, (typeof KEPT)[number]>;

export function keepWorld(world: World): Buffer {
  const { users, channels, userGroups, messages, homes, counters, lastTsMicros } = world;
  const files = new Map([...world.files].map(([id, file]) => [id, withoutSpool(file)]));
  const kept: Kept = { users, channels, userGroups, messages, files, homes, counters, lastTsMicros };
  return serialize(kept);
}

/** Takes bytes of `keepWorld` only. */
export function restoreWorld(world: World, bytes: Buffer): void {
  const kept = deserialize(bytes) as Kept;
  for (const name of KEPT) Object.assign(world, { [name]: kept[name] });
  for (const home of world.homes.values()) world.views.set(home.id, home);
}

/** What was written to a temporary file goes with the process. */
function withoutSpool(file: SlackFile): SlackFile {
  const { content } = file;
  return content && 'path' in content && content.temporary ? { ...file, content: null } : file;
}
