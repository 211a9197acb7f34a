import type { Readable } from 'node:stream';
import type { Platform } from '../../domain/release.ts';
import type { UploadSource, UploadStage } from '../../domain/upload.ts';

/** One rule set for all three doors (Spec 3). */
export interface SubmitUploadInput {
  releaseId: string;
  /** null = the stage whose window is open for the platform */
  stage: UploadStage | null;
  /** null = from the file name's ending */
  platform: Platform | null;
  fileName: string;
  /** what the sender says; null = unknown until read */
  sizeBytes: number | null;
  source: UploadSource;
  /** Given once per file from outside (`slack-file:F123`): the upload's id is derived from it, so that it exists once. */
  dedupeKey: string | null;
  /** Opened only after the window, the role and the name were found right. */
  openBytes: () => Promise<Readable>;
  /** Told the bytes stored so far. */
  onProgress?: (writtenBytes: number) => void;
}

export interface UploadReceipt {
  uploadId: string;
  releaseId: string;
  stage: UploadStage;
  platform: Platform;
  fileName: string;
  version: string | null;
  buildNumber: string | null;
  sizeBytes: number;
  sha256: string;
  /** the file this one replaces; null = none */
  replacedFileName: string | null;
  /** e.g. that the same bytes were used by an earlier cycle */
  warning: string | null;
}
