import type { Upload } from '../../domain/upload.ts';

export interface UploadRepository {
  insert(upload: Upload): Promise<void>;
  get(tenantId: string, uploadId: string): Promise<Upload>;
  find(tenantId: string, uploadId: string): Promise<Upload | null>;
  remove(tenantId: string, uploadId: string): Promise<void>;
  /** Idempotent for the same task; throws `InvariantError` when another task has it. */
  markUsed(tenantId: string, uploadId: string, by: { taskId: string; cycleId: string | null; at: Date }): Promise<void>;
  markSuperseded(tenantId: string, uploadId: string, by: string, at: Date): Promise<void>;
  listByRelease(tenantId: string, releaseId: string): Promise<Upload[]>;
  /**
   * Unused uploads (superseded or never consumed) older than `before` whose bytes are still kept, oldest first. `after` is
   * the last one of the page before.
   */
  listForRetention(before: Date, limit: number, after?: { createdAt: Date; id: string }): Promise<Upload[]>;
  markDeleted(tenantId: string, uploadId: string, at: Date): Promise<void>;
}
