import { decide } from '../domain/decide.ts';
import type { Defect } from '../domain/defect.ts';
import type { ParkedRelease } from '../persistence/types/index.ts';
import type { Deps } from './deps.ts';
import { flush, needsFlush, requireForwards } from './flush.ts';
import { configGone, defectBehind, tell } from './park.ts';
import { isMistake } from './retry.ts';

/** Parked releases are looked at again, until they are repaired. */

const BATCH = 100;

/** What a second look needs: it asks nobody outside. */
export type RecheckDeps = Pick<Deps, 'repositories' | 'clock' | 'logger'>;

/**
 * Looks again at a parked release, without running anything: one that is sound by now is due at once. What shows only when it runs counts as
 * gone. Null when it goes on, or was not parked; otherwise what it is parked with.
 */
export async function recheck(deps: RecheckDeps, releaseId: string): Promise<ParkedRelease | null> {
  const { releases } = deps.repositories;
  const parked = await releases.findParked(releaseId);
  if (!parked) return null;
  const found = await examine(deps, releaseId);
  // Another defect than before: the engine names it.
  if (found?.code === parked.defect.code) return parked;
  await releases.unpark(releaseId, parked.defect.at, deps.clock.now());
  deps.logger.info({ tenantId: parked.tenantId, releaseId, code: parked.defect.code }, 'release is parked no more');
  return null;
}

/**
 * Looks again at all that is parked, and completes what a crash may have left undone: that the admins are told. Returns those that
 * stay parked.
 */
export async function recheckParked(deps: Deps): Promise<ParkedRelease[]> {
  const still: ParkedRelease[] = [];
  let after: ParkedRelease | undefined;
  for (;;) {
    const page = await deps.repositories.releases.listParked(BATCH, after);
    for (const { id } of page) {
      const parked = await recheck(deps, id);
      if (parked) still.push(parked);
    }
    after = page.at(-1);
    if (page.length < BATCH) break;
  }
  for (const parked of still) await tell(deps, parked);
  return still;
}

/** Reads, moves out what was born in it, and decides, but does nothing of that. */
async function examine(deps: RecheckDeps, releaseId: string): Promise<Defect | null> {
  const { releases, configs } = deps.repositories;
  try {
    const stored = await releases.load(releaseId);
    if (!stored) return null;
    const { release } = stored;
    const config = await configs.find(release.tenantId, release.releaseConfigId);
    if (needsFlush(stored)) await flush(deps, stored, config);
    else await requireForwards(deps, release);
    if (config) decide(release, { config }, deps.clock.now());
    else if (release.endedAt === null) throw configGone(release);
    return null;
  } catch (error) {
    const defect = defectBehind(error);
    if (!defect && !isMistake(error)) throw error;
    return defect;
  }
}
