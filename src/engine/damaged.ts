import { ARCHIVABLE, type DamagedRelease, DEFECT_WORDS } from '../domain/defect.ts';
import type { Release } from '../domain/release.ts';
import type { ReleaseLook } from '../persistence/types/index.ts';
import { Refusal } from '../shared/errors.ts';
import type { Deps } from './deps.ts';

/** What people and machines hear who ask for a damaged release: what is wrong with it, and that the admins must mend it. */
export function damagedRefusal({ id, name, defect, parkedAt }: DamagedRelease): Refusal {
  const parked = parkedAt ? ` It is parked since ${parkedAt.toISOString()}, and the admins were told what to do.` : '';
  return new Refusal(
    'DAMAGED',
    `Release ${name} (${id}) is damaged, because ${DEFECT_WORDS[defect.code]} (${defect.code}).${parked} Nothing happens with it until it is repaired.`,
  );
}

/** The release to look at and to act on; `Refusal` NOT_FOUND, or DAMAGED where nothing can be done with it. */
export async function soundRelease(deps: Deps, tenantId: string, releaseId: string): Promise<Release> {
  return soundOf(await lookAt(deps, tenantId, releaseId));
}

/** The same for who ends it: some defects leave enough of it for that. */
export async function releaseToArchive(deps: Deps, tenantId: string, releaseId: string): Promise<Release> {
  return archivableOf(await lookAt(deps, tenantId, releaseId));
}

export function archivableOf(look: ReleaseLook): Release {
  const { release, damaged } = look;
  return release && damaged && ARCHIVABLE.includes(damaged.defect.code) ? release : soundOf(look);
}

export function soundOf({ release, damaged }: ReleaseLook): Release {
  if (damaged) throw damagedRefusal(damaged);
  if (release) return release;
  throw new Refusal('NOT_FOUND', 'There is no such release.');
}

async function lookAt(deps: Deps, tenantId: string, releaseId: string): Promise<ReleaseLook> {
  const look = await deps.repositories.releases.look(tenantId, releaseId);
  if (look) return look;
  throw new Refusal('NOT_FOUND', `There is no release ${releaseId}.`);
}
