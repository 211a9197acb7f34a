import { Schema } from 'mongoose';
import { z } from 'zod';
import { OUTBOX_STATUSES, type OutboxRow } from '../domain/outbox.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';

/**
 * `_id` is the key. `work` says what is still to do with a row: POST it, in its turn; EDIT what was posted; null nothing.
 * `workAt` says when: its due time, or the end of its lease while somebody has it; null when there is no work, so that
 * a living message that shows what is stays out of every search.
 */
export type OutboxDocument = OutboxRow & { _id: string; work: 'POST' | 'EDIT' | null; workAt: Date | null };

const LeaseSchema = new Schema({ token: String, until: Date }, { ...SCHEMA_OPTIONS, _id: false });

const fields = {
  key: String,
  tenantId: String,
  releaseId: String,
  seq: Number,
  content: Schema.Types.Mixed,
  channelId: String,
  threadKey: String,
  broadcast: Boolean,
  living: Boolean,
  settled: Boolean,
  status: String,
  ts: String,
  postedChannelId: String,
  renderedHash: String,
  wantedVersion: Number,
  shownVersion: Number,
  attempts: Number,
  lastError: String,
  dueAt: Date,
  lease: LeaseSchema,
  createdAt: Date,
  sentAt: Date,
} satisfies Fields<OutboxRow>;

export const outboxSchema = new Schema<OutboxDocument>(
  { _id: String, ...fields, work: String, workAt: Date },
  { ...SCHEMA_OPTIONS, collection: 'outbox' },
);
outboxSchema.index({ tenantId: 1, releaseId: 1, seq: 1 }, { unique: true });
outboxSchema.index({ releaseId: 1, work: 1, seq: 1 });
outboxSchema.index({ workAt: 1, releaseId: 1 });
outboxSchema.index({ work: 1, createdAt: 1 });
outboxSchema.index({ status: 1 });
outboxSchema.index({ tenantId: 1, ts: 1 });
outboxSchema.index({ tenantId: 1, sentAt: -1 });
outboxSchema.index({ 'content.kind': 1, settled: 1, dueAt: 1 });

const RowShape = z.looseObject({
  status: z.enum(OUTBOX_STATUSES),
  content: z.looseObject({ kind: z.string() }),
  lease: z.looseObject({ token: z.string(), until: z.date() }).nullable(),
});
export const toRow = domainReader<OutboxRow>('outbox row', Object.keys(fields), RowShape, null);

/** What is still to do with a row as it is, and when. */
export function workOf(
  row: Pick<OutboxRow, 'status' | 'ts' | 'living' | 'settled' | 'wantedVersion' | 'shownVersion' | 'dueAt' | 'lease'>,
): {
  work: 'POST' | 'EDIT' | null;
  workAt: Date | null;
} {
  if (row.status === 'PARKED') return { work: null, workAt: null };
  if (row.status !== 'SENT') return { work: row.ts === null ? 'POST' : 'EDIT', workAt: row.dueAt };
  const outdated = row.living && !row.settled && row.wantedVersion > row.shownVersion;
  return outdated ? { work: 'EDIT', workAt: row.dueAt } : { work: null, workAt: null };
}
