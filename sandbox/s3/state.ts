import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface StoredPart {
  file: string;
  sizeBytes: number;
  /** hex */
  md5: string;
  checksums: Record<string, string>;
}

export interface StoredObject {
  /** in order; a simple PUT has one */
  parts: StoredPart[];
  sizeBytes: number;
  /** with its quotes */
  etag: string;
  /** headers given back on GET and HEAD */
  headers: Record<string, string>;
}

export interface PendingUpload {
  uploadId: string;
  key: string;
  parts: Map<number, StoredPart>;
  headers: Record<string, string>;
}

export interface Effect {
  kind: 'put' | 'delete' | 'upload-started' | 'upload-completed' | 'upload-aborted';
  key: string;
  sizeBytes: number;
}

/** One bucket; the bytes lie in a temporary directory, so that a large file costs no memory. */
export class BucketState {
  readonly objects = new Map<string, StoredObject>();
  readonly uploads = new Map<string, PendingUpload>();
  readonly effects: Effect[] = [];
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<BucketState> {
    return new BucketState(await mkdtemp(join(tmpdir(), 'sandbox-s3-')));
  }

  async keep(content: Buffer, checksums: Record<string, string>): Promise<StoredPart> {
    const file = join(this.directory, randomUUID());
    await writeFile(file, content);
    return { file, sizeBytes: content.length, md5: createHash('md5').update(content).digest('hex'), checksums };
  }

  async forget(parts: Iterable<StoredPart>): Promise<void> {
    for (const part of parts) await rm(part.file, { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}
