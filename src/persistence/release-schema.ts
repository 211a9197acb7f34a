import { Schema } from 'mongoose';
import { z } from 'zod';
import type { AuditEntry } from '../domain/audit.ts';
import { REGRESSION_CYCLE_STATUSES } from '../domain/cycle.ts';
import { GATE_IDS } from '../domain/gate.ts';
import type { PendingMessage } from '../domain/outbox.ts';
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
import { TASK_STATUSES, TASK_TYPES, type Task } from '../domain/task.ts';
import { UPLOAD_STAGES } from '../domain/upload.ts';
import { domainReader, type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { PlannedWake } from './types.ts';

/** The release's one document: the domain's fields and, beside them, what engine and indexes need. Spec 7.1. */
export type ReleaseDocument = Stored<Release, EngineFields & DerivedFields>;

export interface EngineFields {
  wakeCount: number;
  nextWakeAt: Date | null;
  lease: { token: string; until: Date } | null;
  pendingMessages: PendingMessage[];
  pendingAudit: AuditEntry[];
  unflushed: boolean;
  plannedWakes: PlannedWake[];
}

/** Written with every change, from the release as it then is; only indexes and filters read them. */
export interface DerivedFields {
  /** neither COMPLETED nor ARCHIVED */
  live: boolean;
  /** `<configId>:<PLATFORM>:<version>` of each target while live: what no other live release may have */
  liveKeys: string[];
  /** the release tag it made, and when; null = none yet */
  releaseTag: string | null;
  releaseTaggedAt: Date | null;
}

const { Mixed } = Schema.Types;

const LeaseSchema = new Schema({ token: String, until: Date }, { ...SCHEMA_OPTIONS, _id: false });
const TargetSchema = new Schema(
  { platform: String, version: String, store: String },
  { ...SCHEMA_OPTIONS, _id: false },
);

/** Parts that no query looks into are stored as the domain made them; `ReleaseShape` checks them when they are read. */
const domainFields = {
  tenantId: String,
  releaseConfigId: String,
  configName: String,
  flow: String,
  type: String,
  targets: [TargetSchema],
  baseBranch: String,
  branch: String,
  kickOffDate: Date,
  targetReleaseDate: Date,
  hasManualBuildUpload: Boolean,
  releasePilot: String,
  createdBy: String,
  createdAt: Date,
  timeZone: String,
  channelId: String,
  status: String,
  cron: Mixed,
  slots: [Mixed],
  cycles: [Mixed],
  tasks: [Mixed],
  gates: [Mixed],
  stagedUploads: [Mixed],
  pause: Mixed,
  preKickOffReminderSentAt: Date,
  freezeOverride: Mixed,
  stage2StartedAt: Date,
  failureCount: Number,
  endedAt: Date,
  updatedAt: Date,
  version: Number,
  messageSeq: Number,
  auditSeq: Number,
} satisfies Fields<Release>;

const engineFields = {
  wakeCount: Number,
  nextWakeAt: Date,
  lease: LeaseSchema,
  pendingMessages: [Mixed],
  pendingAudit: [Mixed],
  unflushed: Boolean,
  plannedWakes: [Mixed],
} satisfies Fields<EngineFields>;

const derivedFields = {
  live: Boolean,
  liveKeys: [String],
  releaseTag: String,
  releaseTaggedAt: Date,
} satisfies Fields<DerivedFields>;

export const releaseSchema = new Schema<ReleaseDocument>(
  { _id: String, ...domainFields, ...engineFields, ...derivedFields },
  { ...SCHEMA_OPTIONS, collection: 'releases' },
);
releaseSchema.index({ nextWakeAt: 1 });
releaseSchema.index({ tenantId: 1, liveKeys: 1 }, { unique: true, partialFilterExpression: { live: true } });
releaseSchema.index({ tenantId: 1, live: 1, createdAt: -1, _id: -1 });
releaseSchema.index({ tenantId: 1, createdAt: -1, _id: -1 });
releaseSchema.index({ tenantId: 1, channelId: 1, live: 1, createdAt: -1, _id: -1 });
releaseSchema.index({ tenantId: 1, 'targets.version': 1, live: -1, createdAt: -1, _id: -1 });
releaseSchema.index({ tenantId: 1, releaseConfigId: 1, releaseTaggedAt: -1 });
releaseSchema.index({ live: 1, endedAt: 1, _id: 1 });
releaseSchema.index({ updatedAt: 1, _id: 1 });

const TaskShape = z.looseObject({
  id: z.string(),
  type: z.enum(TASK_TYPES),
  status: z.enum(TASK_STATUSES),
  missing: z.array(z.enum(PLATFORMS)),
});
const ReleaseShape = z.looseObject({
  id: z.string(),
  tenantId: z.string(),
  flow: z.literal('STAGED'),
  type: z.enum(RELEASE_TYPES),
  targets: z.array(z.looseObject({ platform: z.enum(PLATFORMS), version: z.string() })).min(1),
  kickOffDate: z.date(),
  createdAt: z.date(),
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
  version: z.int().min(0),
  messageSeq: z.int().min(0),
  auditSeq: z.int().min(0),
});

export const toRelease = domainReader<Release>('release', Object.keys(domainFields), ReleaseShape);

const EngineShape = z.looseObject({
  wakeCount: z.int(),
  nextWakeAt: z.date().nullable(),
  lease: z.looseObject({ token: z.string(), until: z.date() }).nullable(),
  pendingMessages: z.array(z.looseObject({ key: z.string(), seq: z.int() })),
  pendingAudit: z.array(z.looseObject({ seq: z.int() })),
});

export const toEngineFields = domainReader<EngineFields>('release', Object.keys(engineFields), EngineShape, null);

/** The fields that follow from the release; see `DerivedFields`. */
export function deriveFields(release: Release): DerivedFields {
  const live = release.status !== 'COMPLETED' && release.status !== 'ARCHIVED';
  const tag = release.tasks.find(isTagMade);
  return {
    live,
    liveKeys: live ? release.targets.map((t) => `${release.releaseConfigId}:${t.platform}:${t.version}`) : [],
    releaseTag: tag?.output?.tag ?? null,
    releaseTaggedAt: tag ? (tag.endedAt ?? release.updatedAt) : null,
  };
}

function isTagMade(task: Task): task is Task<'CREATE_RELEASE_TAG'> {
  return task.type === 'CREATE_RELEASE_TAG' && task.status === 'COMPLETED' && task.output !== null;
}
