import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type S3StandIn, startS3 } from '../../../sandbox/s3/index.ts';

const KEYS = { accessKeyId: 'AKIATEST', secretAccessKey: 'only-for-this-test' };
const Bucket = 'builds';
const Key = 'a b/c.bin';
const MIB = 1024 * 1024;

describe('the S3 stand-in, asked by the SDK with its defaults', () => {
  let s3: S3StandIn;
  let client: S3Client;
  const clientAt = (config: S3ClientConfig = {}) =>
    new S3Client({
      region: 'us-east-1',
      endpoint: s3.endpoint,
      forcePathStyle: true,
      credentials: KEYS,
      maxAttempts: 1,
      ...config,
    });
  beforeEach(async () => {
    s3 = await startS3({ keys: KEYS });
    client = clientAt();
  });
  afterEach(async () => {
    client.destroy();
    await s3.close();
  });

  test('a streamed body is stored without its framing, its checksum in the trailer held against it', async () => {
    const bytes = Buffer.alloc(200_000, 'abc');
    const Body = Readable.from([bytes]);
    await client.send(
      new PutObjectCommand({ Bucket, Key, Body, ContentLength: bytes.length, Metadata: { who: 'me' } }),
    );
    const found = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect((await buffer(found.Body as Readable)).equals(bytes)).toBe(true);
    expect(await client.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({
      ContentLength: 200_000,
      Metadata: { who: 'me' },
    });
  });

  test.each([
    ['checksum', { ChecksumSHA256: createHash('sha256').update('other').digest('base64') }, 'BadDigest'],
    ['MD5', { ContentMD5: createHash('md5').update('other').digest('base64') }, 'BadDigest'],
  ])('a wrong %s is refused and nothing is kept', async (_, wrong, name) => {
    await expect(client.send(new PutObjectCommand({ Bucket, Key, Body: 'abc', ...wrong }))).rejects.toMatchObject({
      name,
    });
    expect(s3.keys()).toEqual([]);
  });

  test.each([
    ['an unknown key', { credentials: { ...KEYS, accessKeyId: 'AKIAOTHER' } }, 'InvalidAccessKeyId'],
    ['a wrong secret', { credentials: { ...KEYS, secretAccessKey: 'x' } }, 'SignatureDoesNotMatch'],
  ])('%s', async (_, config, name) => {
    await expect(clientAt(config).send(new PutObjectCommand({ Bucket, Key, Body: 'abc' }))).rejects.toMatchObject({
      name,
    });
  });

  test('no signature, and one of another time', async () => {
    expect((await fetch(`${s3.endpoint}/builds/x`)).status).toBe(403);
    const late = await startS3({ keys: KEYS, clock: { now: () => new Date(Date.now() + 16 * 60_000) } });
    const asked = clientAt({ endpoint: late.endpoint }).send(new PutObjectCommand({ Bucket, Key, Body: 'abc' }));
    await expect(asked).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' });
    await late.close();
  });

  test('create-only', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'abc', IfNoneMatch: '*' }));
    const again = client.send(new PutObjectCommand({ Bucket, Key, Body: 'def', IfNoneMatch: '*' }));
    await expect(again).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });

  describe('in parts', () => {
    async function upload(
      sizes: readonly number[],
    ): Promise<{ UploadId: string; Parts: { PartNumber: number; ETag: string }[] }> {
      const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const Parts = [];
      for (const [index, size] of sizes.entries()) {
        const part = { Bucket, Key, UploadId, PartNumber: index + 1, Body: Buffer.alloc(size, index) };
        const { ETag = '' } = await client.send(new UploadPartCommand(part));
        Parts.push({ PartNumber: index + 1, ETag });
      }
      return { UploadId, Parts };
    }
    const complete = (UploadId: string, Parts: object[]) =>
      client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));

    test('the whole, in order, with the ETag of a multipart object', async () => {
      const { UploadId, Parts } = await upload([5 * MIB, 10]);
      expect((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([
        { Key, UploadId },
      ]);
      expect(await complete(UploadId, Parts)).toMatchObject({ ETag: expect.stringMatching(/^"[0-9a-f]{32}-2"$/) });
      const range = await client.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${5 * MIB - 1}-${5 * MIB}` }));
      expect(range).toMatchObject({ ContentRange: `bytes ${5 * MIB - 1}-${5 * MIB}/${5 * MIB + 10}` });
      expect([...(await buffer(range.Body as Readable))]).toEqual([0, 1]);
      await expect(complete(UploadId, Parts)).rejects.toMatchObject({ name: 'NoSuchUpload' });
    });

    test('a small part that is not the last, a wrong ETag, a wrong order', async () => {
      const { UploadId, Parts } = await upload([10, 10]);
      await expect(complete(UploadId, Parts)).rejects.toMatchObject({ name: 'EntityTooSmall' });
      const bent = Parts.map((part) => ({ ...part, ETag: '"x"' }));
      await expect(complete(UploadId, bent)).rejects.toMatchObject({ name: 'InvalidPart' });
      await expect(complete(UploadId, [Parts[1] ?? {}, Parts[0] ?? {}])).rejects.toMatchObject({
        name: 'InvalidPartOrder',
      });
      expect([s3.keys(), s3.pendingUploads()]).toEqual([[], 1]);
    });
  });

  test('what it does not know it refuses by name', async () => {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3');
    await expect(client.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({ name: 'NotImplemented' });
  });
});
