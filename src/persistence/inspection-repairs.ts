import type { Connection } from 'mongoose';
import { JOBS_COLLECTION, type JobDocument } from './job-documents.ts';
import { type OutboxDocument, workOf } from './outbox-schema.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { InspectionRepository } from './types/index.ts';

type Repairs = Pick<
  InspectionRepository,
  'makeDue' | 'giveBackLease' | 'forgetPlannedWakes' | 'dropJobs' | 'makeRowDue'
>;

/** The doctor's writes. Each says again what was seen, and changes nothing where that is no longer so. */
export function inspectionRepairs(connection: Connection): Repairs {
  const releases = connection.model<ReleaseDocument>('Release');
  const rows = connection.model<OutboxDocument>('OutboxRow');
  const jobs = connection.collection<JobDocument>(JOBS_COLLECTION);

  return {
    async makeDue(releaseId, now) {
      const later = { $or: [{ nextWakeAt: null }, { nextWakeAt: { $gt: now } }] };
      const made = await releases.updateOne(
        { _id: releaseId, lease: null, defect: null, ...later },
        { $set: { nextWakeAt: now } },
      );
      return made.matchedCount === 1;
    },

    async giveBackLease(releaseId, { token, until }, now) {
      const given = await releases.updateOne(
        { _id: releaseId, 'lease.token': token, 'lease.until': until },
        { $set: { lease: null, nextWakeAt: now } },
      );
      return given.matchedCount === 1;
    },

    async forgetPlannedWakes(releaseId, version, now) {
      const forgotten = await releases.updateOne(
        { _id: releaseId, version, lease: null, plannedWakes: { $ne: [] } },
        { $set: { plannedWakes: [], nextWakeAt: now } },
      );
      return forgotten.matchedCount === 1;
    },

    async dropJobs(releaseId) {
      return (await jobs.deleteMany({ 'data.releaseId': releaseId })).deletedCount;
    },

    async makeRowDue({ key, status, lease, workAt }, now) {
      const stored = await rows.findOne({ _id: key }).lean();
      if (!stored) return false;
      // The count of tries stays: whoever takes it looks at Slack whether an earlier try arrived.
      const due = { status: stored.ts === null ? 'PENDING' : 'SENT', lease: null, dueAt: now } as const;
      const { work } = workOf({ ...stored, ...due });
      const made = await rows.updateOne(
        { _id: key, status, workAt, ...(lease ? { 'lease.token': lease.token } : { lease: null }) },
        { $set: { ...due, work, workAt: work === null ? null : now } },
      );
      return made.matchedCount === 1;
    },
  };
}
