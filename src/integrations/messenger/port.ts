import type { KnownBlock } from '@slack/types';

/** A rendered message: `text` is the notification fallback, at most 4,000 characters; at most 50 blocks. */
export interface RenderedMessage {
  text: string;
  blocks: KnownBlock[];
}

/**
 * Sends what the outbox holds (Spec 4.5, 7.2). Raises the provider errors of Spec 4.5. One instance a tenant. `channelId` is a
 * channel's id, or a user's for a direct message.
 */
export interface Messenger {
  /** Posts with `key` in the message's metadata so that it can be found again. Never retried inside. */
  send(message: {
    key: string;
    channelId: string;
    threadTs: string | null;
    broadcast: boolean;
    rendered: RenderedMessage;
  }): Promise<{ ts: string; channelId: string }>;
  update(message: { channelId: string; ts: string; rendered: RenderedMessage }): Promise<void>;
  /** Looks in the channel (or thread) for a message of ours with this key, posted at or after `since`. */
  findByKey(message: {
    key: string;
    channelId: string;
    threadTs: string | null;
    since: Date;
  }): Promise<{ ts: string; channelId: string } | null>;
  /** The key of our message that stands there; null when it is none of ours, or gone. */
  keyAt(message: { channelId: string; ts: string }): Promise<string | null>;
  permalink(message: { channelId: string; ts: string }): Promise<string | null>;
  /** Members of a Slack user group (S…). */
  groupMembers(groupId: string): Promise<string[]>;
  verify(): Promise<{ detail: string; teamId: string; teamName: string; botUserId: string }>;
}
