import type { Model } from 'mongoose';
import { newId } from '../shared/ids.ts';
import { isTypeMismatch } from './conflicts.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { ClaimedLease, ReleaseRepository } from './types/index.ts';

/**
 * Who works on a release, and when it is looked at again. A held release has `nextWakeAt` at the end of its lease, so
 * that the tick finds it when its holder died.
 */
type Leases = Pick<
  ReleaseRepository,
  'wake' | 'renew' | 'settle' | 'handBack' | 'clearPending' | 'wakeByConfig' | 'findDue' | 'countDue'
>;

/** No lease ends this far beyond a whole one from now, unless the clock was set back since it was given. */
const CLOCK_TOLERANCE_MS = 60_000;

export function releaseLeases(model: Model<ReleaseDocument>): Leases {
  async function claim(releaseId: string, now: Date, leaseMs: number, wakeUps: 0 | 1): Promise<ClaimedLease | null> {
    const lease = { token: newId('lease'), until: new Date(now.getTime() + leaseMs) };
    const impossible = new Date(lease.until.getTime() + CLOCK_TOLERANCE_MS);
    const before = await model
      .findOneAndUpdate(
        {
          _id: releaseId,
          defect: null,
          // Free, run out, or nothing that an instance would have written.
          $or: [{ 'lease.until': { $not: { $gt: now } } }, { 'lease.until': { $gt: impossible } }],
        },
        { $set: { lease, nextWakeAt: lease.until }, ...(wakeUps === 0 ? {} : { $inc: { wakeCount: wakeUps } }) },
        { returnDocument: 'before', projection: { tenantId: 1, lease: 1 } },
      )
      .lean();
    if (!before) return null;
    const tenantId = typeof before.tenantId === 'string' ? before.tenantId : null;
    return { releaseId, tenantId, ...lease, takenOver: Boolean(before.lease) };
  }

  return {
    async wake(releaseId, now, leaseMs) {
      try {
        const lease = await claim(releaseId, now, leaseMs, 1);
        if (lease) return lease;
        const counted = await model.updateOne({ _id: releaseId }, { $inc: { wakeCount: 1 } });
        if (counted.matchedCount === 0) return null;
      } catch (error) {
        // It cannot be counted: whoever loads it says what is wrong with it.
        if (!isTypeMismatch(error)) throw error;
      }
      // The holder may have settled between the two writes, before it could see the count: then it is ours to do.
      return claim(releaseId, now, leaseMs, 0);
    },

    async renew({ releaseId, token }, now, leaseMs) {
      const until = new Date(now.getTime() + leaseMs);
      const renewed = await model.updateOne(
        { _id: releaseId, 'lease.token': token },
        { $set: { lease: { token, until }, nextWakeAt: until } },
      );
      return renewed.matchedCount === 1 ? { releaseId, token, until } : null;
    },

    async settle({ releaseId, token }, seen, nextWakeAt, plannedWakes) {
      const settled = await model.updateOne(
        { _id: releaseId, 'lease.token': token, version: seen.version, wakeCount: seen.wakeCount },
        { $set: { lease: null, nextWakeAt, plannedWakes } },
      );
      return settled.matchedCount === 1;
    },

    async handBack({ releaseId, token, until }, dueAt) {
      const held = { _id: releaseId, 'lease.token': token };
      const given = await model.updateOne({ ...held, nextWakeAt: until }, { $set: { lease: null, nextWakeAt: dueAt } });
      if (given.matchedCount === 1) return;
      // Somebody stored a fact meanwhile, which made it due earlier: that must not be put off.
      await model.updateOne(held, { $set: { lease: null }, $min: { nextWakeAt: dueAt } });
    },

    async clearPending(releaseId, upTo) {
      const flushed = {
        $pull: { pendingMessages: { seq: { $lte: upTo.messageSeq } }, pendingAudit: { seq: { $lte: upTo.auditSeq } } },
      };
      const current = await model.updateOne(
        { _id: releaseId, version: upTo.version },
        { ...flushed, $set: { unflushed: false } },
      );
      if (current.matchedCount === 0) await model.updateOne({ _id: releaseId }, flushed);
    },

    async wakeByConfig(tenantId, releaseConfigId) {
      // The count makes a holder, who decided by the old one, go round once more.
      await model.updateMany(
        { tenantId, releaseConfigId, live: true, defect: null },
        { $set: { nextWakeAt: new Date(0) }, $inc: { wakeCount: 1 } },
      );
    },

    async findDue(now, limit) {
      const due = await model
        .find({ nextWakeAt: { $lte: now } }, { _id: 1 })
        .sort({ nextWakeAt: 1 })
        .limit(limit)
        .lean();
      return due.map((release) => release._id);
    },

    countDue: (until) => model.countDocuments({ nextWakeAt: { $lte: until } }),
  };
}
