import { createHash, randomUUID } from 'node:crypto';
import type { Reply, StandInRequest } from '../scm/http/server.ts';
import { escapeXml, S3Fault, xml } from './answers.ts';
import { encryptionOf, keptHeaders } from './objects.ts';
import { readPayload } from './payload.ts';
import type { BucketState, PendingUpload, StoredPart } from './state.ts';

const MIN_PART_BYTES = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

function uploadOf(state: BucketState, request: StandInRequest, key: string): PendingUpload {
  const upload = state.uploads.get(request.query.get('uploadId') ?? '');
  if (!upload || upload.key !== key)
    throw new S3Fault('NoSuchUpload', 'The specified multipart upload does not exist.');
  return upload;
}

export function startUpload(state: BucketState, request: StandInRequest, bucket: string, key: string): Reply {
  const uploadId = randomUUID();
  const headers = keptHeaders(request);
  state.uploads.set(uploadId, { uploadId, key, parts: new Map(), headers });
  state.effects.push({ kind: 'upload-started', key, sizeBytes: 0 });
  const names = `<Bucket>${escapeXml(bucket)}</Bucket><Key>${escapeXml(key)}</Key>`;
  const body = `<InitiateMultipartUploadResult>${names}<UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;
  return xml(200, body, encryptionOf(headers));
}

export async function uploadPart(state: BucketState, request: StandInRequest, key: string): Promise<Reply> {
  const upload = uploadOf(state, request, key);
  const number = Number(request.query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS) throw new S3Fault('InvalidArgument', 'partNumber');
  const { content, checksums } = readPayload(request);
  const part = await state.keep(content, checksums);
  const old = upload.parts.get(number);
  if (old) await state.forget([old]);
  upload.parts.set(number, part);
  return { status: 200, headers: { etag: `"${part.md5}"`, ...checksums } };
}

function partsAsked(body: string): { number: number; etag: string }[] {
  const parts = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, inner = '']) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(inner)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(inner)?.[1] ?? '').replaceAll(/&quot;|"/g, ''),
  }));
  if (parts.length === 0) throw new S3Fault('MalformedXML');
  return parts;
}

export async function completeUpload(
  state: BucketState,
  request: StandInRequest,
  bucket: string,
  key: string,
): Promise<Reply> {
  const upload = uploadOf(state, request, key);
  const asked = partsAsked(request.body.toString('utf8'));
  if (asked.some(({ number }, index) => index > 0 && number <= (asked[index - 1]?.number ?? 0))) {
    throw new S3Fault('InvalidPartOrder');
  }
  const parts: StoredPart[] = [];
  asked.forEach(({ number, etag }, index) => {
    const part = upload.parts.get(number);
    if (!part || part.md5 !== etag) throw new S3Fault('InvalidPart', `part ${number} is not there with that ETag`);
    if (index < asked.length - 1 && part.sizeBytes < MIN_PART_BYTES)
      throw new S3Fault('EntityTooSmall', `part ${number}`);
    parts.push(part);
  });
  const digest = createHash('md5').update(Buffer.from(parts.map(({ md5 }) => md5).join(''), 'hex'));
  const etag = `"${digest.digest('hex')}-${parts.length}"`;
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  await state.forget([...upload.parts.values()].filter((part) => !parts.includes(part)));
  await state.forget(state.objects.get(key)?.parts ?? []);
  state.objects.set(key, { parts, sizeBytes, etag, headers: upload.headers });
  state.uploads.delete(upload.uploadId);
  state.effects.push({ kind: 'upload-completed', key, sizeBytes });
  const names = `<Bucket>${escapeXml(bucket)}</Bucket><Key>${escapeXml(key)}</Key>`;
  return xml(
    200,
    `<CompleteMultipartUploadResult>${names}<ETag>${escapeXml(etag)}</ETag></CompleteMultipartUploadResult>`,
  );
}

export async function abortUpload(state: BucketState, request: StandInRequest, key: string): Promise<Reply> {
  const upload = uploadOf(state, request, key);
  state.uploads.delete(upload.uploadId);
  await state.forget(upload.parts.values());
  state.effects.push({ kind: 'upload-aborted', key, sizeBytes: 0 });
  return { status: 204 };
}

export function listUploads(state: BucketState, bucket: string): Reply {
  const rows = [...state.uploads.values()].map(
    ({ key, uploadId }) => `<Upload><Key>${escapeXml(key)}</Key><UploadId>${uploadId}</UploadId></Upload>`,
  );
  const head = `<Bucket>${escapeXml(bucket)}</Bucket><IsTruncated>false</IsTruncated>`;
  return xml(200, `<ListMultipartUploadsResult>${head}${rows.join('')}</ListMultipartUploadsResult>`);
}
