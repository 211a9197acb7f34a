import type { Platform } from './release.ts';

export const UPLOAD_STAGES = ['PRE_REGRESSION', 'REGRESSION', 'PRE_RELEASE'] as const;
export type UploadStage = (typeof UPLOAD_STAGES)[number];

export const UPLOAD_SOURCES = ['SLACK', 'MODAL', 'API'] as const;
export type UploadSource = (typeof UPLOAD_SOURCES)[number];

/** A manual build as it was handed in (Spec 3.1). */
export interface Upload {
  id: string;
  tenantId: string;
  releaseId: string;
  stage: UploadStage;
  platform: Platform;
  artifactPath: string;
  fileName: string;
  sizeBytes: number;
  /** lower-case hex */
  sha256: string;
  /** from the manifest, where it could be read */
  version: string | null;
  buildNumber: string | null;
  applicationId: string | null;
  uploadedBy: string;
  source: UploadSource;
  isUsed: boolean;
  usedByTaskId: string | null;
  usedByCycleId: string | null;
  supersededBy: string | null;
  /** when its bytes were deleted by retention */
  deletedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** The release document's pointer to the newest unused upload of a stage and platform; it decides, the record follows. */
export interface StagedUpload {
  uploadId: string;
  stage: UploadStage;
  platform: Platform;
  fileName: string;
  sizeBytes: number;
  sha256: string;
  version: string | null;
  buildNumber: string | null;
  artifactPath: string;
  uploadedBy: string;
  at: Date;
}
