import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createMeter } from './meter.ts';
import type { ArtifactStore, StoredObject } from './port.ts';
import { isSdkError } from './s3-errors.ts';

const MIB = 1024 * 1024;
/** parts under way at once; what is in memory is about twice `PARTS_UNDER_WAY` parts */
const PARTS_UNDER_WAY = 2;
const MIN_PART_BYTES = 5 * MIB;
const MAX_PARTS = 10_000;

export interface S3WriteTarget {
  client: S3Client;
  bucket: string;
  key: string;
  encrypt: boolean;
  /** the size of what is under the key now; null when there is nothing */
  storedBytes(): Promise<number | null>;
  remove(): Promise<void>;
}

/** Completing was carried out and only its answer lost: the repeated call finds no upload any more. */
async function wasCompleted(error: unknown, target: S3WriteTarget, writtenBytes: number): Promise<boolean> {
  return isSdkError(error) && error.name === 'NoSuchUpload' && (await target.storedBytes()) === writtenBytes;
}

/**
 * Streams into the bucket in parts (one PUT below 5 MiB). On failure the parts are given up, and what a lost answer may
 * have left under a key that was free before is removed.
 */
export async function writeToS3(
  target: S3WriteTarget,
  path: string,
  bytes: Readable,
  options: Parameters<ArtifactStore['write']>[2],
): Promise<StoredObject> {
  const { maxBytes, onProgress, signal } = options;
  const meter = createMeter({ maxBytes, ...(onProgress ? { onProgress } : {}) });
  let sourceFault: unknown = null;
  let feed: Promise<void> = Promise.resolve();
  let wasFree = false;
  try {
    signal?.throwIfAborted();
    wasFree = (await target.storedBytes()) === null;
    // a broken source breaks the body, and with it the upload, which then gives up its parts
    feed = pipeline(bytes, meter.stream, signal ? { signal } : {}).catch((error: unknown) => {
      sourceFault = error;
    });
    const upload = new Upload({
      client: target.client,
      params: {
        Bucket: target.bucket,
        Key: target.key,
        Body: meter.stream,
        ContentType: 'application/octet-stream',
        ...(target.encrypt ? { ServerSideEncryption: 'AES256' as const } : {}),
      },
      queueSize: PARTS_UNDER_WAY,
      partSize: Math.max(MIN_PART_BYTES, Math.ceil(maxBytes / MAX_PARTS)),
    });
    await upload.done();
    await feed;
  } catch (error) {
    meter.stream.destroy();
    bytes.destroy();
    await feed;
    if (!(await wasCompleted(error, target, meter.writtenBytes()))) {
      if (wasFree) await target.remove().catch(() => undefined);
      throw isSdkError(error) ? error : (sourceFault ?? error);
    }
  }
  return { path, sizeBytes: meter.writtenBytes(), sha256: meter.sha256() };
}
