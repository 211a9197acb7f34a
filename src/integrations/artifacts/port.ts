import type { Readable } from 'node:stream';

/** Where build files are kept (Spec 4.5, 8.3). Paths are keys without a leading slash, e.g. `releases/<id>/<uploadId>/app.ipa`. */
export interface StoredObject {
  path: string;
  sizeBytes: number;
  /** lower-case hex of what was written */
  sha256: string;
}

export interface ArtifactStore {
  /**
   * Streams `bytes` to `path`, flat in memory. Stops with `Refusal` TOO_LARGE past `maxBytes`. On any failure nothing
   * is left behind (multipart aborted, temporary file removed). `onProgress` is told the bytes written so far.
   */
  write(
    path: string,
    bytes: Readable,
    options: { maxBytes: number; onProgress?: (writtenBytes: number) => void; signal?: AbortSignal },
  ): Promise<StoredObject>;
  /** Bytes from `start` to `endInclusive` (default: all). `PermanentError` 404 when there is none. */
  read(path: string, range?: { start: number; endInclusive: number }): Promise<Readable>;
  head(path: string): Promise<{ sizeBytes: number } | null>;
  /** Deleting what is not there is no error. */
  delete(path: string): Promise<void>;
  /** A short-lived link a person may open; null where the store has none (local directory). */
  signedLink(path: string, options: { fileName: string; expiresInSeconds: number }): Promise<string | null>;
  verify(): Promise<{ detail: string }>;
}
