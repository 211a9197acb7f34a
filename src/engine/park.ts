import { DamagedError, DEFECT_WORDS, type Defect, type DefectCode } from '../domain/defect.ts';
import { releaseTitle } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import type { Lease, ParkedRelease } from '../persistence/types/index.ts';
import { InvariantError, Refusal } from '../shared/errors.ts';
import { fingerprint } from '../shared/ids.ts';
import { alertAdmins } from './alerts.ts';
import type { Deps } from './deps.ts';
import { markHomesStale } from './flush.ts';
import { isDuplicateKey } from './retry.ts';

/** Releases that cannot be worked on are parked by name, and the admins are told once. */

const DETAIL_CHARS = 500;

const REPAIR = 'Repair its document in the collection "releases", or restore it from a backup.';
const SET_COUNT = 'Set the count in its document to what it was, or restore the document from a backup.';
const LOOK =
  'See the log for what went wrong, it may be a mistake of Slipway; or end it with /release archive and its id.';
const WAYS_OUT: Record<DefectCode, string> = {
  UNREADABLE: REPAIR,
  UNKNOWN_STATUS: REPAIR,
  UNDEFINED_PHASE: REPAIR,
  MISSING_TASK: REPAIR,
  DOUBLE_TASK: REPAIR,
  VERSION_BACKWARDS: SET_COUNT,
  SEQUENCE_BACKWARDS: SET_COUNT,
  CONFIG_GONE: 'Restore the configuration from a backup, or end it with /release archive and its id.',
  UNDECIDABLE: LOOK,
  NO_REST: LOOK,
};

/** The defect that an error of the engine shows; null = it shows none of the release's own. */
export function defectBehind(error: unknown): Defect | null {
  if (error instanceof DamagedError) return { code: error.code, detail: error.message };
  if (isDuplicateKey(error)) return { code: 'SEQUENCE_BACKWARDS', detail: error.message };
  // A rule that says no to the engine itself: what is stored is against the rules.
  if (error instanceof InvariantError || error instanceof Refusal)
    return { code: 'UNDECIDABLE', detail: error.message };
  return null;
}

export function configGone({ id, releaseConfigId }: Release): DamagedError {
  return new DamagedError('CONFIG_GONE', `release ${id} follows the configuration ${releaseConfigId}, which is gone`);
}

/** False when somebody else has the release by now. */
export async function park(deps: Deps, lease: Lease, { code, detail }: Defect): Promise<boolean> {
  const { releases } = deps.repositories;
  const { releaseId } = lease;
  const defect = { code, detail: detail.slice(0, DETAIL_CHARS), at: deps.clock.now() };
  if (!(await releases.park(lease, defect))) return false;
  deps.logger.error({ code, detail }, 'release parked: it is damaged');
  const parked = await releases.findParked(releaseId);
  if (parked) await tell(deps, parked);
  return true;
}

/**
 * Tells the admins, once for each time a release is parked. What only shows when the release runs is tried again every hour: that is
 * told once, not every hour.
 */
export async function tell(deps: Deps, { id, tenantId, name, defect }: ParkedRelease): Promise<void> {
  if (tenantId === null) return;
  const { code, detail, at } = defect;
  const showsOnlyRunning = code === 'NO_REST' || code === 'UNDECIDABLE';
  const occasion = showsOnlyRunning ? fingerprint(detail) : String(at.getTime());
  await alertAdmins(deps, {
    tenantId,
    key: `damaged:${id}:${code}:${occasion}`,
    text: `Release ${name} is damaged and was parked, because ${DEFECT_WORDS[code]}. Nothing happens with it until it is repaired; all other releases go on.`,
    lines: [
      `Defect ${code}: ${detail}`,
      `Release ${id}`,
      `${WAYS_OUT[code]} It is looked at again every hour, and goes on by itself.`,
    ],
    releaseId: id,
  });
  await markHomesStale(deps, tenantId);
}

/** A mistake of our own parks nothing: the release is tried again every hour. Told once for each mistake. */
export async function tellOfMistake(deps: Deps, releaseId: string, error: unknown): Promise<void> {
  const words = error instanceof Error ? error.message : String(error);
  try {
    const stored = await deps.repositories.releases.load(releaseId);
    if (!stored) return;
    const { tenantId } = stored.release;
    await alertAdmins(deps, {
      tenantId,
      key: `mistake:${releaseId}:${fingerprint(words)}`,
      text: `Slipway made a mistake with release ${releaseTitle(stored.release)}. It tries again every hour; all other releases go on.`,
      lines: [`Mistake: ${words}`, `Release ${releaseId}`, 'The log says where it was made. Please report it.'],
      releaseId,
    });
  } catch (fault) {
    // The mistake is what the caller must hear of, not a second fault.
    deps.logger.warn({ err: fault }, 'admins could not be told of a mistake');
  }
}
