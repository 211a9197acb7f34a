import { z } from 'zod';
import { BUILD_STAGES, BUILD_TYPES, BUILD_UPLOAD_STATUSES, STORE_TYPES, WORKFLOW_STATUSES } from '../domain/build.ts';
import { REGRESSION_CYCLE_STATUSES } from '../domain/cycle.ts';
import { GATE_IDS } from '../domain/gate.ts';
import {
  CRON_STATUSES,
  PAUSE_TYPES,
  PLATFORMS,
  RELEASE_STATUSES,
  RELEASE_TYPES,
  STAGE_STATUSES,
} from '../domain/release.ts';
import { MISSED_SLOT_ANSWERS, SLOT_STATUSES } from '../domain/slot.ts';
import { ACTIONS, PHASES } from '../domain/status.ts';
import { TASK_STATUSES, TASK_TYPES } from '../domain/task.ts';
import { UPLOAD_SOURCES, UPLOAD_STAGES } from '../domain/upload.ts';
import { TOKEN_SCOPES } from '../persistence/types.ts';

/** Every shape that goes in or out over HTTP (Spec 1.1, 2.4, 3.5, 8.4); the OpenAPI document is made from these. */

const text = (max: number) =>
  z.string().trim().min(1, 'must not be empty').max(max, `is longer than ${max} characters`);
/** ISO 8601 with a zone; a wall time without one would mean something else for every reader. */
const instant = z.iso
  .datetime({ offset: true, error: 'expected a date and time with its zone, e.g. 2026-12-01T10:00:00Z' })
  .transform((value) => new Date(value));
const platform = z.enum(PLATFORMS, { error: `expected one of ${PLATFORMS.join(', ')}` });

export const CreateReleaseBody = z.strictObject({
  tenantId: text(64).describe("the token's own tenant; may be left out").optional(),
  releaseConfigId: text(100).describe('id or name of the release configuration'),
  type: z.enum(RELEASE_TYPES, { error: `expected one of ${RELEASE_TYPES.join(', ')}` }).default('PLANNED'),
  platformTargets: z
    .array(z.strictObject({ platform, version: text(100), store: text(100).nullish() }))
    .min(1, 'expected at least one platform target')
    .max(PLATFORMS.length, `expected at most ${PLATFORMS.length} platform targets`),
  baseBranch: text(250).nullish(),
  kickOffDate: instant,
  targetReleaseDate: instant.nullish(),
  regressionSlots: z.array(instant).max(50, 'expected at most 50 slots').nullish(),
  hasManualBuildUpload: z.boolean().nullish(),
  releasePilot: text(100).describe('Slack user id').nullish(),
  freezeOverrideReason: text(500).nullish(),
});

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  after: z.string().max(200).describe('`next` of the page before').optional(),
});
export const ListReleasesQuery = PageQuery.extend({
  all: z
    .enum(['true', 'false', '1', '0', ''])
    .transform((value) => value === 'true' || value === '1' || value === '')
    .describe('also those that are COMPLETED or ARCHIVED')
    .default(false),
});
export const HistoryQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(0).describe('`next` of the page before').optional(),
});

/** Beside page 2.3's actions: the gate, the submission made by hand, and the slots. */
export const API_ACTIONS = [
  ...ACTIONS,
  'APPROVE',
  'REJECT',
  'CONFIRM_SUBMISSION',
  'SLOT_ADD',
  'SLOT_MOVE',
  'SLOT_REMOVE',
  'ANSWER_MISSED_SLOT',
] as const;
export type ApiAction = (typeof API_ACTIONS)[number];

export const ActionBody = z.strictObject({
  reason: text(500).describe('REJECT and SKIP_TASK need one; PAUSE, ARCHIVE, ABANDON_CYCLE keep one').optional(),
  overrideReason: text(500).describe('why a gate is approved although a check failed').optional(),
  freezeOverrideReason: text(500).describe('START inside a freeze window').optional(),
  contentHash: text(128).describe('what was seen when the gate was decided; refused when it changed since').optional(),
  taskId: text(200).describe('RETRY_TASK, SKIP_TASK; default: the failed one').optional(),
  platform: platform.describe('CONFIRM_SUBMISSION; default: the only one awaiting').optional(),
  at: instant.describe('SLOT_ADD, SLOT_MOVE').optional(),
  slot: z
    .union([text(100), z.number().int().min(1).transform(String)])
    .describe("SLOT_MOVE, SLOT_REMOVE, ANSWER_MISSED_SLOT: the slot's id, or its place from 1")
    .optional(),
  answer: z.enum(MISSED_SLOT_ANSWERS, { error: `expected one of ${MISSED_SLOT_ANSWERS.join(', ')}` }).optional(),
});
export type ActionInput = z.output<typeof ActionBody>;

export const UploadForm = z.strictObject({
  stage: z.enum(UPLOAD_STAGES, { error: `expected one of ${UPLOAD_STAGES.join(', ')}` }),
  platform,
  file: z.string().meta({ format: 'binary' }).describe('the last part of the form'),
});
export const TriggerBuildBody = z.strictObject({ platform });

export const CreateTokenBody = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, 'expected up to 64 letters, digits, dots, dashes or underscores'),
  scopes: z
    .array(z.enum(TOKEN_SCOPES, { error: `expected one of ${TOKEN_SCOPES.join(', ')}` }))
    .min(1, 'expected at least one scope'),
});

const isoDate = z.iso.datetime();
const open = z.record(z.string(), z.unknown());
const stageStatus = z.enum(STAGE_STATUSES);
const nextCycle = z.strictObject({ number: z.number(), tag: z.string(), scheduledAt: isoDate });
const currentCycle = z.strictObject({ number: z.number(), tag: z.string(), status: z.enum(REGRESSION_CYCLE_STATUSES) });

/** Spec 2.4, exactly. */
export const StatusView = z.strictObject({
  release: z.strictObject({ id: z.string(), status: z.enum(RELEASE_STATUSES) }),
  stages: z.strictObject({ stage1: stageStatus, stage2: stageStatus, stage3: stageStatus, stage4: stageStatus }),
  cron: z.strictObject({ status: z.enum(CRON_STATUSES), pauseType: z.enum(PAUSE_TYPES) }),
  currentPhase: z.enum(PHASES),
  displayText: z.string(),
  regression: z
    .strictObject({
      currentCycle: currentCycle.nullable(),
      nextCycle: nextCycle.nullable(),
      progress: z.strictObject({ completed: z.number(), total: z.number() }),
    })
    .nullable(),
  actions: z.array(z.enum(ACTIONS)),
});

export const TaskView = z.strictObject({
  id: z.string(),
  type: z.enum(TASK_TYPES),
  stage: z.number(),
  cycleNumber: z.number().nullable(),
  status: z.enum(TASK_STATUSES),
  attempts: z.number(),
  startedAt: isoDate.nullable(),
  endedAt: isoDate.nullable(),
  nextTryAt: isoDate.nullable(),
  missing: z.array(platform),
  skip: z.strictObject({ by: z.string(), reason: z.string() }).nullable(),
  error: open.nullable(),
  output: open.nullable(),
});

export const GateView = z.strictObject({
  id: z.enum(GATE_IDS),
  status: z.enum(['AWAITING', 'GRANTED']),
  openedAt: isoDate,
  grantedAt: isoDate.nullable(),
  quorum: z.number(),
  contentHash: z.string().nullable(),
  checks: z.array(z.strictObject({ id: z.string(), passed: z.boolean(), text: z.string() })),
  approvals: z.array(z.strictObject({ by: z.string(), at: isoDate, override: z.string().nullable() })),
});

export const ReleaseView = z.strictObject({
  id: z.string(),
  releaseConfigId: z.string(),
  configName: z.string(),
  flow: z.string(),
  type: z.enum(RELEASE_TYPES),
  status: z.enum(RELEASE_STATUSES),
  platformTargets: z.array(z.strictObject({ platform, version: z.string(), store: z.string().nullable() })),
  baseBranch: z.string(),
  branch: z.string(),
  kickOffDate: isoDate,
  targetReleaseDate: isoDate.nullable(),
  hasManualBuildUpload: z.boolean(),
  releasePilot: z.string(),
  createdBy: z.string(),
  createdAt: isoDate,
  updatedAt: isoDate,
  endedAt: isoDate.nullable(),
  timeZone: z.string(),
  channelId: z.string(),
  cron: z.strictObject({
    status: z.enum(CRON_STATUSES),
    pauseType: z.enum(PAUSE_TYPES),
    stage1Status: stageStatus,
    stage2Status: stageStatus,
    stage3Status: stageStatus,
    stage4Status: stageStatus,
  }),
  pause: z.strictObject({ by: z.string(), reason: z.string().nullable(), at: isoDate }).nullable(),
  regressionSlots: z.array(
    z.strictObject({
      id: z.string(),
      at: isoDate,
      status: z.enum(SLOT_STATUSES),
      cycleNumber: z.number().nullable(),
    }),
  ),
  cycles: z.array(
    z.strictObject({
      id: z.string(),
      number: z.number(),
      tag: z.string(),
      slotId: z.string(),
      status: z.enum(REGRESSION_CYCLE_STATUSES),
      startedAt: isoDate,
      endedAt: isoDate.nullable(),
      tasks: z.array(TaskView),
    }),
  ),
  tasks: z.array(TaskView),
  gates: z.array(GateView),
  version: z.number(),
});

export const ReleaseSummaryView = ReleaseView.pick({
  id: true,
  configName: true,
  type: true,
  status: true,
  platformTargets: true,
  branch: true,
  kickOffDate: true,
  releasePilot: true,
  createdAt: true,
}).extend({ currentPhase: z.enum(PHASES), displayText: z.string(), actions: z.array(z.enum(ACTIONS)) });

export const BuildView = z.strictObject({
  id: z.string(),
  taskId: z.string(),
  regressionId: z.string().nullable(),
  platform,
  storeType: z.enum(STORE_TYPES).nullable(),
  buildStage: z.enum(BUILD_STAGES),
  buildType: z.enum(BUILD_TYPES),
  buildNumber: z.string().nullable(),
  workflowStatus: z.enum(WORKFLOW_STATUSES).nullable(),
  buildUploadStatus: z.enum(BUILD_UPLOAD_STATUSES),
  queueLocation: z.string().nullable(),
  ciRunId: z.string().nullable(),
  testflightNumber: z.string().nullable(),
  artifactPath: z.string().nullable(),
  downloadUrl: z.string().nullable().describe('short-lived'),
  fileName: z.string().nullable(),
  sizeBytes: z.number().nullable(),
  sha256: z.string().nullable(),
  version: z.string().nullable(),
  createdAt: isoDate,
  updatedAt: isoDate,
});

export const UploadView = z.strictObject({
  id: z.string(),
  stage: z.enum(UPLOAD_STAGES),
  platform,
  fileName: z.string(),
  sizeBytes: z.number(),
  sha256: z.string(),
  version: z.string().nullable(),
  buildNumber: z.string().nullable(),
  uploadedBy: z.string(),
  source: z.enum(UPLOAD_SOURCES),
  isUsed: z.boolean(),
  usedByTaskId: z.string().nullable(),
  usedByCycleId: z.string().nullable(),
  supersededBy: z.string().nullable(),
  createdAt: isoDate,
});

export const HistoryEntryView = z.strictObject({
  seq: z.number(),
  at: isoDate,
  actor: z.string(),
  action: z.string(),
  origin: z.string(),
  subject: z.string().nullable(),
  reason: z.string().nullable(),
  detail: open,
});

export const NotesView = z.strictObject({
  label: z.string().describe('`RC1`, or `final`'),
  since: z.string().nullable(),
  until: z.string(),
  entries: z.array(z.strictObject({ sha: z.string(), title: z.string(), author: z.string() })),
  omitted: z.number(),
});

export const TokenView = z.strictObject({
  name: z.string(),
  scopes: z.array(z.enum(TOKEN_SCOPES)),
  createdBy: z.string(),
  createdAt: isoDate,
  lastUsedAt: isoDate.nullable(),
  revokedAt: isoDate.nullable(),
});

const ok = { success: z.literal(true) };
export const CreatedReleaseAnswer = z.strictObject({ ...ok, release: ReleaseView, status: StatusView });
export const ReleaseAnswer = CreatedReleaseAnswer;
export const ReleaseListAnswer = z.strictObject({
  ...ok,
  releases: z.array(ReleaseSummaryView),
  next: z.string().nullable(),
});
export const BuildsAnswer = z.strictObject({ ...ok, builds: z.array(BuildView), uploads: z.array(UploadView) });
export const UploadAnswer = z.strictObject({
  ...ok,
  buildId: z.string(),
  message: z.literal('Build uploaded to staging'),
  warning: z.string().optional(),
  replacedFileName: z.string().optional(),
});
export const ActionAnswer = z.strictObject({ ...ok, status: StatusView });
export const HistoryAnswer = z.strictObject({
  ...ok,
  entries: z.array(HistoryEntryView),
  next: z.number().nullable(),
});
export const NotesAnswer = z.strictObject({ ...ok, notes: z.array(NotesView) });
export const TokenListAnswer = z.strictObject({ ...ok, tokens: z.array(TokenView) });
export const CreatedTokenAnswer = z.strictObject({
  ...ok,
  token: TokenView,
  secret: z.string().describe('shown this once'),
});
export const DoneAnswer = z.strictObject(ok);
export const HealthAnswer = z.strictObject({ status: z.literal('ok') });
export const ReadyAnswer = z.strictObject({
  status: z.enum(['ok', 'unavailable']),
  checks: z.record(z.string(), z.strictObject({ ok: z.boolean(), detail: z.string().optional() })),
});
export const ErrorAnswer = z.strictObject({
  success: z.literal(false),
  error: z.string().describe('a sentence for a person'),
  fields: z.record(z.string(), z.string()).describe('what is wrong with which field').optional(),
  detail: z.string().optional(),
});
