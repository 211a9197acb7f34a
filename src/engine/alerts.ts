import { type OutboxRow, UNSENT } from '../domain/outbox.ts';
import { membersOf } from './actors.ts';
import type { Deps } from './deps.ts';

/** Nobody is helped by a hundred direct messages to a large group. */
const MAX_ADMINS = 20;

export interface Alert {
  tenantId: string;
  /** identity: the same key alerts once */
  key: string;
  /** one plain sentence or two, unescaped; the view escapes */
  text: string;
  lines: string[];
  /** what it is about; its channel is told where no admin can be found */
  releaseId: string | null;
}

/**
 * Tells the tenant's admins, each in a direct message, through the outbox: once a key, however often it is called. Where no
 * admin can be found the release's channel is told, and where there is none either the log.
 */
export async function alertAdmins(deps: Deps, alert: Alert): Promise<void> {
  const admins = await membersOf(deps, alert.tenantId, 'ADMIN');
  const places = admins.length > 0 ? admins.sort().slice(0, MAX_ADMINS) : await channelOf(deps, alert);
  if (places.length === 0) {
    const { tenantId, releaseId, key, text, lines } = alert;
    deps.logger.error({ tenantId, releaseId, key, text, lines }, 'alert that reaches no admin');
    return;
  }
  await deps.repositories.outbox.append(places.map((place) => alertRow(alert, place, deps.clock.now())));
}

async function channelOf(deps: Deps, { tenantId, releaseId }: Alert): Promise<string[]> {
  const channelId = releaseId && (await deps.repositories.releases.channelOf(tenantId, releaseId));
  return channelId ? [channelId] : [];
}

/** Each is a queue of its own: one that cannot be delivered holds up no other. */
function alertRow({ tenantId, key, text, lines }: Alert, channelId: string, now: Date): OutboxRow {
  const own = `alert:${key}:${channelId}`;
  return {
    ...UNSENT,
    key: own,
    tenantId,
    releaseId: own,
    seq: 1,
    content: { kind: 'ALERT', text, lines },
    channelId,
    threadKey: null,
    broadcast: false,
    living: false,
    wantedVersion: 0,
    dueAt: now,
    createdAt: now,
  };
}
