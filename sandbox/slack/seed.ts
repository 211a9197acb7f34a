import type { SlackUser } from './types.ts';
import { BOT_USER, type World } from './world.ts';

const PEOPLE: readonly [id: string, name: string, realName: string, tz: string][] = [
  ['U01ALICE', 'alice', 'Alice Adams', 'Europe/Berlin'],
  ['U02BOB', 'bob', 'Bob Brown', 'America/New_York'],
  ['U03CAROL', 'carol', 'Carol Chandra', 'Asia/Kolkata'],
  ['U04DAVE', 'dave', 'Dave Dunn', 'UTC'],
];

const CHANNELS: readonly [id: string, name: string][] = [
  ['C0GENERAL', 'general'],
  ['C0RELEASES', 'releases'],
];

/** The workspace everyone starts with. The bot is in no channel until it is invited. */
export function seed(world: World): void {
  const botName = world.options.botName ?? 'slipway';
  const bot: SlackUser = {
    id: BOT_USER,
    name: botName,
    realName: botName,
    email: '',
    tz: 'UTC',
    isBot: true,
    deleted: false,
  };
  world.users.set(BOT_USER, bot);
  for (const [id, name, realName, tz] of PEOPLE) {
    world.users.set(id, { id, name, realName, email: `${name}@example.com`, tz, isBot: false, deleted: false });
  }
  const members = PEOPLE.map(([id]) => id);
  for (const [id, name] of CHANNELS) {
    const createdAt = world.now();
    world.channels.set(id, {
      id,
      name,
      kind: 'public',
      members: new Set(members),
      archived: false,
      creator: 'U01ALICE',
      createdAt,
    });
  }
  const users = ['U01ALICE', 'U02BOB'];
  world.userGroups.set('S0RELEASE', { id: 'S0RELEASE', handle: 'release-managers', name: 'Release managers', users });
}
