import { Schema } from 'mongoose';
import type { AuditEntry } from '../domain/audit.ts';
import type { ParkedDefect, Reached } from '../domain/defect.ts';
import type { PendingMessage } from '../domain/outbox.ts';
import type { Release } from '../domain/release.ts';
import type { Task } from '../domain/task.ts';
import { type Fields, SCHEMA_OPTIONS, type Stored } from './documents.ts';
import type { PlannedWake } from './types/index.ts';

/** The release's one document: the domain's fields and, beside them, what engine and indexes need. Spec 7.1. */
export type ReleaseDocument = Stored<Release, EngineFields & DerivedFields & DamageFields>;

export interface EngineFields {
  wakeCount: number;
  nextWakeAt: Date | null;
  lease: { token: string; until: Date } | null;
  pendingMessages: PendingMessage[];
  pendingAudit: AuditEntry[];
  unflushed: boolean;
  plannedWakes: PlannedWake[];
}

/** By which a damaged release is known. Documents that an older version wrote last have neither. */
export interface DamageFields {
  /** why it is parked; null = it is not */
  defect: ParkedDefect | null;
  reached: Reached | null;
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

/** Parts that no query looks into are stored as the domain made them; `toRelease` checks them when they are read. */
export const domainFields = {
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

export const engineFields = {
  wakeCount: Number,
  nextWakeAt: Date,
  lease: LeaseSchema,
  pendingMessages: [Mixed],
  pendingAudit: [Mixed],
  unflushed: Boolean,
  plannedWakes: [Mixed],
} satisfies Fields<EngineFields>;

const damageFields = { defect: Mixed, reached: Mixed } satisfies Fields<DamageFields>;

const derivedFields = {
  live: Boolean,
  liveKeys: [String],
  releaseTag: String,
  releaseTaggedAt: Date,
} satisfies Fields<DerivedFields>;

export const releaseSchema = new Schema<ReleaseDocument>(
  { _id: String, ...domainFields, ...engineFields, ...derivedFields, ...damageFields },
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
releaseSchema.index({ 'defect.at': 1, _id: 1 });
releaseSchema.index({ updatedAt: 1, _id: 1 });

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
