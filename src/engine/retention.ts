import type { Release } from '../domain/release.ts';
import { allTasks } from '../domain/tasks.ts';
import type { Upload } from '../domain/upload.ts';
import type { Deps } from './deps.ts';

const DAY_MS = 24 * 3_600_000;
const UNUSED_KEPT_DAYS = 14;
const MESSAGES_KEPT_DAYS = 90;
/** how long a repeat of a file or request is still recognised */
const DELIVERIES_KEPT_DAYS = 30;
/** the mark of a click or command whose instance died over it: Slack repeats none for so long */
const CLICKS_KEPT_DAYS = 1;
const BATCH = 100;

/**
 * Deletes the bytes of superseded and unused uploads after 14 days, those of ended releases when their configuration says so,
 * and what was sent or received long ago (Spec 8.3). Returns how many uploads' bytes it deleted.
 */
export async function applyRetention(deps: Deps): Promise<number> {
  const deleted = (await deleteUnused(deps)) + (await deleteOfEndedReleases(deps));
  await deps.repositories.outbox.purgeSentBefore(daysAgo(deps, MESSAGES_KEPT_DAYS));
  await deps.repositories.deliveries.purgeFinishedBefore(daysAgo(deps, DELIVERIES_KEPT_DAYS));
  await purgeAbandoned(deps);
  return deleted;
}

/** A file of Slack that was left is not forgotten: it is taken up again. */
async function purgeAbandoned(deps: Deps): Promise<void> {
  const { deliveries } = deps.repositories;
  await deliveries.purgeAbandonedBefore('slack-trigger:', daysAgo(deps, CLICKS_KEPT_DAYS));
  await deliveries.purgeAbandonedBefore('idempotency:', daysAgo(deps, DELIVERIES_KEPT_DAYS));
}

function daysAgo(deps: Deps, days: number): Date {
  return new Date(deps.clock.now().getTime() - days * DAY_MS);
}

async function deleteUnused(deps: Deps): Promise<number> {
  let deleted = 0;
  let after: { createdAt: Date; id: string } | undefined;
  for (;;) {
    const page = await deps.repositories.uploads.listForRetention(daysAgo(deps, UNUSED_KEPT_DAYS), BATCH, after);
    for (const upload of page) {
      deleted += await quietly(deps, upload, async () =>
        (await isStillWanted(deps, upload)) ? 0 : deleteBytes(deps, [upload]),
      );
    }
    after = page.at(-1);
    if (page.length < BATCH) return deleted;
  }
}

/** What cannot be deleted, or belongs to a damaged release, must not keep all that comes after it: the next day tries again. */
async function quietly(
  deps: Deps,
  { tenantId, releaseId }: { tenantId: string; releaseId: string },
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (deps.isDatabaseError(error)) throw error;
    deps.logger.error({ err: error, tenantId, releaseId }, 'retention could not be applied');
    return 0;
  }
}

/** A build handed in long before its stage begins is unused, but the release still points to it. */
async function isStillWanted(deps: Deps, upload: Upload): Promise<boolean> {
  const release = await deps.repositories.releases.find(upload.tenantId, upload.releaseId);
  // A task that had claimed it does not run any more.
  if (!release || release.status === 'ARCHIVED') return false;
  const claimed = allTasks(release).flatMap((task) => Object.values(task.claimedUploads ?? {}));
  return claimed.includes(upload.id) || release.stagedUploads.some((staged) => staged.uploadId === upload.id);
}

async function deleteOfEndedReleases(deps: Deps): Promise<number> {
  let deleted = 0;
  let after: { endedAt: Date; id: string } | undefined;
  for (;;) {
    const page = await deps.repositories.releases.listEndedBefore(deps.clock.now(), BATCH, after);
    for (const release of page) {
      deleted += await quietly(deps, { tenantId: release.tenantId, releaseId: release.id }, async () => {
        if (!(await isPastRetention(deps, release))) return 0;
        const uploads = await deps.repositories.uploads.listByRelease(release.tenantId, release.id);
        return deleteBytes(
          deps,
          uploads.filter((upload) => !upload.deletedAt),
        );
      });
    }
    const last = page.at(-1);
    if (!last?.endedAt) return deleted;
    after = { endedAt: last.endedAt, id: last.id };
  }
}

async function isPastRetention(deps: Deps, release: Release): Promise<boolean> {
  const config = await deps.repositories.configs.find(release.tenantId, release.releaseConfigId);
  const days = config?.artifactRetentionDays ?? null;
  return days !== null && release.endedAt !== null && release.endedAt < daysAgo(deps, days);
}

/** The bytes first: a crash in between deletes them again, which is no error. */
async function deleteBytes(deps: Deps, uploads: readonly Upload[]): Promise<number> {
  for (const upload of uploads) {
    await deps.artifacts.delete(upload.artifactPath);
    await deps.repositories.uploads.markDeleted(upload.tenantId, upload.id, deps.clock.now());
  }
  return uploads.length;
}
