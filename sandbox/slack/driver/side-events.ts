import type { Delivery, SlackMessage, SlackUser, SlackView } from '../types.ts';
import { viewToWire } from '../wire.ts';
import { BOT_USER, directChannel, mintTs, type World } from '../world.ts';

/** `app_mention` when the bot is named in a channel it is in. */
export async function emitMention(world: World, message: SlackMessage): Promise<Delivery | null> {
  const inChannel = world.channels.get(message.channel)?.members.has(BOT_USER);
  if (!inChannel || !message.text.includes(`<@${BOT_USER}>`)) return null;
  const thread = message.threadTs ? { thread_ts: message.threadTs } : {};
  return world.events.emit('app_mention', {
    type: 'app_mention',
    user: message.user,
    text: message.text,
    ts: message.ts,
    channel: message.channel,
    team: world.options.teamId,
    event_ts: message.ts,
    ...thread,
  });
}

/** `link_shared` for links of the app's domains. */
export async function emitLinks(world: World, message: SlackMessage): Promise<Delivery | null> {
  const domains = world.options.unfurlDomains ?? [];
  const links = [...message.text.matchAll(/https?:\/\/([^\s/<>|]+)[^\s<>|]*/g)]
    .map((match) => ({ url: match[0], domain: match[1] ?? '' }))
    .filter((link) => domains.some((domain) => link.domain === domain || link.domain.endsWith(`.${domain}`)));
  if (links.length === 0) return null;
  return world.events.emit('link_shared', {
    type: 'link_shared',
    channel: message.channel,
    user: message.user,
    message_ts: message.ts,
    ...(message.threadTs ? { thread_ts: message.threadTs } : {}),
    links,
    source: 'conversations_history',
    is_bot_user_member: world.channels.get(message.channel)?.members.has(BOT_USER) ?? false,
    event_ts: message.ts,
  });
}

export function emitHomeOpened(world: World, user: SlackUser, home: SlackView | null): Promise<Delivery | null> {
  return world.events.emit('app_home_opened', {
    type: 'app_home_opened',
    user: user.id,
    channel: directChannel(world, user.id, BOT_USER).id,
    tab: 'home',
    event_ts: mintTs(world),
    ...(home ? { view: viewToWire(world, home) } : {}),
  });
}
