import { rootKey } from '../domain/changes/create.ts';
import type { Release } from '../domain/release.ts';
import { isVersion, nextMinor } from '../shared/versions.ts';
import { archivableOf, damagedRefusal, releaseToArchive, soundOf, soundRelease } from './damaged.ts';
import type { Deps } from './deps.ts';
import type { Queries } from './index.ts';
import { templateSlots } from './intents/create-release.ts';

const LINK_SECONDS = 900;
const FIRST_VERSION = '1.0.0';

/** The read side: every query names its tenant (Spec 4.1). */
export function createQueries(deps: Deps): Queries {
  const { releases, configs, builds, uploads, audit, outbox, tenants, integrations } = deps.repositories;
  return {
    release: (tenantId, releaseId, { toArchive = false } = {}) =>
      toArchive ? releaseToArchive(deps, tenantId, releaseId) : soundRelease(deps, tenantId, releaseId),
    async findReleases(tenantId, reference, { toArchive = false } = {}) {
      const byId = await releases.look(tenantId, reference);
      if (byId) return [toArchive ? archivableOf(byId) : soundOf(byId)];
      return isVersion(reference) ? ofVersion(deps, tenantId, reference) : [];
    },
    live: (tenantId, page) => releases.listLive(tenantId, page),
    all: (tenantId, page) => releases.list(tenantId, page),
    liveInChannel: (tenantId, channelId) => releases.listLiveInChannel(tenantId, channelId),
    async releaseOfThread(tenantId, channelId, threadTs) {
      const row = await outbox.findByTs(tenantId, channelId, threadTs);
      if (!row) return releaseOfUnrecordedCard(deps, { tenantId, channelId, threadTs });
      const look = await releases.look(tenantId, row.releaseId);
      return look && soundOf(look);
    },
    configs: (tenantId) => configs.list(tenantId),
    config: (tenantId, configId) => configs.get(tenantId, configId),
    async suggestedVersions(tenantId, configId) {
      const config = await configs.get(tenantId, configId);
      const last = await releases.lastVersions(tenantId, configId, 'ALL');
      return config.platforms.map((platform) => {
        const version = last[platform];
        return { platform, version: version ? nextMinor(version) : FIRST_VERSION };
      });
    },
    suggestedSlots: (config, kickOffDate) => templateSlots(config, kickOffDate),
    builds: (tenantId, releaseId) => builds.listByRelease(tenantId, releaseId),
    uploads: (tenantId, releaseId) => uploads.listByRelease(tenantId, releaseId),
    async history(tenantId, releaseId, page) {
      // Looked at first: what is moved to the trail meanwhile is found there.
      const stored = page.beforeSeq === undefined ? await releases.load(releaseId) : null;
      const listed = await audit.list(tenantId, releaseId, page);
      const known = listed[0]?.seq ?? 0;
      const born = stored?.release.tenantId === tenantId ? stored.pendingAudit : [];
      const pending = born.filter(({ seq }) => seq > known).toReversed();
      return [...pending, ...listed].slice(0, page.limit);
    },
    artifactLink: (artifactPath, fileName) =>
      deps.artifacts.signedLink(artifactPath, { fileName, expiresInSeconds: LINK_SECONDS }),
    threadLink: (release) => threadLink(deps, release),
    outboxRow: (tenantId, key) => outbox.find(tenantId, key),
    tenant: (tenantId) => tenants.find(tenantId),
    async integrations(tenantId) {
      const all = await integrations.list(tenantId);
      return all.map(({ name, kind, provider, verification }) => ({
        name,
        kind,
        provider,
        verification: verification.status,
        detail: verification.detail,
      }));
    },
  };
}

/** Where none of them is live, one that is damaged is likely meant. */
async function ofVersion(deps: Deps, tenantId: string, version: string): Promise<Release[]> {
  const { releases } = deps.repositories;
  const found = await releases.findByVersion(tenantId, version);
  if (found.some(({ status }) => status !== 'COMPLETED' && status !== 'ARCHIVED')) return found;
  const [damaged] = await releases.findDamagedByVersion(tenantId, version);
  if (damaged) throw damagedRefusal(damaged);
  return found;
}

/** A card may be answered before it is written down where it stands, by a process that is slow or dead: Slack knows its key. */
async function releaseOfUnrecordedCard(
  deps: Deps,
  place: { tenantId: string; channelId: string; threadTs: string },
): Promise<Release | null> {
  const { tenantId, channelId, threadTs } = place;
  const { releases, outbox } = deps.repositories;
  const live = await releases.listLiveInChannel(tenantId, channelId);
  const roots = await Promise.all(live.map(({ id }) => outbox.find(tenantId, rootKey(id))));
  const recorded = roots.find((root) => root?.ts === threadTs);
  if (recorded) return live.find(({ id }) => id === recorded.releaseId) ?? null;
  if (!roots.some((root) => root && root.ts === null)) return null;
  try {
    const messenger = await deps.messengerFor(tenantId);
    const key = await messenger.keyAt({ channelId, ts: threadTs });
    return live.find(({ id }) => rootKey(id) === key) ?? null;
  } catch (error) {
    // Nobody waits for Slack: whose thread it is can be asked.
    deps.logger.info({ err: error, tenantId, channelId }, 'whose thread it is could not be read');
    return null;
  }
}

async function threadLink(deps: Deps, release: Release): Promise<string | null> {
  const root = await deps.repositories.outbox.find(release.tenantId, rootKey(release.id));
  if (!root?.ts || !root.postedChannelId) return null;
  const messenger = await deps.messengerFor(release.tenantId);
  return messenger.permalink({ channelId: root.postedChannelId, ts: root.ts });
}
