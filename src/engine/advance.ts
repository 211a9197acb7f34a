import { decide, type Facts, nextWakeAt, wakes } from '../domain/decide.ts';
import { DamagedError } from '../domain/defect.ts';
import type { Lease, PlannedWake, StoredRelease } from '../persistence/types/index.ts';
import { addToLogScope } from '../shared/log-scope.ts';
import { applyStep } from './apply.ts';
import { type Deps, loadFacts } from './deps.ts';
import { flush, needsFlush } from './flush.ts';
import type { AdvanceResult } from './index.ts';
import { type HeldLease, holdLease } from './lease.ts';
import { configGone, defectBehind, park, tellOfMistake } from './park.ts';
import { isMistake } from './retry.ts';

/** More steps in a row than any flow has: something decides the same thing for ever. */
const MAX_STEPS = 1000;
const AFTER_FAULT_MS = 15_000;
const AFTER_MISTAKE_MS = 3_600_000;

/**
 * The only thing that moves a release (Spec 7.1). Any caller, any number of times: a caller that finds it held leaves
 * a wake-up that the holder sees. A damaged release is parked. Throws when the database fails or a bug shows; the release is then
 * due again.
 */
export async function advance(
  deps: Deps,
  releaseId: string,
  isStopping: () => boolean,
  holds: Set<HeldLease>,
): Promise<AdvanceResult> {
  const lease = await deps.repositories.releases.wake(releaseId, deps.clock.now(), deps.leaseMs);
  if (!lease) return 'busy';
  if (lease.tenantId !== null) addToLogScope({ tenantId: lease.tenantId });
  if (lease.takenOver) deps.metrics.leaseTakenOver();
  const held = holdLease(deps, lease);
  holds.add(held);
  try {
    return await run(deps, releaseId, held, isStopping);
  } catch (error) {
    return await afterFault(deps, held, error);
  } finally {
    holds.delete(held);
    held.letGo();
  }
}

/** A damaged release is parked. Whatever else failed is tried again soon; a mistake of ours will be made again until it is mended. */
async function afterFault(deps: Deps, held: HeldLease, error: unknown): Promise<AdvanceResult> {
  const lease = held.current;
  const defect = defectBehind(error);
  if (defect) return (await park(deps, lease, defect)) ? 'parked' : 'busy';
  const mistake = isMistake(error);
  const waitMs = mistake ? AFTER_MISTAKE_MS : AFTER_FAULT_MS;
  await handBackQuietly(deps, lease, new Date(deps.clock.now().getTime() + waitMs));
  if (mistake) await tellOfMistake(deps, lease.releaseId, error);
  throw error;
}

async function run(deps: Deps, releaseId: string, held: HeldLease, isStopping: () => boolean): Promise<AdvanceResult> {
  const { releases } = deps.repositories;
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const stored = await releases.load(releaseId);
    if (!stored) return 'gone';
    if (held.lost || stored.lease?.token !== held.current.token) return 'busy';
    if (isStopping()) {
      await releases.handBack(held.current, deps.clock.now());
      return 'handed-back';
    }
    const facts = await loadFacts(deps, stored.release);
    if (needsFlush(stored)) await flush(deps, stored, facts?.config ?? null);
    if (!facts) return await withoutConfig(deps, stored, held);
    const step = decide(stored.release, facts, deps.clock.now());
    if (step) {
      await applyStep(deps, stored.release, step, facts, held);
    } else if (await settle(deps, stored, facts, held)) {
      return 'settled';
    }
  }
  throw new DamagedError('NO_REST', `release ${releaseId} did not come to rest after ${MAX_STEPS} steps`);
}

/** Nothing is decided without its configuration: a release that has ended needs none, any other is damaged. */
async function withoutConfig(deps: Deps, stored: StoredRelease, held: HeldLease): Promise<AdvanceResult> {
  const { release, wakeCount } = stored;
  if (release.endedAt === null) {
    throw configGone(release);
  }
  await deps.planWakes(release.id, []);
  const seen = { wakeCount, version: release.version };
  const settled = await deps.repositories.releases.settle(held.current, seen, null, []);
  if (!settled) await deps.repositories.releases.handBack(held.current, deps.clock.now());
  return settled ? 'settled' : 'handed-back';
}

async function settle(deps: Deps, stored: StoredRelease, facts: Facts, held: HeldLease): Promise<boolean> {
  const { release, wakeCount } = stored;
  const now = deps.clock.now();
  const planned = wakes(release, facts).filter(
    (wake): wake is typeof wake & PlannedWake => wake.job !== 'look-again' && wake.at > now,
  );
  // Who died after planning and before storing it left other jobs than the stored ones.
  if (held.takenOver || !samePlan(planned, stored.plannedWakes)) await deps.planWakes(release.id, planned);
  return deps.repositories.releases.settle(
    held.current,
    { wakeCount, version: release.version },
    nextWakeAt(release, facts, now),
    planned,
  );
}

function samePlan(a: readonly PlannedWake[], b: readonly PlannedWake[]): boolean {
  const line = (wake: PlannedWake) => `${wake.job} ${wake.key} ${wake.at.getTime()}`;
  return a.map(line).join('\n') === b.map(line).join('\n');
}

/** The fault that led here is what the caller must hear of, not a second one on the way out. */
async function handBackQuietly(deps: Deps, lease: Lease, dueAt: Date): Promise<void> {
  try {
    await deps.repositories.releases.handBack(lease, dueAt);
  } catch (error) {
    deps.logger.warn({ err: error, releaseId: lease.releaseId }, 'lease not handed back; it runs out by itself');
  }
}

/** For who must stop now: another instance goes on at once; what this one still does is not stored any more. */
export async function handBackNow(deps: Deps, held: HeldLease): Promise<void> {
  held.lost = true;
  held.letGo();
  await handBackQuietly(deps, held.current, deps.clock.now());
}
