import type { Json, SlackChannel, SlackFile, SlackMessage, SlackUser, SlackView } from './types.ts';
import { APP_ID, BOT_ID, BOT_USER, randomToken, type World } from './world.ts';

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const seconds = (date: Date): number => Math.floor(date.getTime() / 1000);

function finishText(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (value['type'] === 'plain_text') return { ...value, emoji: value['emoji'] ?? true };
  if (value['type'] === 'mrkdwn') return { ...value, verbatim: value['verbatim'] ?? false };
  return value;
}

const INTERACTIVE = /(button|select|overflow|picker|checkboxes|radio_buttons|_input)$/;

/** Fills in what Slack fills in: action ids, and the defaults of text objects at any depth. */
function finish(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(finish);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([name, entry]) => [name, finish(entry)] as const);
  const done: Json = Object.fromEntries(entries);
  const type = typeof done['type'] === 'string' ? done['type'] : '';
  if (INTERACTIVE.test(type) && done['action_id'] === undefined) done['action_id'] = randomToken(3);
  return finishText(done);
}

/** The blocks as Slack hands them out again: every block has a block_id, every interactive element an action_id. */
export function finishBlocks(blocks: unknown): Json[] {
  if (!Array.isArray(blocks)) return [];
  return blocks.map((block) => {
    const done = finish(structuredClone(block)) as Json;
    return { ...done, block_id: done['block_id'] ?? randomToken(3) };
  });
}

export function fileToWire(world: World, file: SlackFile): Json {
  const base = `${world.baseUrl}/files-pri/${world.options.teamId}-${file.id}`;
  const encoded = encodeURIComponent(file.name);
  if (file.deleted) return { id: file.id, mode: 'tombstone' };
  const publicShares: Json = {};
  const privateShares: Json = {};
  for (const share of file.shares) {
    const target = world.channels.get(share.channel)?.kind === 'public' ? publicShares : privateShares;
    const entry = { ts: share.ts, channel_name: world.channels.get(share.channel)?.name, share_user_id: file.user };
    const before = Array.isArray(target[share.channel]) ? (target[share.channel] as Json[]) : [];
    target[share.channel] = [...before, share.threadTs ? { ...entry, thread_ts: share.threadTs } : entry];
  }
  const channelsOf = (kind: SlackChannel['kind']): string[] => [
    ...new Set(file.shares.map((share) => share.channel).filter((id) => world.channels.get(id)?.kind === kind)),
  ];
  return {
    id: file.id,
    created: seconds(file.createdAt),
    timestamp: seconds(file.createdAt),
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.filetype,
    pretty_type: file.filetype.toUpperCase(),
    user: file.user,
    user_team: world.options.teamId,
    editable: false,
    size: file.sizeBytes,
    mode: file.externalUrl === null ? 'hosted' : 'external',
    is_external: file.externalUrl !== null,
    external_type: file.externalUrl === null ? '' : 'gdrive',
    is_public: channelsOf('public').length > 0,
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    ...(file.externalUrl === null
      ? { url_private: `${base}/${encoded}`, url_private_download: `${base}/download/${encoded}` }
      : { url_private: file.externalUrl, external_url: file.externalUrl }),
    media_display_type: 'unknown',
    permalink: `${world.baseUrl}/files/${file.user}/${file.id}/${encoded}`,
    is_starred: false,
    has_rich_preview: false,
    file_access: 'visible',
    channels: channelsOf('public'),
    groups: channelsOf('private'),
    ims: channelsOf('im'),
    shares: { public: publicShares, private: privateShares },
  };
}

/** The file as a message carries it: whole, or a stub that asks for files.info. */
function fileInMessage(world: World, file: SlackFile): Json {
  if (file.stub && !file.deleted) return { id: file.id, mode: 'file_access', file_access: 'check_file_info' };
  const { channels: _c, groups: _g, ims: _i, shares: _s, ...rest } = fileToWire(world, file);
  return rest;
}

/** A message as conversations.* and payloads carry it; metadata only where it was asked for. */
export function messageToWire(world: World, message: SlackMessage, withMetadata = false): Json {
  const wire: Json = {
    type: 'message',
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: world.options.teamId,
  };
  if (message.fromBot) {
    Object.assign(wire, { bot_id: BOT_ID, app_id: APP_ID });
    wire['bot_profile'] = {
      id: BOT_ID,
      app_id: APP_ID,
      user_id: BOT_USER,
      name: world.users.get(BOT_USER)?.name,
      deleted: false,
      team_id: world.options.teamId,
    };
  }
  if (message.blocks.length > 0) wire['blocks'] = structuredClone(message.blocks);
  if (message.attachments.length > 0) wire['attachments'] = structuredClone(message.attachments);
  if (message.files.length > 0) wire['files'] = message.files.map((file) => fileInMessage(world, file));
  if (message.edited) wire['edited'] = { ...message.edited };
  if (withMetadata && message.metadata) wire['metadata'] = structuredClone(message.metadata);
  if (message.broadcast) wire['subtype'] = 'thread_broadcast';
  else if (message.files.length > 0) wire['subtype'] = 'file_share';
  if (message.threadTs) {
    wire['thread_ts'] = message.threadTs;
    const root = world.messages.find((other) => other.channel === message.channel && other.ts === message.threadTs);
    if (root) wire['parent_user_id'] = root.user;
  } else if (message.replyCount > 0) {
    const replies = world.messages.filter(
      (other) => other.channel === message.channel && other.threadTs === message.ts && !other.deleted,
    );
    Object.assign(wire, {
      thread_ts: message.ts,
      reply_count: message.replyCount,
      reply_users: [...new Set(replies.map((reply) => reply.user))],
      reply_users_count: new Set(replies.map((reply) => reply.user)).size,
      latest_reply: replies.at(-1)?.ts,
    });
  }
  return wire;
}

export function channelToWire(_world: World, channel: SlackChannel): Json {
  const base = {
    id: channel.id,
    created: seconds(channel.createdAt),
    creator: channel.creator,
    is_archived: channel.archived,
  };
  if (channel.kind === 'im') {
    return {
      ...base,
      is_im: true,
      user: [...channel.members].find((id) => id !== BOT_USER) ?? BOT_USER,
      is_open: true,
    };
  }
  return {
    ...base,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: false,
    is_mpim: false,
    is_private: channel.kind === 'private',
    is_general: false,
    is_member: channel.members.has(BOT_USER),
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    num_members: channel.members.size,
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
  };
}

/** Offset of an IANA zone from UTC in seconds at an instant. */
function offsetSeconds(tz: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'longOffset' }).formatToParts(at);
  const match = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '');
  if (!match) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3]) * 60);
}

/** The email address only with the scope for it. */
export function userToWire(world: World, user: SlackUser): Json {
  const scopes = world.options.scopes;
  const email = !scopes || scopes.includes('users:read.email') ? { email: user.email } : {};
  return {
    id: user.id,
    team_id: world.options.teamId,
    name: user.name,
    deleted: user.deleted,
    real_name: user.realName,
    tz: user.tz,
    tz_label: user.tz,
    tz_offset: offsetSeconds(user.tz, world.now()),
    profile: { real_name: user.realName, display_name: user.name, ...email, team: world.options.teamId },
    is_admin: false,
    is_owner: false,
    is_bot: user.isBot,
    is_app_user: false,
    updated: 0,
  };
}

export function viewToWire(world: World, view: SlackView): Json {
  return {
    id: view.id,
    team_id: world.options.teamId,
    type: view.type,
    ...(view.type === 'modal' ? { title: view.title, submit: view.submit, close: view.close } : {}),
    blocks: structuredClone(view.blocks),
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    external_id: view.externalId,
    hash: view.hash,
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    root_view_id: view.rootId,
    previous_view_id: view.previousId,
    state: { values: structuredClone(view.state) },
    app_id: APP_ID,
    app_installed_team_id: world.options.teamId,
    bot_id: BOT_ID,
  };
}
