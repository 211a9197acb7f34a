import type { Model, QueryFilter } from 'mongoose';
import type { Platform, Release, ReleaseStatus } from '../domain/release.ts';
import { Refusal } from '../shared/errors.ts';
import { compareVersions } from '../shared/versions.ts';
import { afterCursor, encodeCursor } from './page.ts';
import { toEngineFields, toLook, toRelease, toSoundRelease } from './release-reader.ts';
import type { ReleaseDocument } from './release-schema.ts';
import type { ReleasePage, ReleaseRepository } from './types/index.ts';

type Queries = Pick<
  ReleaseRepository,
  | 'get'
  | 'find'
  | 'look'
  | 'channelOf'
  | 'load'
  | 'listLive'
  | 'list'
  | 'listLiveInChannel'
  | 'findByVersion'
  | 'findDamagedByVersion'
  | 'lastVersions'
  | 'findLastReleaseTag'
  | 'listEndedBefore'
>;

/** What only the engine reads is left in the database. */
const DOMAIN_ONLY = { pendingMessages: 0, pendingAudit: 0, plannedWakes: 0, lease: 0 } as const;
const NEWEST_FIRST = { createdAt: -1, _id: -1 } as const;

/** A damaged one is kept apart, so that the others are still shown. */
function listed(stored: readonly object[]): Pick<ReleasePage, 'releases' | 'damaged'> {
  const looks = stored.map(toLook);
  return {
    releases: looks.flatMap(({ release, damaged }) => (release && !damaged ? [release] : [])),
    damaged: looks.flatMap(({ damaged }) => (damaged ? [damaged] : [])),
  };
}

export function releaseQueries(model: Model<ReleaseDocument>): Queries {
  async function find(tenantId: string, releaseId: string): Promise<Release | null> {
    const stored = await model.findOne({ _id: releaseId, tenantId }, DOMAIN_ONLY).lean();
    return stored && toRelease(stored);
  }

  async function page(
    filter: QueryFilter<ReleaseDocument>,
    { limit, after }: { limit: number; after?: string | undefined },
  ): Promise<ReleasePage> {
    const stored = await model
      .find({ ...filter, ...afterCursor(after) }, DOMAIN_ONLY)
      .sort(NEWEST_FIRST)
      .limit(limit + 1)
      .lean();
    const shown = stored.slice(0, limit);
    const last = shown.at(-1);
    const next = last && stored.length > limit ? encodeCursor({ id: last._id, createdAt: last.createdAt }) : null;
    return { ...listed(shown), next };
  }

  return {
    find,

    async get(tenantId, releaseId) {
      const release = await find(tenantId, releaseId);
      if (!release) throw new Refusal('NOT_FOUND', `There is no release ${releaseId}.`);
      return release;
    },

    async look(tenantId, releaseId) {
      const stored = await model.findOne({ _id: releaseId, tenantId }, DOMAIN_ONLY).lean();
      return stored && toLook(stored);
    },

    async channelOf(tenantId, releaseId) {
      const stored = await model.findOne({ _id: releaseId, tenantId }, { channelId: 1 }).lean();
      return typeof stored?.channelId === 'string' ? stored.channelId : null;
    },

    async load(releaseId) {
      const stored = await model.findOne({ _id: releaseId }).lean();
      return stored && { release: toSoundRelease(stored), ...toEngineFields(stored) };
    },

    listLive: (tenantId, wanted) => page({ tenantId, live: true }, wanted),

    list: (tenantId, wanted) => page({ tenantId }, wanted),

    async listLiveInChannel(tenantId, channelId) {
      const stored = await model.find({ tenantId, channelId, live: true }, DOMAIN_ONLY).sort(NEWEST_FIRST).lean();
      return listed(stored).releases;
    },

    async findByVersion(tenantId, version) {
      const stored = await model
        .find({ tenantId, 'targets.version': version }, DOMAIN_ONLY)
        .sort({ live: -1, ...NEWEST_FIRST })
        .lean();
      return listed(stored).releases;
    },

    async findDamagedByVersion(tenantId, version) {
      const stored = await model
        .find({ tenantId, 'targets.version': version }, DOMAIN_ONLY)
        .sort({ live: -1, ...NEWEST_FIRST })
        .lean();
      return listed(stored).damaged;
    },

    async lastVersions(tenantId, configId, which) {
      const released: ReleaseStatus[] = ['SUBMITTED', 'COMPLETED'];
      const status = which === 'RELEASED' ? { $in: released } : { $ne: 'ARCHIVED' as const };
      const stored = await model.find({ tenantId, releaseConfigId: configId, status }, { targets: 1 }).lean();
      const last: Partial<Record<Platform, string>> = {};
      for (const { platform, version } of stored.flatMap((release) => release.targets)) {
        const highest = last[platform];
        if (highest === undefined || compareVersions(version, highest) > 0) last[platform] = version;
      }
      return last;
    },

    async findLastReleaseTag(tenantId, configId, exceptReleaseId) {
      const stored = await model
        .findOne(
          {
            tenantId,
            releaseConfigId: configId,
            releaseTaggedAt: { $gt: new Date(0) },
            _id: { $ne: exceptReleaseId },
          },
          { releaseTag: 1 },
        )
        .sort({ releaseTaggedAt: -1 })
        .lean();
      return stored?.releaseTag ?? null;
    },

    async listEndedBefore(before, limit, after) {
      const since = after ? { $gte: after.endedAt } : {};
      const beyond = after
        ? { $or: [{ endedAt: { $gt: after.endedAt } }, { endedAt: after.endedAt, _id: { $gt: after.id } }] }
        : {};
      const stored = await model
        .find({ live: false, endedAt: { $lt: before, ...since }, ...beyond }, DOMAIN_ONLY)
        .sort({ endedAt: 1, _id: 1 })
        .limit(limit)
        .lean();
      return listed(stored).releases;
    },
  };
}
