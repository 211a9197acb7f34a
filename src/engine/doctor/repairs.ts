import { findTask } from '../../domain/tasks.ts';
import { recheck } from '../recheck.ts';
import { buildOf } from '../tasks/gather-builds.ts';
import type { DoctorDeps } from './examine.ts';
import type { Repair } from './finding.ts';

/**
 * What `--repair` does. Each is what the bot would have done by itself, conditional on what was seen, so that a repeat or a
 * second doctor changes nothing; nothing is sent, nobody's data is deleted, nothing outside is touched.
 */
interface Repairer<R extends Repair> {
  /** what would be done, for a person */
  what(repair: R): string;
  /** Null when it was done; otherwise why not. */
  apply(deps: DoctorDeps, repair: R): Promise<string | null>;
}

const CHANGED = 'it is not as it was seen any more';
const unlessChanged = (done: boolean): string | null => (done ? null : CHANGED);

const REPAIRERS: { [K in Repair['kind']]: Repairer<Extract<Repair, { kind: K }>> } = {
  WAKE: {
    what: () => 'make the release due, so that the next tick takes it up',
    apply: async ({ repositories, clock }, { releaseId }) =>
      unlessChanged(await repositories.inspections.makeDue(releaseId, clock.now())),
  },
  GIVE_BACK_LEASE: {
    what: () => 'take the outdated lease away and make the release due',
    apply: async ({ repositories, clock }, { releaseId, lease }) =>
      unlessChanged(await repositories.inspections.giveBackLease(releaseId, lease, clock.now())),
  },
  PLAN_WAKES_AGAIN: {
    what: () => 'make the release due, so that its one-time jobs are planned again',
    apply: async ({ repositories, clock }, { releaseId, version }) =>
      unlessChanged(await repositories.inspections.forgetPlannedWakes(releaseId, version, clock.now())),
  },
  INSERT_BUILD: {
    what: ({ uploadId }) => `insert the build record of upload ${uploadId}`,
    apply: insertBuild,
  },
  RECHECK_PARKED: {
    what: () => 'look at the release again, and let it go on if it is sound',
    async apply(deps, { releaseId }) {
      const parked = await recheck(deps, releaseId);
      return parked && `it still has the defect ${parked.defect.code}: ${parked.defect.detail}`;
    },
  },
  DROP_JOBS: {
    what: ({ releaseId }) => `take the one-time jobs of release ${releaseId} from the scheduler`,
    apply: async ({ repositories }, { releaseId }) =>
      unlessChanged((await repositories.inspections.dropJobs(releaseId)) > 0),
  },
  MAKE_MESSAGE_DUE: {
    what: ({ row }) => `make message ${row.key} due, so that the bot takes it up and looks first whether it arrived`,
    apply: async ({ repositories, clock }, { row }) =>
      unlessChanged(await repositories.inspections.makeRowDue(row, clock.now())),
  },
};

function repairerOf<R extends Repair>(repair: R): Repairer<R> {
  // The record guarantees that the repairer's kind is the repair's.
  return REPAIRERS[repair.kind] as unknown as Repairer<R>;
}

export function whatRepairDoes(repair: Repair): string {
  return repairerOf(repair).what(repair);
}

/** Null when it was done; otherwise why not. */
export function applyRepair(deps: DoctorDeps, repair: Repair): Promise<string | null> {
  return repairerOf(repair).apply(deps, repair);
}

/** The same record with the same identity that the task would have made (Spec 3.1). */
async function insertBuild(
  { repositories, clock }: DoctorDeps,
  { tenantId, releaseId, uploadId, taskId }: Extract<Repair, { kind: 'INSERT_BUILD' }>,
): Promise<string | null> {
  const release = await repositories.releases.find(tenantId, releaseId);
  const upload = await repositories.uploads.find(tenantId, uploadId);
  const task = release && findTask(release, taskId);
  if (!release || !upload || !task || upload.usedByTaskId !== taskId) return CHANGED;
  if (task.claimedUploads?.[upload.platform] !== uploadId) return 'the task claims another upload for that platform';
  await repositories.builds.ensure(buildOf(release, task, upload, clock.now()));
  return null;
}
