import type { Platform } from './release.ts';

/** Enums and record of a build (Spec 1.6, 2.1). Unique on (`taskId`, `platform`). */
export const WORKFLOW_STATUSES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED'] as const;
export type WorkflowStatus = (typeof WORKFLOW_STATUSES)[number];

export const BUILD_UPLOAD_STATUSES = ['PENDING', 'UPLOADING', 'UPLOADED', 'FAILED'] as const;
export type BuildUploadStatus = (typeof BUILD_UPLOAD_STATUSES)[number];

export const BUILD_STAGES = ['KICKOFF', 'REGRESSION', 'PRE_RELEASE'] as const;
export type BuildStage = (typeof BUILD_STAGES)[number];

export const BUILD_TYPES = ['CI_CD', 'MANUAL'] as const;
export type BuildType = (typeof BUILD_TYPES)[number];

export const STORE_TYPES = ['APP_STORE', 'PLAY_STORE', 'TESTFLIGHT', 'WEB'] as const;
export type StoreType = (typeof STORE_TYPES)[number];

export interface Build {
  id: string;
  tenantId: string;
  releaseId: string;
  /** the cycle's id, only in stage 2 */
  regressionId: string | null;
  taskId: string;
  platform: Platform;
  storeType: StoreType | null;
  buildStage: BuildStage;
  buildType: BuildType;
  buildNumber: string | null;
  queueLocation: string | null;
  ciRunId: string | null;
  workflowStatus: WorkflowStatus | null;
  buildUploadStatus: BuildUploadStatus;
  artifactPath: string | null;
  testflightNumber: string | null;
  /** of a manual build: the file as it was uploaded */
  fileName: string | null;
  sizeBytes: number | null;
  sha256: string | null;
  version: string | null;
  createdAt: Date;
  updatedAt: Date;
}
