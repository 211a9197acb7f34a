import { emitMessageEvent } from '../events.ts';
import type { Json, SlackChannel, SlackMessage } from '../types.ts';
import { channelToWire, messageToWire } from '../wire.ts';
import { BOT_USER, directChannel, mintTs, type World } from '../world.ts';
import { ApiError, flag, type Method, memberChannel, needed, page, text, visibleChannel } from './method.ts';

const READ = ['channels:read', 'groups:read', 'im:read', 'mpim:read'] as const;
const HISTORY = { public: 'channels:history', private: 'groups:history', im: 'im:history' } as const;

const nextCursor = (next: string): Json => ({ response_metadata: { next_cursor: next } });

const info: Method = {
  scope: READ,
  formOnly: true,
  required: ['channel'],
  run: (world, args) => ({ channel: channelToWire(world, visibleChannel(world, needed(args, 'channel'))) }),
};

const TYPE_NAMES: Record<string, SlackChannel['kind']> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
};

const list: Method = {
  scope: READ,
  formOnly: true,
  run(world, args) {
    const kinds = (text(args, 'types') ?? 'public_channel').split(',').map((name) => TYPE_NAMES[name.trim()]);
    const channels = [...world.channels.values()].filter(
      (channel) =>
        kinds.includes(channel.kind) &&
        (channel.kind === 'public' || channel.members.has(BOT_USER)) &&
        !(flag(args, 'exclude_archived') && channel.archived),
    );
    const { items, next } = page(channels, args, 100, 1000);
    return { channels: items.map((channel) => channelToWire(world, channel)), ...nextCursor(next) };
  },
};

const members: Method = {
  scope: READ,
  formOnly: true,
  required: ['channel'],
  run(world, args) {
    const channel = visibleChannel(world, needed(args, 'channel'));
    const { items, next } = page([...channel.members], args, 100, 1000);
    return { members: items, ...nextCursor(next) };
  },
};

const join: Method = {
  scope: ['channels:join'],
  required: ['channel'],
  run(world, args) {
    const channel = visibleChannel(world, needed(args, 'channel'));
    if (channel.kind !== 'public') throw new ApiError('method_not_supported_for_channel_type');
    if (channel.archived) throw new ApiError('is_archived');
    const already = channel.members.has(BOT_USER);
    channel.members.add(BOT_USER);
    if (!already) void emitJoined(world, channel, BOT_USER);
    return { channel: channelToWire(world, channel), ...(already ? { warning: 'already_in_channel' } : {}) };
  },
};

/** Tells the app that somebody (or itself) came into a channel. */
export async function emitJoined(world: World, channel: SlackChannel, user: string): Promise<void> {
  const ts = mintTs(world);
  await emitMessageEvent(world, channel.id, {
    type: 'message',
    subtype: 'channel_join',
    user,
    text: `<@${user}> has joined the channel`,
    ts,
    event_ts: ts,
  });
  await world.events.emit('member_joined_channel', {
    type: 'member_joined_channel',
    user,
    channel: channel.id,
    channel_type: channel.kind === 'public' ? 'C' : 'G',
    team: world.options.teamId,
    event_ts: ts,
  });
}

const open: Method = {
  scope: ['im:write', 'mpim:write'],
  run(world, args) {
    const channelId = text(args, 'channel');
    if (channelId) return { channel: { id: visibleChannel(world, channelId).id } };
    const users = needed(args, 'users').split(',');
    if (users.length > 1) throw new ApiError('method_not_supported_for_channel_type');
    const user = world.users.get(users[0] ?? '');
    if (!user) throw new ApiError('user_not_found');
    if (user.deleted) throw new ApiError('user_disabled');
    return { channel: { id: directChannel(world, user.id, BOT_USER).id } };
  },
};

function withinTimes(messages: SlackMessage[], args: Json): SlackMessage[] {
  const oldest = Number(text(args, 'oldest') ?? 0);
  const latest = Number(text(args, 'latest') ?? Number.POSITIVE_INFINITY);
  const inclusive = flag(args, 'inclusive');
  return messages.filter((message) => {
    const at = Number(message.ts);
    return inclusive ? at >= oldest && at <= latest : at > oldest && at < latest;
  });
}

function readable(world: World, args: Json): SlackChannel {
  const channel = memberChannel(world, needed(args, 'channel'));
  const scope = HISTORY[channel.kind];
  const granted = world.options.scopes;
  if (granted && !granted.includes(scope))
    throw new ApiError('missing_scope', { needed: scope, provided: granted.join(',') });
  return channel;
}

function answerMessages(world: World, messages: SlackMessage[], args: Json): Json {
  const { items, next } = page(messages, args, 100, 999);
  return {
    messages: items.map((message) => messageToWire(world, message, flag(args, 'include_all_metadata'))),
    has_more: next !== '',
    ...(next === '' ? {} : nextCursor(next)),
  };
}

const history: Method = {
  scope: Object.values(HISTORY),
  formOnly: true,
  required: ['channel'],
  run(world, args) {
    const channel = readable(world, args);
    const shown = world.messages.filter(
      (message) =>
        message.channel === channel.id && !message.deleted && (message.threadTs === null || message.broadcast),
    );
    return answerMessages(world, withinTimes(shown, args).reverse(), args);
  },
};

const replies: Method = {
  scope: Object.values(HISTORY),
  formOnly: true,
  required: ['channel', 'ts'],
  run(world, args) {
    const channel = readable(world, args);
    const ts = needed(args, 'ts');
    const here = world.messages.filter((message) => message.channel === channel.id && !message.deleted);
    const asked = here.find((message) => message.ts === ts);
    if (!asked) throw new ApiError('thread_not_found');
    const rootTs = asked.threadTs ?? asked.ts;
    const root = here.filter((message) => message.ts === rootTs);
    const answers = here.filter((message) => message.threadTs === rootTs);
    return answerMessages(world, [...root, ...withinTimes(answers, args)], args);
  },
};

export const conversationMethods: Record<string, Method> = {
  'conversations.info': info,
  'conversations.list': list,
  'conversations.members': members,
  'conversations.join': join,
  'conversations.open': open,
  'conversations.history': history,
  'conversations.replies': replies,
};
