import type { Connection, Model } from 'mongoose';
import type { AuditEntry } from '../domain/audit.ts';
import { reachedBy } from '../domain/defect.ts';
import { describeVersions } from '../domain/names.ts';
import type { PendingMessage } from '../domain/outbox.ts';
import type { Release } from '../domain/release.ts';
import { Refusal } from '../shared/errors.ts';
import { duplicateKey } from './conflicts.ts';
import { releaseLeases } from './release-leases.ts';
import { releaseParking } from './release-parking.ts';
import { releaseQueries } from './release-queries.ts';
import { deriveFields, type ReleaseDocument, releaseSchema } from './release-schema.ts';
import type { Lease, ReleaseChange, ReleaseRepository } from './types/index.ts';

/** How often a new release is tried when the one in its way ends at that very moment. */
const CREATE_TRIES = 3;

/** One document a release, moved by one conditional write (Spec 7.1). */
export function releaseRepository(connection: Connection): ReleaseRepository {
  const model = connection.model<ReleaseDocument>('Release', releaseSchema);

  return {
    ...releaseQueries(model),
    ...releaseLeases(model),
    ...releaseParking(model),

    async create(change) {
      const { release, pendingMessages, pendingAudit } = numbered(
        change,
        change.release.version,
        change.release.createdAt,
      );
      const { id, ...fields } = release;
      const document: ReleaseDocument = {
        _id: id,
        ...fields,
        ...deriveFields(release),
        wakeCount: 0,
        nextWakeAt: release.createdAt,
        lease: null,
        pendingMessages,
        pendingAudit,
        unflushed: true,
        plannedWakes: [],
        defect: null,
        reached: reachedBy(release),
      };
      for (let attempt = 1; ; attempt++) {
        try {
          await model.insertOne(document);
          return release;
        } catch (error) {
          await refuseSecondLive(model, release, error, attempt === CREATE_TRIES);
        }
      }
    },

    async save(change, now, lease) {
      const { version } = change.release;
      const { release, pendingMessages, pendingAudit } = numbered(change, version + 1, now);
      const { id, tenantId, version: _next, ...fields } = release;
      try {
        const saved = await model.updateOne(
          { _id: id, tenantId, version, ...heldBy(lease) },
          {
            $set: {
              ...fields,
              ...deriveFields(release),
              reached: reachedBy(release),
              unflushed: true,
              ...(lease ? {} : { nextWakeAt: now, defect: null }),
            },
            $inc: { version: 1 },
            $push: { pendingMessages: { $each: pendingMessages }, pendingAudit: { $each: pendingAudit } },
          },
        );
        return saved.matchedCount === 1 ? release : null;
      } catch (error) {
        await refuseSecondLive(model, release, error, true);
        throw error;
      }
    },
  };
}

function heldBy(lease: Lease | undefined): object {
  return lease ? { 'lease.token': lease.token } : {};
}

/** The release as it will be stored, its messages and audit entries with their places in its sequences. */
function numbered({ release: next, messages, audit }: ReleaseChange, version: number, bornAt: Date) {
  const { messageSeq, auditSeq } = next;
  const release: Release = {
    ...next,
    version,
    messageSeq: messageSeq + messages.length,
    auditSeq: auditSeq + audit.length,
  };
  const pendingMessages: PendingMessage[] = messages.map((draft, i) => ({ ...draft, seq: messageSeq + i + 1, bornAt }));
  const { tenantId, id: releaseId } = release;
  const pendingAudit: AuditEntry[] = audit.map((draft, i) => ({
    ...draft,
    tenantId,
    releaseId,
    seq: auditSeq + i + 1,
  }));
  return { release, pendingMessages, pendingAudit };
}

/**
 * Names the live release that has the version already. Returns when it is gone meanwhile, so that the caller can try
 * again; rethrows what is no such conflict, and the conflict itself on the last try.
 */
async function refuseSecondLive(
  model: Model<ReleaseDocument>,
  release: Release,
  error: unknown,
  lastTry: boolean,
): Promise<void> {
  if (!duplicateKey(error)?.['liveKeys']) throw error;
  const { tenantId, id } = release;
  const { liveKeys } = deriveFields(release);
  const other = await model
    .findOne(
      { tenantId, live: true, liveKeys: { $in: liveKeys }, _id: { $ne: id } },
      { targets: 1, configName: 1, releaseConfigId: 1 },
    )
    .lean();
  if (other) {
    const taken = other.targets.filter((t) => liveKeys.includes(`${other.releaseConfigId}:${t.platform}:${t.version}`));
    throw new Refusal(
      'CONFLICT',
      `${describeVersions(taken)} of ${other.configName} is under way already, in release ${other._id}: finish or archive that one, or choose another version.`,
    );
  }
  if (lastTry) throw error;
}
