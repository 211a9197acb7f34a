import type { Cycle } from './cycle.ts';
import type { Gate } from './gate.ts';
import type { Slot } from './slot.ts';
import type { Task } from './task.ts';
import type { StagedUpload } from './upload.ts';

/** The stored enums of a release and its one document (Spec 1.1, 2.1, 7.1). */

export const PLATFORMS = ['ANDROID', 'IOS', 'WEB'] as const;
export type Platform = (typeof PLATFORMS)[number];

export const RELEASE_TYPES = ['PLANNED', 'UNPLANNED', 'HOTFIX'] as const;
export type ReleaseType = (typeof RELEASE_TYPES)[number];

export const RELEASE_STATUSES = ['PENDING', 'IN_PROGRESS', 'PAUSED', 'SUBMITTED', 'COMPLETED', 'ARCHIVED'] as const;
export type ReleaseStatus = (typeof RELEASE_STATUSES)[number];

export const STAGE_STATUSES = ['PENDING', 'IN_PROGRESS', 'COMPLETED'] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

export const CRON_STATUSES = ['PENDING', 'RUNNING', 'PAUSED', 'COMPLETED'] as const;
export type CronStatus = (typeof CRON_STATUSES)[number];

export const PAUSE_TYPES = ['NONE', 'AWAITING_STAGE_TRIGGER', 'USER_REQUESTED', 'TASK_FAILURE'] as const;
export type PauseType = (typeof PAUSE_TYPES)[number];

const STAGES = [1, 2, 3, 4] as const;
export type StageNumber = (typeof STAGES)[number];

export interface PlatformTarget {
  platform: Platform;
  /** semantic version */
  version: string;
  /** the TARGET integration's id, null where no store is connected */
  store: string | null;
}

export interface CronPart {
  status: CronStatus;
  pauseType: PauseType;
  stage1Status: StageStatus;
  stage2Status: StageStatus;
  stage3Status: StageStatus;
  stage4Status: StageStatus;
}

/** Who stopped a paused release and why; `slipway` when a task failed. */
export interface PauseInfo {
  by: string;
  reason: string | null;
  at: Date;
}

export interface Decision {
  by: string;
  reason: string | null;
  at: Date;
}

/** Everything the engine decides on, in one document, moved by one conditional write. */
export interface Release {
  id: string;
  tenantId: string;
  releaseConfigId: string;
  /** the configuration's name when the release was made, for lists and messages */
  configName: string;
  flow: 'STAGED';
  type: ReleaseType;
  /** in the order ANDROID, IOS, WEB */
  targets: PlatformTarget[];
  baseBranch: string;
  /** `release/<parts>` */
  branch: string;
  kickOffDate: Date;
  targetReleaseDate: Date | null;
  hasManualBuildUpload: boolean;
  /** Slack user id, or the API token that made it (`token:<name>`) */
  releasePilot: string;
  createdBy: string;
  createdAt: Date;
  /** the configuration's IANA zone when the release was made */
  timeZone: string;
  /** the channel its thread lives in */
  channelId: string;
  status: ReleaseStatus;
  cron: CronPart;
  /** ascending by `at` */
  slots: Slot[];
  /** ascending by number; the last one is the current cycle */
  cycles: Cycle[];
  /** tasks of stages 1, 3 and 4, in order; created when the stage starts. Stage 2's are in its cycles. */
  tasks: Task[];
  gates: Gate[];
  /** the newest unused upload of each stage and platform; consumption takes from here, atomically */
  stagedUploads: StagedUpload[];
  pause: PauseInfo | null;
  preKickOffReminderSentAt: Date | null;
  /** an admin's leave to kick off inside a freeze window */
  freezeOverride: Decision | null;
  stage2StartedAt: Date | null;
  /** how many failures the task-failure pause has seen; part of message keys */
  failureCount: number;
  endedAt: Date | null;
  updatedAt: Date;
  /** counts writes; every write is conditional on it */
  version: number;
  /** the last sequence numbers given to messages and audit entries */
  messageSeq: number;
  auditSeq: number;
}
