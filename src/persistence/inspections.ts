import type { Connection } from 'mongoose';
import { inspectionRepairs } from './inspection-repairs.ts';
import { JOBS_COLLECTION, type JobDocument, toJob } from './job-documents.ts';
import type { OutboxDocument } from './outbox-schema.ts';
import { inspectedRows, ROW_FIELDS, releaseInspector } from './release-inspector.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { Delivery, InspectionRepository } from './types/index.ts';

/** What the doctor asks. It looks at documents as they are: one that cannot be read is a finding, not a failure. */
export function inspectionRepository(connection: Connection): InspectionRepository {
  const releases = connection.model<ReleaseDocument>('Release');
  const rows = connection.model<OutboxDocument>('OutboxRow');
  const deliveries = connection.model<Delivery>('Delivery');
  const jobs = connection.collection<JobDocument>(JOBS_COLLECTION);
  const inspect = releaseInspector(connection);

  return {
    ...inspectionRepairs(connection),

    async releases({ limit, after, tenantId }) {
      const filter = { _id: { $gt: after ?? '' }, ...(tenantId === null ? {} : { tenantId }) };
      return inspect(await releases.find(filter).sort({ _id: 1 }).hint({ _id: 1 }).limit(limit).lean());
    },

    async releasesChangedSince(since, { limit, after }) {
      const beyond = after
        ? { $or: [{ updatedAt: { $gt: after.updatedAt } }, { updatedAt: after.updatedAt, _id: { $gt: after.id } }] }
        : {};
      const filter = { updatedAt: { $gte: after?.updatedAt ?? since }, ...beyond };
      return inspect(await releases.find(filter).sort({ updatedAt: 1, _id: 1 }).limit(limit).lean());
    },

    async releasesById(ids) {
      return inspect(await releases.find({ _id: { $in: [...ids] } }).lean());
    },

    async withoutRelease(ids) {
      const known = await releases.find({ _id: { $in: [...ids] } }, { _id: 1 }).lean();
      const there = new Set(known.map(({ _id }) => _id));
      return ids.filter((id) => !there.has(id));
    },

    async hasLiveRelease(tenantId, configIds) {
      const filter = { tenantId, releaseConfigId: { $in: [...configIds] }, live: true };
      return (await releases.findOne(filter, { _id: 1 }).lean()) !== null;
    },

    async unsentRows(bornBefore, limit) {
      const late = { work: 'POST', createdAt: { $lt: bornBefore } } as const;
      return inspectedRows(await rows.find(late, ROW_FIELDS).sort({ createdAt: 1 }).limit(limit).lean());
    },

    async parkedRows(limit) {
      return inspectedRows(await rows.find({ status: 'PARKED' }, ROW_FIELDS).limit(limit).lean());
    },

    async lastSentAt(tenantId) {
      const sent = { tenantId, sentAt: { $gt: new Date(0) } };
      return (await rows.findOne(sent, { sentAt: 1 }).sort({ sentAt: -1 }).lean())?.sentAt ?? null;
    },

    async releasesOfRows(after, limit) {
      const found = await rows
        .find({ releaseId: { $gt: after ?? '' } }, { _id: 0, releaseId: 1 })
        .sort({ releaseId: 1 })
        .limit(limit)
        .lean();
      return walked(
        found.map(({ releaseId }) => releaseId),
        limit,
      );
    },

    async abandonedDeliveries(before, limit) {
      const stored = await deliveries
        .find({ status: 'RECEIVED', 'lease.until': { $lt: before } }, { tenantId: 1, key: 1, attempts: 1, lease: 1 })
        .sort({ 'lease.until': 1 })
        .limit(limit)
        .lean();
      return stored.map(({ tenantId, key, attempts, lease }) => ({
        tenantId,
        key,
        attempts,
        leaseUntil: lease?.until ?? before,
      }));
    },

    async jobsNamed(names) {
      return (await jobs.find({ name: { $in: [...names] } }).toArray()).map(toJob);
    },

    async overdueJobs(names, before, limit) {
      const late = { name: { $in: [...names] }, nextRunAt: { $lt: before } };
      return (await jobs.find(late).limit(limit).toArray()).map(toJob);
    },

    async releasesOfJobs(after, limit) {
      const found = await jobs
        .find({ 'data.releaseId': { $gt: after ?? '' } }, { projection: { 'data.releaseId': 1 } })
        .sort({ 'data.releaseId': 1 })
        .limit(limit)
        .toArray();
      return walked(
        found.map(({ data }) => String(data?.releaseId)),
        limit,
      );
    },
  };
}

/** The next page begins behind the last release of this one, whatever else names it. */
function walked(named: string[], limit: number): { ids: string[]; next: string | null } {
  return { ids: [...new Set(named)], next: named.length < limit ? null : (named.at(-1) ?? null) };
}
