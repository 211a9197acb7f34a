import { deleteMessage, editMessage, postAsBot, showEphemeral } from '../messages.ts';
import type { Json, SlackChannel, SlackMessage } from '../types.ts';
import { messageToWire } from '../wire.ts';
import { BOT_USER, directChannel, findMessage, recordViolation, type World } from '../world.ts';
import { ApiError, flag, type Method, messageBlocks, needed, structured, text, visibleChannel } from './method.ts';
import { spendPost } from './post-limit.ts';

const POST_TEXT_MAX = 40_000;
const UPDATE_TEXT_MAX = 4000;
const METADATA_MAX = 16_000;

/** Where a message may go: a channel id, `#name`, or a user id (a direct message). */
function target(world: World, args: Json): SlackChannel {
  const wanted = needed(args, 'channel');
  if (world.users.has(wanted)) return directChannel(world, wanted, BOT_USER);
  const named = wanted.startsWith('#')
    ? [...world.channels.values()].find((channel) => channel.name === wanted.slice(1) && channel.kind !== 'im')?.id
    : undefined;
  const channel = visibleChannel(world, named ?? wanted);
  if (channel.archived) throw new ApiError('is_archived');
  const granted = world.options.scopes;
  const mayPostPublic = channel.kind === 'public' && granted?.includes('chat:write.public');
  if (!channel.members.has(BOT_USER) && !mayPostPublic) throw new ApiError('not_in_channel');
  return channel;
}

function threadRoot(world: World, channel: SlackChannel, args: Json): string | null {
  const threadTs = text(args, 'thread_ts');
  if (threadTs === null) return null;
  if (!/^\d{9,11}\.\d{6}$/.test(threadTs)) throw new ApiError('invalid_thread_ts');
  const root = findMessage(world, channel.id, threadTs);
  if (!root) throw new ApiError('thread_not_found');
  if (root.threadTs !== null) throw new ApiError('cannot_reply_to_message');
  return threadTs;
}

function readMetadata(args: Json): Json | null | undefined {
  const metadata = structured(args, 'metadata', 'invalid_metadata_format');
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'object' || metadata === null) throw new ApiError('invalid_metadata_format');
  if (Object.keys(metadata).length === 0) return null;
  const { event_type: type, event_payload: payload } = metadata as Json;
  if (typeof type !== 'string' || type === '' || typeof payload !== 'object' || payload === null) {
    throw new ApiError('invalid_metadata_format');
  }
  if (JSON.stringify(payload).length > METADATA_MAX) throw new ApiError('metadata_too_large');
  return metadata as Json;
}

interface Content {
  text: string;
  blocks: unknown[] | undefined;
  attachments: Json[];
}

function readContent(world: World, method: string, args: Json): Content {
  const blocks = messageBlocks(world, method, args);
  const attachments = structured(args, 'attachments', 'invalid_attachments');
  const content: Content = {
    text: text(args, 'text') ?? '',
    blocks,
    attachments: Array.isArray(attachments) ? (attachments as Json[]) : [],
  };
  if (content.text === '' && !blocks?.length && content.attachments.length === 0) {
    recordViolation(world, { where: method, error: 'no_text', messages: ['no text, blocks or attachments'], args });
    throw new ApiError('no_text');
  }
  return content;
}

function ownMessage(world: World, args: Json, refusal: string): SlackMessage {
  const channel = visibleChannel(world, needed(args, 'channel'));
  const message = findMessage(world, channel.id, needed(args, 'ts'));
  if (!message) throw new ApiError('message_not_found');
  if (!message.fromBot) throw new ApiError(refusal);
  return message;
}

const postMessage: Method = {
  scope: ['chat:write'],
  required: ['channel'],
  run(world, args) {
    const channel = target(world, args);
    const content = readContent(world, 'chat.postMessage', args);
    const threadTs = threadRoot(world, channel, args);
    const metadata = readMetadata(args) ?? null;
    spendPost(world, channel.id);
    const message = postAsBot(world, {
      ...content,
      channel: channel.id,
      text: content.text.slice(0, POST_TEXT_MAX),
      threadTs,
      broadcast: threadTs !== null && flag(args, 'reply_broadcast'),
      metadata,
    });
    return { channel: channel.id, ts: message.ts, message: messageToWire(world, message, true) };
  },
};

const update: Method = {
  scope: ['chat:write'],
  required: ['channel', 'ts'],
  run(world, args) {
    const message = ownMessage(world, args, 'cant_update_message');
    const content = readContent(world, 'chat.update', args);
    if (content.text.length > UPDATE_TEXT_MAX) throw new ApiError('msg_too_long');
    const metadata = readMetadata(args);
    if (metadata !== undefined) message.metadata = metadata;
    message.attachments = content.attachments;
    editMessage(world, message, content.text, content.blocks ?? [], BOT_USER);
    if (flag(args, 'reply_broadcast') && message.threadTs !== null) message.broadcast = true;
    return {
      channel: message.channel,
      ts: message.ts,
      text: message.text,
      message: messageToWire(world, message, true),
    };
  },
};

const remove: Method = {
  scope: ['chat:write'],
  required: ['channel', 'ts'],
  run(world, args) {
    const message = ownMessage(world, args, 'cant_delete_message');
    deleteMessage(world, message);
    return { channel: message.channel, ts: message.ts };
  },
};

const postEphemeral: Method = {
  scope: ['chat:write'],
  required: ['channel', 'user'],
  run(world, args) {
    const channel = target(world, args);
    const user = needed(args, 'user');
    const content = readContent(world, 'chat.postEphemeral', args);
    if (!channel.members.has(user)) throw new ApiError('user_not_in_channel');
    const threadTs = threadRoot(world, channel, args);
    const shown = showEphemeral(world, {
      channel: channel.id,
      user,
      text: content.text,
      blocks: content.blocks,
      threadTs,
      source: 'api',
      via: null,
    });
    return { message_ts: shown.ts };
  },
};

const getPermalink: Method = {
  scope: null,
  formOnly: true,
  required: ['channel', 'message_ts'],
  run(world, args) {
    const channel = visibleChannel(world, needed(args, 'channel'));
    const message = findMessage(world, channel.id, needed(args, 'message_ts'));
    if (!message) throw new ApiError('message_not_found');
    const thread = message.threadTs ? `?thread_ts=${message.threadTs}&cid=${channel.id}` : '';
    const permalink = `https://sandbox.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}${thread}`;
    return { channel: channel.id, permalink };
  },
};

const unfurl: Method = {
  scope: ['links:write'],
  required: ['unfurls'],
  run(world, args) {
    const message = findMessage(world, needed(args, 'channel'), needed(args, 'ts'));
    if (!message) throw new ApiError('cannot_unfurl_message');
    const unfurls = structured(args, 'unfurls', 'invalid_unfurls_format');
    if (typeof unfurls !== 'object' || unfurls === null) throw new ApiError('invalid_unfurls_format');
    for (const entry of Object.values(unfurls)) messageBlocks(world, 'chat.unfurl', entry as Json);
    Object.assign(message.unfurls, unfurls);
    return {};
  },
};

export const chatMethods: Record<string, Method> = {
  'chat.postMessage': postMessage,
  'chat.update': update,
  'chat.delete': remove,
  'chat.postEphemeral': postEphemeral,
  'chat.getPermalink': getPermalink,
  'chat.unfurl': unfurl,
};
