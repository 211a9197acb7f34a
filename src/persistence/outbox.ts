import { type Connection, Schema } from 'mongoose';
import { z } from 'zod';
import { OUTBOX_STATUSES, type OutboxRow } from '../domain/outbox.ts';
import { InvariantError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS } from './documents.ts';
import { insertMissing } from './insert-missing.ts';
import type { OutboxRepository } from './types.ts';

/**
 * `_id` is the key. `work` says what is still to do with a row: POST it, in its turn; EDIT what was posted; null nothing.
 * `workAt` says when: its due time, or the end of its lease while somebody has it; null when there is no work, so that
 * a living message that shows what is stays out of every search.
 */
type OutboxDocument = OutboxRow & { _id: string; work: 'POST' | 'EDIT' | null; workAt: Date | null };

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

const schema = new Schema<OutboxDocument>(
  { _id: String, ...fields, work: String, workAt: Date },
  { ...SCHEMA_OPTIONS, collection: 'outbox' },
);
schema.index({ tenantId: 1, releaseId: 1, seq: 1 }, { unique: true });
schema.index({ releaseId: 1, work: 1, seq: 1 });
schema.index({ workAt: 1, releaseId: 1 });
schema.index({ work: 1, createdAt: 1 });
schema.index({ status: 1, sentAt: 1 });
schema.index({ tenantId: 1, ts: 1 });
schema.index({ threadKey: 1, settled: 1, dueAt: 1 });

const RowShape = z.looseObject({
  status: z.enum(OUTBOX_STATUSES),
  content: z.looseObject({ kind: z.string() }),
  lease: z.looseObject({ token: z.string(), until: z.date() }).nullable(),
});
const toRow = domainReader<OutboxRow>('outbox row', Object.keys(fields), RowShape, null);

/** How often a claim is tried when others take rows at the same time; the next drain finds what is left. */
const CLAIM_TRIES = 5;
const RELEASE_TRIES = 20;
const PURGE_BATCH = 100;

export function outboxRepository(connection: Connection): OutboxRepository {
  const model = connection.model<OutboxDocument>('OutboxRow', schema);
  const rows = model;

  /** The row whose turn it is: nothing may be posted before the first unposted one; edits wait for nobody. */
  async function findNext(releaseId: string, now: Date) {
    const [head, edit] = await Promise.all([
      rows.findOne({ releaseId, work: 'POST' }, { seq: 1, workAt: 1 }).sort({ seq: 1 }).lean(),
      rows
        .findOne({ releaseId, work: 'EDIT', workAt: { $lte: now } }, { seq: 1 })
        .sort({ seq: 1 })
        .lean(),
    ]);
    const blockedUntil = head?.workAt && head.workAt > now ? head.workAt : null;
    if (head && !blockedUntil && !(edit && edit.seq < head.seq)) return { next: head._id, head, blockedUntil };
    return { next: edit?._id ?? null, head, blockedUntil };
  }

  return {
    async append(added) {
      await insertMissing(
        model,
        added.map((row) => ({ _id: row.key, ...row, ...workOf(row) })),
      );
    },

    async touchLiving(tenantId, releaseId, version, now) {
      const living = { tenantId, releaseId, living: true, settled: false };
      // First the wish, then the work: whoever gives back a row in between sees the wish (see `release`).
      await rows.updateMany({ ...living, wantedVersion: { $lt: version } }, { $max: { wantedVersion: version } });
      await rows.updateMany(
        { ...living, status: { $in: ['PENDING', 'SENT'] }, ts: { $ne: null }, shownVersion: { $lt: version } },
        { $set: { work: 'EDIT', workAt: now, dueAt: now } },
      );
    },

    async findDueReleases(now, limit) {
      const found = new Set<string>();
      const due = rows
        .find({ workAt: { $lte: now } }, { _id: 0, releaseId: 1 })
        .sort({ workAt: 1 })
        .lean()
        .cursor();
      for await (const { releaseId } of due) {
        if (found.size >= limit) break;
        found.add(releaseId);
      }
      return [...found].slice(0, limit);
    },

    async claimNext(releaseId, now, leaseMs) {
      for (let attempt = 0; attempt < CLAIM_TRIES; attempt++) {
        const { next, head, blockedUntil } = await findNext(releaseId, now);
        if (next === null) {
          // The rows behind a waiting one become due with it; else they would be found due again and again in vain.
          if (head && blockedUntil) {
            await rows.updateMany(
              { releaseId, work: 'POST', seq: { $gt: head.seq }, workAt: { $lt: blockedUntil } },
              { $set: { workAt: blockedUntil } },
            );
          }
          return null;
        }
        const lease = { token: newId('lease'), until: new Date(now.getTime() + leaseMs) };
        const claimed = await rows
          .findOneAndUpdate(
            { _id: next, workAt: { $lte: now } },
            { $set: { status: 'SENDING', lease, workAt: lease.until } },
            { returnDocument: 'after' },
          )
          .lean();
        if (claimed) return toRow(claimed);
      }
      return null;
    },

    async release(row, token) {
      const status = row.status === 'SENDING' ? 'PENDING' : row.status;
      const { key, settled, ts, postedChannelId, renderedHash, shownVersion, attempts, lastError, dueAt, sentAt } = row;
      const outcome = { settled, ts, postedChannelId, renderedHash, shownVersion, attempts, lastError, dueAt, sentAt };
      let { wantedVersion } = row;
      for (let attempt = 0; attempt < RELEASE_TRIES; attempt++) {
        const stored = await rows.updateOne(
          { _id: key, 'lease.token': token, wantedVersion },
          { $set: { ...outcome, status, lease: null, ...workOf({ ...row, status, wantedVersion }) } },
        );
        if (stored.matchedCount === 1) return true;
        // Either the claim was lost, or the release changed and wants to be shown once more.
        const held = await rows.findOne({ _id: key, 'lease.token': token }, { wantedVersion: 1 }).lean();
        if (!held) return false;
        wantedVersion = held.wantedVersion;
      }
      throw new InvariantError(`Outbox row ${key} changed ${RELEASE_TRIES} times while it was given back`);
    },

    async find(tenantId, key) {
      const stored = await rows.findOne({ _id: key, tenantId }).lean();
      return stored && toRow(stored);
    },

    async findByTs(tenantId, channelId, ts) {
      const stored = await rows.findOne({ tenantId, ts, $or: [{ postedChannelId: channelId }, { channelId }] }).lean();
      return stored && toRow(stored);
    },

    async listByRelease(tenantId, releaseId) {
      const stored = await rows.find({ tenantId, releaseId }).sort({ seq: 1 }).lean();
      return stored.map(toRow);
    },

    async backlog() {
      const [depth, oldest, parked] = await Promise.all([
        rows.countDocuments({ work: 'POST' }),
        rows.findOne({ work: 'POST' }, { createdAt: 1 }).sort({ createdAt: 1 }).lean(),
        rows.countDocuments({ status: 'PARKED' }),
      ]);
      return { depth, oldestAt: oldest?.createdAt ?? null, parked };
    },

    async purgeSentBefore(before) {
      const done = { status: 'SENT', settled: true, dueAt: { $lt: before } } as const;
      let purged = 0;
      for (;;) {
        const roots = await rows
          .find({ threadKey: null, ...done }, { releaseId: 1 })
          .sort({ dueAt: 1 })
          .limit(PURGE_BATCH)
          .lean();
        if (roots.length === 0) return purged;
        const ended = { releaseId: { $in: roots.map((root) => root.releaseId) } };
        // The roots last: as long as one is there, a purge that was stopped half-way finds its replies again.
        const replies = await rows.deleteMany({ ...ended, threadKey: { $ne: null }, ...done });
        const gone = await rows.deleteMany({ ...ended, threadKey: null, ...done });
        purged += replies.deletedCount + gone.deletedCount;
      }
    },
  };
}

function workOf(
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
