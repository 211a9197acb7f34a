import type { Connection } from 'mongoose';
import { InvariantError } from '../shared/errors.ts';
import { newId } from '../shared/ids.ts';
import { insertMissing } from './insert-missing.ts';
import { type OutboxDocument, outboxSchema, toRow, workOf } from './outbox-schema.ts';
import type { OutboxRepository } from './types/index.ts';

/** A root card is settled when its release has ended; `dueAt` is then the release's last change. */
const PURGE_BATCH = 100;
/** How often a claim is tried when others take rows at the same time; the next drain finds what is left. */
const CLAIM_TRIES = 5;
const RELEASE_TRIES = 20;

export function outboxRepository(connection: Connection): OutboxRepository {
  const rows = connection.model<OutboxDocument>('OutboxRow', outboxSchema);

  /** The row whose turn it is: nothing may be posted before the first unposted one; edits wait for nobody. */
  async function findNext(releaseId: string, now: Date) {
    const [head, edit] = await Promise.all([
      rows.findOne({ releaseId, work: 'POST' }, { seq: 1, workAt: 1, status: 1 }).sort({ seq: 1 }).lean(),
      rows
        .findOne({ releaseId, work: 'EDIT', workAt: { $lte: now } }, { seq: 1 })
        .sort({ seq: 1 })
        .lean(),
    ]);
    const waits = head?.workAt && head.workAt > now;
    if (head && !waits && !(edit && edit.seq < head.seq)) return { next: head._id, waitsFor: null };
    return { next: edit?._id ?? null, waitsFor: waits ? head : null };
  }

  /** Rows behind one that waits for another try are due with it; else they would be found due again and again in vain. */
  async function putOffBehind(releaseId: string, { seq, workAt }: { seq: number; workAt: Date | null }): Promise<void> {
    await rows.updateMany(
      { releaseId, work: 'POST', seq: { $gt: seq }, workAt: { $lt: workAt } },
      { $set: { workAt } },
    );
  }

  return {
    async append(added) {
      await insertMissing(
        rows,
        added.map((row) => ({ _id: row.key, ...row, ...workOf(row) })),
      );
    },

    async touchLiving(tenantId, releaseId, version, now) {
      const living = { tenantId, releaseId, living: true, settled: false };
      // First the wish, then the work: whoever gives back a row in between sees the wish (see `release`).
      const told = await rows.updateMany(
        { ...living, wantedVersion: { $lt: version } },
        { $max: { wantedVersion: version } },
      );
      await rows.updateMany(
        { ...living, status: { $in: ['PENDING', 'SENT'] }, ts: { $ne: null }, shownVersion: { $lt: version } },
        { $set: { work: 'EDIT', workAt: now, dueAt: now } },
      );
      return told.matchedCount > 0;
    },

    async findAhead(tenantId, releaseId, version) {
      const ahead = await rows
        .find({ tenantId, releaseId, living: true, wantedVersion: { $gt: version } }, { wantedVersion: 1 })
        .lean();
      return ahead.length === 0 ? null : Math.max(...ahead.map(({ wantedVersion }) => wantedVersion));
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

    async bringForward(now, until, leaseMs) {
      const later = { workAt: { $gt: new Date(now.getTime() + leaseMs), $lte: until } };
      const ends = new Date(now.getTime() + leaseMs);
      await rows.updateMany({ ...later, status: 'SENDING' }, { $set: { workAt: ends, 'lease.until': ends } });
      await rows.updateMany({ ...later, status: { $ne: 'SENDING' } }, { $set: { workAt: now, dueAt: now } });
    },

    async claimNext(releaseId, now, leaseMs) {
      for (let attempt = 0; attempt < CLAIM_TRIES; attempt++) {
        const { next, waitsFor } = await findNext(releaseId, now);
        if (next === null) {
          if (waitsFor?.status === 'PENDING') await putOffBehind(releaseId, waitsFor);
          return null;
        }
        const lease = { token: newId('lease'), until: new Date(now.getTime() + leaseMs) };
        const before = await rows
          .findOneAndUpdate(
            { _id: next, workAt: { $lte: now } },
            { $set: { status: 'SENDING', lease, workAt: lease.until }, $inc: { attempts: 1 } },
            { returnDocument: 'before' },
          )
          .lean();
        if (!before) continue;
        const row = toRow({ ...before, status: 'SENDING', lease, attempts: before.attempts + 1 });
        return { ...row, takenOver: before.status === 'SENDING' };
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
      const root = { 'content.kind': 'ROOT_CARD', ...done } as const;
      const alerts = await rows.deleteMany({ 'content.kind': 'ALERT', ...done });
      let purged = alerts.deletedCount;
      for (;;) {
        const roots = await rows.find(root, { releaseId: 1 }).sort({ dueAt: 1 }).limit(PURGE_BATCH).lean();
        if (roots.length === 0) return purged;
        const ended = { releaseId: { $in: roots.map(({ releaseId }) => releaseId) } };
        // The root cards last: as long as one is there, a purge that was stopped half-way finds the others again.
        const others = await rows.deleteMany({ ...ended, ...done, 'content.kind': { $ne: 'ROOT_CARD' } });
        const gone = await rows.deleteMany({ ...ended, ...root });
        purged += others.deletedCount + gone.deletedCount;
      }
    },
  };
}
