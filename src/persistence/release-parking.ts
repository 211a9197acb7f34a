import type { Model } from 'mongoose';
import { nameOf, parkedWith } from './release-reader.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { ParkedRelease, ReleaseRepository } from './types/index.ts';

/** Releases that cannot be worked on. Nothing here needs the rest of the document to be valid. */
type Parking = Pick<ReleaseRepository, 'park' | 'unpark' | 'findParked' | 'listParked'>;

const SEEN = { tenantId: 1, configName: 1, targets: 1, defect: 1 } as const;

export function releaseParking(model: Model<ReleaseDocument>): Parking {
  return {
    async park({ releaseId, token }, defect) {
      const parked = await model.updateOne(
        { _id: releaseId, 'lease.token': token },
        { $set: { defect, lease: null, nextWakeAt: null } },
      );
      return parked.matchedCount === 1;
    },

    async unpark(releaseId, parkedAt, now) {
      const unparked = await model.updateOne(
        { _id: releaseId, 'defect.at': parkedAt },
        { $set: { defect: null, nextWakeAt: now } },
      );
      return unparked.matchedCount === 1;
    },

    async findParked(releaseId) {
      const stored = await model.findOne({ _id: releaseId }, SEEN).lean();
      return stored && toParked(stored);
    },

    async listParked(limit, after) {
      const since = after ? { $gte: after.defect.at } : { $gt: new Date(0) };
      const beyond = after
        ? { $or: [{ 'defect.at': { $gt: after.defect.at } }, { 'defect.at': after.defect.at, _id: { $gt: after.id } }] }
        : {};
      const stored = await model
        .find({ 'defect.at': since, ...beyond }, SEEN)
        .sort({ 'defect.at': 1, _id: 1 })
        .limit(limit)
        .lean();
      return stored.flatMap((document) => toParked(document) ?? []);
    },
  };
}

function toParked(stored: object): ParkedRelease | null {
  const defect = parkedWith(stored);
  if (!defect) return null;
  const { tenantId } = stored as Record<string, unknown>;
  return { ...nameOf(stored), tenantId: typeof tenantId === 'string' ? tenantId : null, defect };
}
