import { z } from 'zod';
import { REGRESSION_CYCLE_STATUSES } from '../domain/cycle.ts';
import { DamagedError, DEFECT_CODES, type Defect, defectOf, type ParkedDefect } from '../domain/defect.ts';
import { GATE_IDS } from '../domain/gate.ts';
import { releaseTitle } from '../domain/names.ts';
import {
  CRON_STATUSES,
  PAUSE_TYPES,
  PLATFORMS,
  RELEASE_STATUSES,
  RELEASE_TYPES,
  type Release,
  STAGE_STATUSES,
} from '../domain/release.ts';
import { SLOT_STATUSES } from '../domain/slot.ts';
import { TASK_STATUSES, TASK_TYPES } from '../domain/task.ts';
import { UPLOAD_STAGES } from '../domain/upload.ts';
import { domainReader, type Fault } from './documents.ts';
import { domainFields, type EngineFields, engineFields } from './release-schema.ts';
import type { ReleaseLook } from './types/index.ts';

/** From the stored document to the release, or to what is wrong with it. */

const when = z.date().nullable();
const TargetShape = z.looseObject({ platform: z.enum(PLATFORMS), version: z.string() });
const DecisionShape = z.looseObject({ by: z.string(), reason: z.string().nullable(), at: z.date() });
const TaskShape = z.looseObject({
  id: z.string(),
  type: z.enum(TASK_TYPES),
  stage: z.number(),
  status: z.enum(TASK_STATUSES),
  attempts: z.number(),
  nextTryAt: when,
  startedAt: when,
  endedAt: when,
  missing: z.array(z.enum(PLATFORMS)),
});
const ReleaseShape = z.looseObject({
  id: z.string(),
  tenantId: z.string(),
  releaseConfigId: z.string(),
  configName: z.string(),
  flow: z.literal('STAGED'),
  type: z.enum(RELEASE_TYPES),
  targets: z.array(TargetShape).min(1),
  baseBranch: z.string(),
  branch: z.string(),
  kickOffDate: z.date(),
  targetReleaseDate: when,
  hasManualBuildUpload: z.boolean(),
  releasePilot: z.string(),
  createdBy: z.string(),
  createdAt: z.date(),
  timeZone: z.string(),
  channelId: z.string(),
  status: z.enum(RELEASE_STATUSES),
  cron: z.looseObject({
    status: z.enum(CRON_STATUSES),
    pauseType: z.enum(PAUSE_TYPES),
    stage1Status: z.enum(STAGE_STATUSES),
    stage2Status: z.enum(STAGE_STATUSES),
    stage3Status: z.enum(STAGE_STATUSES),
    stage4Status: z.enum(STAGE_STATUSES),
  }),
  slots: z.array(z.looseObject({ id: z.string(), at: z.date(), status: z.enum(SLOT_STATUSES) })),
  cycles: z.array(
    z.looseObject({
      id: z.string(),
      number: z.number(),
      status: z.enum(REGRESSION_CYCLE_STATUSES),
      tasks: z.array(TaskShape),
    }),
  ),
  tasks: z.array(TaskShape),
  gates: z.array(
    z.looseObject({
      id: z.enum(GATE_IDS),
      status: z.enum(['AWAITING', 'GRANTED']),
      approvals: z.array(z.unknown()),
    }),
  ),
  stagedUploads: z.array(
    z.looseObject({ uploadId: z.string(), stage: z.enum(UPLOAD_STAGES), platform: z.enum(PLATFORMS) }),
  ),
  pause: DecisionShape.nullable(),
  preKickOffReminderSentAt: when,
  freezeOverride: DecisionShape.nullable(),
  stage2StartedAt: when,
  failureCount: z.int().min(0),
  endedAt: when,
  updatedAt: z.date(),
  version: z.int().min(0),
  messageSeq: z.int().min(0),
  auditSeq: z.int().min(0),
});

const EngineShape = z.looseObject({
  wakeCount: z.int(),
  nextWakeAt: z.date().nullable(),
  lease: z.looseObject({ token: z.string(), until: z.date() }).nullable(),
  pendingMessages: z.array(z.looseObject({ key: z.string(), seq: z.int() })),
  pendingAudit: z.array(z.looseObject({ seq: z.int() })),
  unflushed: z.boolean(),
  plannedWakes: z.array(z.looseObject({ job: z.string(), key: z.string(), at: z.date() })),
});

const ReachedShape = z
  .object({ version: z.int(), messageSeq: z.int(), auditSeq: z.int(), tasks: z.int() })
  .nullish()
  .catch(null);
const DefectShape = z
  .object({ code: z.enum(DEFECT_CODES), detail: z.string(), at: z.date() })
  .nullish()
  .catch(null);

const STATUS_FIELD = /^(status|pauseType|stage[1-4]Status)$/;

function damaged(message: string, faults: readonly Fault[]): DamagedError {
  const [first] = faults;
  const isStatus = first !== undefined && STATUS_FIELD.test(String(first.path.at(-1)));
  return new DamagedError(isStatus ? 'UNKNOWN_STATUS' : 'UNREADABLE', message);
}

/** The release as it is written there; whether it can be worked on is not asked. Throws `DamagedError` where it cannot be read. */
export const toRelease = domainReader<Release>('release', Object.keys(domainFields), ReleaseShape, 'id', damaged);

export const toEngineFields = domainReader<EngineFields>(
  'release',
  Object.keys(engineFields),
  EngineShape,
  null,
  damaged,
);

/** The release that can be worked on; throws `DamagedError` naming the defect where it cannot. */
export function toSoundRelease(stored: object): Release {
  const release = toRelease(stored);
  const defect = defectIn(stored, release);
  if (defect) throw new DamagedError(defect.code, `The stored release ${release.id} is damaged: ${defect.detail}`);
  return release;
}

/** The release as far as it can be read, and what is wrong with it, parked or not. */
export function toLook(stored: object): ReleaseLook {
  const { release, defect: found } = read(stored);
  const parked = parkedWith(stored);
  const defect = parked ?? found;
  if (!defect) return { release, damaged: null };
  const { code, detail } = defect;
  return { release, damaged: { ...nameOf(stored), defect: { code, detail }, parkedAt: parked?.at ?? null } };
}

export function parkedWith(stored: object): ParkedDefect | null {
  return DefectShape.parse(fieldOf(stored, 'defect')) ?? null;
}

function read(stored: object): { release: Release | null; defect: Defect | null } {
  try {
    const release = toRelease(stored);
    return { release, defect: defectIn(stored, release) };
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return { release: null, defect: { code: error.code, detail: error.message } };
  }
}

function defectIn(stored: object, release: Release): Defect | null {
  return defectOf(release, ReachedShape.parse(fieldOf(stored, 'reached')) ?? null);
}

function fieldOf(stored: object, field: string): unknown {
  return (stored as Record<string, unknown>)[field];
}

const NameShape = z.object({
  configName: z.string().catch('release'),
  targets: z.array(TargetShape).catch([]),
});

/** Configuration and versions, as far as they can be read. */
export function nameOf(stored: object): { id: string; name: string } {
  return { id: String(fieldOf(stored, '_id')), name: releaseTitle(NameShape.parse(stored)) };
}
