import type { Json, SlackUser } from '../types.ts';
import { messageToWire, viewToWire } from '../wire.ts';
import { APP_ID, mintResponseUrl, mintTrigger, mintTs, type ResponseUrl, type World } from '../world.ts';
import { isEphemeral, isView, type Target } from './find.ts';
import { initialState } from './state.ts';

/** A payload with what was minted for it. */
export interface Prepared {
  payload: Json;
  triggerId: string;
  response: ResponseUrl | null;
}

const team = (world: World): Json => ({ id: world.options.teamId, domain: 'sandbox' });

function userPart(world: World, user: SlackUser): Json {
  return { id: user.id, username: user.name, name: user.name, team_id: world.options.teamId };
}

function channelNameFor(world: World, id: string): string {
  const channel = world.channels.get(id);
  if (!channel || channel.kind === 'im') return 'directmessage';
  return channel.kind === 'private' ? 'privategroup' : channel.name;
}

function common(world: World, type: string): Json {
  return {
    type,
    token: 'legacy-verification-token',
    team: team(world),
    api_app_id: APP_ID,
    enterprise: null,
    is_enterprise_install: false,
  };
}

/** A block_actions payload for a message, an ephemeral message, a modal or the Home tab. */
export function blockActions(world: World, user: SlackUser, target: Target, action: Json): Prepared {
  const full = { ...action, action_ts: mintTs(world) };
  if (isView(target)) {
    const triggerId = mintTrigger(world, user.id, target.type === 'modal' ? target.id : null);
    const payload = {
      ...common(world, 'block_actions'),
      user: userPart(world, user),
      container: { type: 'view', view_id: target.id },
      trigger_id: triggerId,
      view: viewToWire(world, target),
      actions: [full],
    };
    return { payload, triggerId, response: null };
  }
  const triggerId = mintTrigger(world, user.id);
  const { url, entry } = mintResponseUrl(world, {
    user: user.id,
    channel: target.channel,
    threadTs: target.threadTs,
    original: target,
  });
  const threadTs = target.threadTs ? { thread_ts: target.threadTs } : {};
  const payload = {
    ...common(world, 'block_actions'),
    user: userPart(world, user),
    container: {
      type: 'message',
      message_ts: target.ts,
      channel_id: target.channel,
      is_ephemeral: isEphemeral(target),
      ...threadTs,
    },
    trigger_id: triggerId,
    channel: { id: target.channel, name: channelNameFor(world, target.channel) },
    // Slack does not send the content of an ephemeral message.
    ...(isEphemeral(target) ? {} : { message: messageToWire(world, target) }),
    state: { values: initialState(target.blocks) },
    response_url: url,
    actions: [full],
  };
  return { payload, triggerId, response: entry };
}

export function viewSubmission(world: World, user: SlackUser, target: Extract<Target, { hash: string }>): Prepared {
  const triggerId = mintTrigger(world, user.id, target.id);
  const payload = {
    ...common(world, 'view_submission'),
    user: userPart(world, user),
    trigger_id: triggerId,
    view: viewToWire(world, target),
    response_urls: [],
  };
  return { payload, triggerId, response: null };
}

export function viewClosed(
  world: World,
  user: SlackUser,
  target: Extract<Target, { hash: string }>,
  cleared: boolean,
): Json {
  return {
    ...common(world, 'view_closed'),
    user: userPart(world, user),
    view: viewToWire(world, target),
    is_cleared: cleared,
  };
}

export function globalShortcut(world: World, user: SlackUser, callbackId: string): Prepared {
  const triggerId = mintTrigger(world, user.id);
  const payload = {
    ...common(world, 'shortcut'),
    user: userPart(world, user),
    callback_id: callbackId,
    action_ts: mintTs(world),
    trigger_id: triggerId,
  };
  return { payload, triggerId, response: null };
}

export function messageShortcut(
  world: World,
  user: SlackUser,
  callbackId: string,
  target: Exclude<Target, { hash: string }>,
): Prepared {
  if (isEphemeral(target)) throw new Error('Slack offers no shortcuts on ephemeral messages');
  const triggerId = mintTrigger(world, user.id);
  const { url, entry } = mintResponseUrl(world, {
    user: user.id,
    channel: target.channel,
    threadTs: target.threadTs,
    original: null,
  });
  const payload = {
    ...common(world, 'message_action'),
    user: userPart(world, user),
    channel: { id: target.channel, name: channelNameFor(world, target.channel) },
    callback_id: callbackId,
    action_ts: mintTs(world),
    trigger_id: triggerId,
    response_url: url,
    message_ts: target.ts,
    message: messageToWire(world, target),
  };
  return { payload, triggerId, response: entry };
}

export function slashCommand(world: World, user: SlackUser, command: string, text: string, channel: string): Prepared {
  const triggerId = mintTrigger(world, user.id);
  const { url, entry } = mintResponseUrl(world, { user: user.id, channel, threadTs: null, original: null });
  const payload = {
    token: 'legacy-verification-token',
    team_id: world.options.teamId,
    team_domain: 'sandbox',
    channel_id: channel,
    channel_name: channelNameFor(world, channel),
    user_id: user.id,
    user_name: user.name,
    command,
    text,
    api_app_id: APP_ID,
    is_enterprise_install: 'false',
    response_url: url,
    trigger_id: triggerId,
  };
  return { payload, triggerId, response: entry };
}
