import type { AlertContent, MessageContent, MessageDraft } from './message.ts';

/**
 * A message on its way to Slack (Spec 7.2). Identity: `key`. Rows of one release are sent in order of `seq`.
 * PENDING -> SENDING (claimed) -> SENT; a living message returns to PENDING when its release changed, until settled.
 * PARKED after too many failures: later rows of the thread go on, admins are alerted.
 */
export const OUTBOX_STATUSES = ['PENDING', 'SENDING', 'SENT', 'PARKED'] as const;
export type OutboxStatus = (typeof OUTBOX_STATUSES)[number];

export interface OutboxRow {
  key: string;
  tenantId: string;
  /** whose queue it is sent in; an alert is a queue of its own, named by its key: it waits for no release */
  releaseId: string;
  seq: number;
  content: MessageContent | AlertContent;
  /** a channel, or a user for a direct message */
  channelId: string;
  /** the row whose `ts` is the thread; null for the root card itself */
  threadKey: string | null;
  broadcast: boolean;
  living: boolean;
  /** a living message that will never change again (always true for others once SENT) */
  settled: boolean;
  status: OutboxStatus;
  /** the message's id at Slack once known */
  ts: string | null;
  /** the channel id Slack answered with */
  postedChannelId: string | null;
  /** hash of what was last rendered, so that an unchanged living message costs no call */
  renderedHash: string | null;
  /** the release version the row must show, and the one it shows */
  wantedVersion: number;
  shownVersion: number;
  /** failed tries in a row */
  attempts: number;
  lastError: string | null;
  dueAt: Date;
  lease: { token: string; until: Date } | null;
  createdAt: Date;
  sentAt: Date | null;
}

/** How every row begins: nobody has tried to send it. */
export const UNSENT = {
  settled: false,
  status: 'PENDING',
  ts: null,
  postedChannelId: null,
  renderedHash: null,
  shownVersion: 0,
  attempts: 0,
  lastError: null,
  lease: null,
  sentAt: null,
} as const satisfies Partial<OutboxRow>;

/** A draft with its place in the release's sequence; lives in the release document until it is moved to the outbox. */
export interface PendingMessage extends MessageDraft {
  seq: number;
  bornAt: Date;
}
