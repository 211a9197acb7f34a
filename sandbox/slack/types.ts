import type { Readable } from 'node:stream';
import type { Fault } from './faults.ts';

export type Json = Record<string, unknown>;

export interface SlackOptions {
  /** Port on loopback; 0 or nothing for any free one. */
  port?: number;
  signingSecret: string;
  /** The one bot token that is accepted, `xoxb-...`. */
  botToken: string;
  /** The app-level token, `xapp-...`; without it Socket Mode is refused. */
  appToken?: string;
  teamId: string;
  /** The time people see: message ts, event times. Default: real time. */
  clock?: () => Date;
  /** The time of the wire: signatures, trigger and response_url expiry. Default: real time. */
  wallClock?: () => Date;
  /** Granted bot scopes; a call outside them is refused with `missing_scope`. Default: all this Slack knows. */
  scopes?: readonly string[];
  /** Subscribed events, as in the manifest (`message.channels`, `file_shared` ...). Default: all this Slack sends. */
  events?: readonly string[];
  /** Registered slash commands; others are unknown to people. Default: any. */
  commands?: readonly string[];
  /** Domains whose links are told to the app (`link_shared`). Default: none. */
  unfurlDomains?: readonly string[];
  /** Name of the bot user. Default `slipway`. */
  botName?: string;
  /** How long an acknowledgement may take; Slack's is 3000. */
  ackTimeoutMs?: number;
  /** Waits before the three retries of an event; Slack's are about 0, 60 000 and 300 000. */
  retryDelaysMs?: readonly number[];
  /** Enforces about `perSecond` posts a second in a channel after a burst, as Slack does. Default: off. */
  postLimit?: { perSecond: number; burst: number } | null;
  /** What `keep` of an earlier one gave: the workspace goes on from there. */
  kept?: Buffer;
}

export interface SlackUser {
  id: string;
  name: string;
  realName: string;
  email: string;
  /** IANA name of the reader's zone. */
  tz: string;
  isBot: boolean;
  deleted: boolean;
}

export interface SlackChannel {
  id: string;
  name: string;
  kind: 'public' | 'private' | 'im';
  members: Set<string>;
  archived: boolean;
  creator: string;
  createdAt: Date;
}

export interface SlackUserGroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
}

/** One state of a message as people saw it. */
export interface MessageVersion {
  at: Date;
  text: string;
  blocks: Json[];
}

export interface SlackMessage {
  channel: string;
  ts: string;
  /** Author; the bot's user id for the bot's own. */
  user: string;
  fromBot: boolean;
  text: string;
  /** As Slack hands them out: block_id and action_id filled in. */
  blocks: Json[];
  attachments: Json[];
  /** The root's ts for a reply (also for the root itself once it has replies: see `replyCount`), else null. */
  threadTs: string | null;
  broadcast: boolean;
  metadata: Json | null;
  files: SlackFile[];
  /** Oldest first; the last one is what stands there now. */
  versions: MessageVersion[];
  edited: { user: string; ts: string } | null;
  deleted: boolean;
  replyCount: number;
  unfurls: Json;
}

/** Seen by one person only. */
export interface SlackEphemeral {
  channel: string;
  ts: string;
  user: string;
  text: string;
  blocks: Json[];
  threadTs: string | null;
  source: 'api' | 'ack' | 'response_url';
  /** The response_url token it came through, else null. */
  via: string | null;
  versions: MessageVersion[];
  deleted: boolean;
}

/** A modal or Home tab, and what the person has put into it so far. */
export interface SlackView {
  id: string;
  type: 'modal' | 'home';
  user: string;
  hash: string;
  callbackId: string;
  externalId: string;
  privateMetadata: string;
  title: Json | null;
  submit: Json | null;
  close: Json | null;
  blocks: Json[];
  clearOnClose: boolean;
  notifyOnClose: boolean;
  rootId: string;
  previousId: string | null;
  /** Values by block_id and action_id, as Slack keeps them. */
  state: Record<string, Record<string, Json>>;
  /** Errors shown after the last submission, by block_id. */
  errors: Record<string, string>;
  /** The `view` arguments, oldest first. */
  versions: Json[];
  status: 'open' | 'closed';
}

export type FileContent = { path: string; temporary: boolean } | { bytes: Buffer };

export interface SlackFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  filetype: string;
  sizeBytes: number;
  user: string;
  createdAt: Date;
  /** Where it was shared. A file of a modal's file_input has no share. */
  shares: { channel: string; ts: string; threadTs: string | null }[];
  /** Sent as `{ id, file_access: 'check_file_info' }` in messages. */
  stub: boolean;
  /** Address of a file that lies elsewhere (a Drive link): it cannot be downloaded from Slack. */
  externalUrl: string | null;
  deleted: boolean;
  content: FileContent | null;
}

/** What a person uploads. A path is read from where it lies; a stream is written to a temporary file first. */
export interface UploadSource {
  name: string;
  path?: string;
  bytes?: Buffer | string;
  stream?: Readable;
  /** Told to the bot instead of the real size (for lying metadata). Default: the real size. */
  sizeBytes?: number;
  mimetype?: string;
  /** Makes it a link to a file elsewhere, `is_external`; has no bytes here. */
  externalUrl?: string;
}

export interface ApiCall {
  method: string;
  args: Json;
  at: Date;
  httpStatus: number;
  /** What was answered; null when the connection was cut. */
  answer: Json | null;
  /** The error code, or null for `ok: true`. */
  error: string | null;
  fault: Fault | null;
}

/** A request of the bot that Slack would refuse for its shape: always a bug in the bot. */
export interface Violation {
  where: string;
  error: string;
  messages: string[];
  args: Json;
}

/** Every request this Slack made to the bot. */
export interface Delivery {
  kind: 'event' | 'command' | 'interaction';
  /** event type, command, or interaction type */
  name: string;
  attempt: number;
  transport: 'http' | 'socket' | 'none';
  /** HTTP status; 200 for a socket acknowledgement; null when there was none in time. */
  status: number | null;
  body: string;
  failure: 'timeout' | 'no_receiver' | 'connection' | null;
  durationMs: number;
  payload: Json;
  eventId: string | null;
}

export type Change =
  | { kind: 'message' | 'message_changed' | 'message_deleted'; message: SlackMessage }
  | { kind: 'ephemeral' | 'ephemeral_changed' | 'ephemeral_deleted'; ephemeral: SlackEphemeral }
  | { kind: 'view_opened' | 'view_changed' | 'view_closed' | 'home'; view: SlackView }
  | { kind: 'file'; file: SlackFile }
  | { kind: 'call'; call: ApiCall }
  | { kind: 'violation'; violation: Violation }
  | { kind: 'delivery'; delivery: Delivery }
  | { kind: 'other' };
