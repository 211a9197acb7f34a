import type { Backlog } from '../shared/metrics.ts';
import type { Deps } from './deps.ts';

/** A tick and a lease are a minute each: who waits for longer than this is forgotten or held up. */
const LATE_MS = 300_000;

/** What waits, of all tenants together; every number comes from an index. */
export async function readBacklog({ repositories, clock }: Deps): Promise<Backlog> {
  const { outbox, releases } = repositories;
  const now = clock.now();
  const [waiting, due, late] = await Promise.all([
    outbox.backlog(),
    releases.countDue(now),
    releases.countDue(new Date(now.getTime() - LATE_MS)),
  ]);
  const { depth, oldestAt, parked } = waiting;
  const oldestAgeSeconds = oldestAt ? Math.max(0, now.getTime() - oldestAt.getTime()) / 1000 : 0;
  return { outbox: { depth, oldestAgeSeconds, parked }, releases: { due, late } };
}
