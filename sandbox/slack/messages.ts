import { emitMessageEvent, emitPosted } from './events.ts';
import type { Json, MessageVersion, SlackEphemeral, SlackFile, SlackMessage } from './types.ts';
import { finishBlocks, messageToWire } from './wire.ts';
import { BOT_USER, mintTs, tell, type World } from './world.ts';

export interface Draft {
  channel: string;
  user: string;
  text: string;
  blocks?: unknown;
  attachments?: Json[];
  threadTs?: string | null;
  broadcast?: boolean;
  metadata?: Json | null;
  files?: SlackFile[];
}

const snapshot = (world: World, text: string, blocks: Json[]): MessageVersion => ({
  at: world.now(),
  text,
  blocks: structuredClone(blocks),
});

/** Puts a message into a channel or thread. Sends no event: `emitPosted` does. */
export function postMessage(world: World, draft: Draft): SlackMessage {
  const blocks = finishBlocks(draft.blocks);
  const message: SlackMessage = {
    channel: draft.channel,
    ts: mintTs(world),
    user: draft.user,
    fromBot: draft.user === BOT_USER,
    text: draft.text,
    blocks,
    attachments: draft.attachments ?? [],
    threadTs: draft.threadTs ?? null,
    broadcast: draft.broadcast ?? false,
    metadata: draft.metadata ?? null,
    files: draft.files ?? [],
    versions: [snapshot(world, draft.text, blocks)],
    edited: null,
    deleted: false,
    replyCount: 0,
    unfurls: {},
  };
  world.messages.push(message);
  const root = message.threadTs
    ? world.messages.find((other) => other.channel === message.channel && other.ts === message.threadTs)
    : null;
  if (root) root.replyCount += 1;
  for (const file of message.files) {
    file.shares.push({ channel: message.channel, ts: message.ts, threadTs: message.threadTs });
  }
  tell(world, { kind: 'message', message });
  return message;
}

/** A message by the app, seen by it as an event like any other. */
export function postAsBot(world: World, draft: Omit<Draft, 'user'>): SlackMessage {
  const message = postMessage(world, { ...draft, user: BOT_USER });
  void emitPosted(world, message);
  return message;
}

/** New text and blocks; what stood there goes into the versions. */
export function editMessage(world: World, message: SlackMessage, text: string, blocks: unknown, editor: string): void {
  const previous = messageToWire(world, message);
  message.text = text;
  message.blocks = finishBlocks(blocks);
  message.edited = { user: editor, ts: mintTs(world) };
  message.versions.push(snapshot(world, text, message.blocks));
  tell(world, { kind: 'message_changed', message });
  void emitMessageEvent(world, message.channel, {
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    message: messageToWire(world, message),
    previous_message: previous,
    ts: message.edited.ts,
    event_ts: message.edited.ts,
  });
}

export function deleteMessage(world: World, message: SlackMessage): void {
  const previous = messageToWire(world, message);
  message.deleted = true;
  const root = message.threadTs
    ? world.messages.find((other) => other.channel === message.channel && other.ts === message.threadTs)
    : null;
  if (root) root.replyCount -= 1;
  tell(world, { kind: 'message_deleted', message });
  const ts = mintTs(world);
  void emitMessageEvent(world, message.channel, {
    type: 'message',
    subtype: 'message_deleted',
    hidden: true,
    deleted_ts: message.ts,
    previous_message: previous,
    ts,
    event_ts: ts,
  });
}

export function showEphemeral(
  world: World,
  draft: Pick<SlackEphemeral, 'channel' | 'user' | 'text' | 'threadTs' | 'source' | 'via'> & { blocks: unknown },
): SlackEphemeral {
  const blocks = finishBlocks(draft.blocks);
  const ephemeral: SlackEphemeral = {
    ...draft,
    blocks,
    ts: mintTs(world),
    versions: [snapshot(world, draft.text, blocks)],
    deleted: false,
  };
  world.ephemerals.push(ephemeral);
  tell(world, { kind: 'ephemeral', ephemeral });
  return ephemeral;
}

export function editEphemeral(world: World, ephemeral: SlackEphemeral, text: string, blocks: unknown): void {
  ephemeral.text = text;
  ephemeral.blocks = finishBlocks(blocks);
  ephemeral.versions.push(snapshot(world, text, ephemeral.blocks));
  tell(world, { kind: 'ephemeral_changed', ephemeral });
}

export function removeEphemeral(world: World, ephemeral: SlackEphemeral): void {
  ephemeral.deleted = true;
  tell(world, { kind: 'ephemeral_deleted', ephemeral });
}
