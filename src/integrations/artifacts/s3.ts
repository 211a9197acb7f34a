import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { partsOfPath } from './path.ts';
import type { ArtifactStore } from './port.ts';
import { createS3Client, type S3Config } from './s3-client.ts';
import { isSdkError, mapS3Error } from './s3-errors.ts';
import { signedS3Link } from './s3-link.ts';
import { writeToS3 } from './s3-write.ts';

export type { S3Config } from './s3-client.ts';

/** Build files in a bucket of S3 or of a store that speaks the same. Spec 8.3. */
export function createS3Store(config: S3Config): ArtifactStore & { close(): void } {
  const client = createS3Client(config);
  const { bucket } = config;
  const prefix = config.prefix ? `${config.prefix.replaceAll(/^\/+|\/+$/g, '')}/` : '';
  const encrypt = config.serverSideEncryption ?? config.endpoint === undefined;
  const encryption = encrypt ? { ServerSideEncryption: 'AES256' as const } : {};
  const { secretAccessKey = '', sessionToken = '' } = config.credentials ?? {};
  const secrets = [secretAccessKey, sessionToken].filter((secret) => secret !== '');
  const keyOf = (path: string): string => `${prefix}${partsOfPath(path).join('/')}`;

  async function guarded<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw mapS3Error(error, operation, secrets);
    }
  }

  async function head(key: string): Promise<{ sizeBytes: number } | null> {
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return { sizeBytes: found.ContentLength ?? 0 };
    } catch (error) {
      if (isSdkError(error) && error.$metadata?.httpStatusCode === 404) return null;
      throw error;
    }
  }

  async function remove(key: string): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  }

  return {
    write: (path, bytes, options) =>
      guarded('write', () => {
        const key = keyOf(path);
        const target = {
          ...{ client, bucket, key, encrypt },
          storedBytes: async () => (await head(key))?.sizeBytes ?? null,
          remove: () => remove(key),
        };
        return writeToS3(target, path, bytes, options);
      }),

    read: (path, range) =>
      guarded('read', async () => {
        const wanted = range ? { Range: `bytes=${range.start}-${range.endInclusive}` } : {};
        const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(path), ...wanted }));
        return answer.Body as Readable;
      }),

    head: (path) => guarded('head', () => head(keyOf(path))),
    delete: (path) => guarded('delete', () => remove(keyOf(path))),

    signedLink: (path, { fileName, expiresInSeconds }) =>
      guarded('signedLink', () => {
        const now = config.clock?.now() ?? new Date();
        return signedS3Link(client, { bucket, key: keyOf(path), fileName, expiresInSeconds, now });
      }),

    /** Reads the bucket and writes, looks at and deletes a few bytes: only that proves the permissions. */
    verify: () =>
      guarded('verify', async () => {
        const key = `${prefix}.probe-${randomUUID()}`;
        await client.send(new HeadBucketCommand({ Bucket: bucket }));
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'probe', ...encryption }));
        await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        await remove(key);
        return { detail: `bucket ${bucket}${prefix === '' ? '' : `, below ${prefix}`}` };
      }),

    close: () => client.destroy(),
  };
}
