import { rootKey } from '../domain/changes/create.ts';
import { DamagedError } from '../domain/defect.ts';
import { LIVING_KINDS, type MessageDraft, type MessageKind } from '../domain/message.ts';
import { type OutboxRow, type PendingMessage, UNSENT } from '../domain/outbox.ts';
import type { Release } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import type { StoredRelease } from '../persistence/types/index.ts';
import type { Deps } from './deps.ts';

const HOME_IS_OPEN_MS = 3_600_000;

/**
 * Moves the messages and audit entries that were born in the release's writes to their collections, by key, and tells
 * living messages and homes that the release changed. A repeat after a crash completes it (Spec 7.2).
 */
export async function flush(
  deps: Pick<Deps, 'repositories' | 'clock'>,
  stored: StoredRelease,
  config: ReleaseConfig | null,
): Promise<void> {
  const { release } = stored;
  const { outbox, audit, releases } = deps.repositories;
  const now = deps.clock.now();
  if (stored.pendingMessages.length > 0) {
    await outbox.append(stored.pendingMessages.map((pending) => outboxRow(release, pending, config, now)));
  }
  if (stored.pendingAudit.length > 0) await audit.append(stored.pendingAudit);
  const told = await outbox.touchLiving(release.tenantId, release.id, release.version, now);
  if (!told) await requireForwards(deps, release);
  await markHomesStale(deps, release.tenantId);
  await releases.clearPending(release.id, {
    messageSeq: release.messageSeq,
    auditSeq: release.auditSeq,
    version: release.version,
  });
}

/**
 * A living message that was to show a higher version than there is: the release was set back, say to an old copy of its document. It
 * is loaded once more, because a holder that slept has an old one, too.
 */
export async function requireForwards(
  deps: Pick<Deps, 'repositories'>,
  { id, tenantId, version }: Release,
): Promise<void> {
  const ahead = await deps.repositories.outbox.findAhead(tenantId, id, version);
  if (ahead === null) return;
  const now = await deps.repositories.releases.load(id);
  if (!now || now.release.version >= ahead) return;
  const detail = `version is ${now.release.version}, a message has shown ${ahead}`;
  throw new DamagedError('VERSION_BACKWARDS', `The stored release ${id} is damaged: ${detail}`);
}

/** The homes of the tenant that people may still look at are to show what is now. */
export async function markHomesStale(
  { repositories, clock }: Pick<Deps, 'repositories' | 'clock'>,
  tenantId: string,
): Promise<void> {
  const now = clock.now();
  await repositories.homes.markStale(tenantId, now, new Date(now.getTime() - HOME_IS_OPEN_MS));
}

export function needsFlush(stored: StoredRelease): boolean {
  return stored.unflushed || stored.pendingMessages.length > 0 || stored.pendingAudit.length > 0;
}

function outboxRow(release: Release, pending: PendingMessage, config: ReleaseConfig | null, now: Date): OutboxRow {
  const root = rootKey(release.id);
  const living = (LIVING_KINDS as readonly MessageKind[]).includes(pending.content.kind);
  const channelId = channelOf(release, pending, config);
  return {
    ...UNSENT,
    key: pending.key,
    tenantId: release.tenantId,
    releaseId: release.id,
    seq: pending.seq,
    content: pending.content,
    channelId,
    // A thread lives in one channel: what goes to another channel stands there by itself.
    threadKey: pending.key === root || channelId !== release.channelId ? null : root,
    broadcast: pending.broadcast,
    living,
    wantedVersion: release.version,
    dueAt: now,
    createdAt: pending.bornAt,
  };
}

function channelOf(release: Release, draft: MessageDraft, config: ReleaseConfig | null): string {
  return draft.channel === 'releases' || !config ? release.channelId : config.comms[draft.channel];
}
