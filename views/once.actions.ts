import type { FaceDeps } from './deps.ts';

const LEASE_MS = 60_000;

/**
 * Runs `work` unless this very click, command or submission (Slack's `trigger_id`) was taken already, by this or another
 * instance: a delivery that comes twice acts once (Spec 6.2). A second click by a person is another trigger; the engine
 * refuses what no longer applies. `afterDeath` runs instead when a process died over the work: it may have been done or not.
 */
export async function once(
  deps: FaceDeps,
  tenantId: string,
  triggerId: string,
  work: () => Promise<void>,
  afterDeath: (since: Date) => Promise<void> = work,
): Promise<void> {
  const key = `slack-trigger:${triggerId}`;
  const { claimed, delivery } = await deps.engine.deliveries.receive({ tenantId, key, payload: {} }, LEASE_MS);
  if (!claimed) return;
  try {
    if (delivery.attempts === 1) await work();
    else await afterDeath(delivery.createdAt);
  } finally {
    // The intent is done or refused by now; a mark that stays RECEIVED keeps repetitions out as well.
    await deps.engine.deliveries.finish(delivery, 'DONE', {}).catch((error: unknown) => {
      deps.logger.warn({ err: error, tenantId }, 'a click could not be marked as done');
    });
  }
}
