import { z } from 'zod';
import { BUILD_STAGES, BUILD_TYPES, BUILD_UPLOAD_STATUSES, STORE_TYPES, WORKFLOW_STATUSES } from '../domain/build.ts';
import { REGRESSION_CYCLE_STATUSES } from '../domain/cycle.ts';
import { DEFECT_CODES } from '../domain/defect.ts';
import { GATE_IDS } from '../domain/gate.ts';
import {
  CRON_STATUSES,
  PAUSE_TYPES,
  PLATFORMS,
  RELEASE_STATUSES,
  RELEASE_TYPES,
  STAGE_STATUSES,
} from '../domain/release.ts';
import { SLOT_STATUSES } from '../domain/slot.ts';
import { ACTIONS, PHASES } from '../domain/status.ts';
import { TASK_STATUSES, TASK_TYPES } from '../domain/task.ts';
import { UPLOAD_SOURCES, UPLOAD_STAGES } from '../domain/upload.ts';
import { TOKEN_SCOPES } from '../engine/index.ts';

/** Every shape that goes out over HTTP (Spec 2.4, 3.2, 8.4). */

const platform = z.enum(PLATFORMS);
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

export const DamagedReleaseView = z.strictObject({
  id: z.string(),
  name: z.string(),
  defect: z.strictObject({ code: z.enum(DEFECT_CODES), detail: z.string() }),
  parkedAt: isoDate.nullable(),
});

const ok = { success: z.literal(true) };
export const CreatedReleaseAnswer = z.strictObject({ ...ok, release: ReleaseView, status: StatusView });
export const ReleaseAnswer = CreatedReleaseAnswer;
export const ReleaseListAnswer = z.strictObject({
  ...ok,
  releases: z.array(ReleaseSummaryView),
  damaged: z
    .array(DamagedReleaseView)
    .describe(
      'Releases of the page that are parked or cannot be read: nothing happens with them until they are repaired',
    ),
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
