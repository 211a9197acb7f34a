import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Reply, StandInRequest } from '../scm/http/server.ts';
import { S3Fault } from './answers.ts';
import { readPayload } from './payload.ts';
import type { BucketState, StoredObject } from './state.ts';

const KEPT_HEADERS = /^(?:content-type|content-disposition|cache-control|x-amz-meta-.+|x-amz-server-side-encryption)$/;

export function keptHeaders(request: StandInRequest): Record<string, string> {
  const encryption = request.headers['x-amz-server-side-encryption'];
  if (encryption !== undefined && encryption !== 'AES256')
    throw new S3Fault('NotImplemented', `no encryption ${String(encryption)}`);
  const kept = Object.entries(request.headers).filter(([name]) => KEPT_HEADERS.test(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

export async function putObject(state: BucketState, request: StandInRequest, key: string): Promise<Reply> {
  if (request.headers['if-none-match'] === '*' && state.objects.has(key)) throw new S3Fault('PreconditionFailed');
  const { content, checksums } = readPayload(request);
  const headers = keptHeaders(request);
  const part = await state.keep(content, checksums);
  await state.forget(state.objects.get(key)?.parts ?? []);
  const etag = `"${part.md5}"`;
  state.objects.set(key, { parts: [part], sizeBytes: part.sizeBytes, etag, headers: { ...headers, ...checksums } });
  state.effects.push({ kind: 'put', key, sizeBytes: part.sizeBytes });
  return { status: 200, headers: { etag, ...checksums, ...encryptionOf(headers) } };
}

export function encryptionOf(headers: Record<string, string>): Record<string, string> {
  const value = headers['x-amz-server-side-encryption'];
  return value ? { 'x-amz-server-side-encryption': value } : {};
}

/** The bytes from `start` to `end` (both included) of all parts put together. */
async function* bytesOf(object: StoredObject, start: number, end: number): AsyncGenerator<Buffer> {
  let before = 0;
  for (const part of object.parts) {
    const [from, to] = [Math.max(start - before, 0), Math.min(end - before, part.sizeBytes - 1)];
    if (from <= to)
      for await (const chunk of createReadStream(part.file, { start: from, end: to })) yield chunk as Buffer;
    before += part.sizeBytes;
  }
}

/** `bytes=a-b`, `bytes=a-` or `bytes=-n`; null for anything else, which S3 answers with the whole. */
function rangeOf(header: string | undefined, sizeBytes: number): { start: number; end: number } | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return null;
  const [first, last] = [found[1] ?? '', found[2] ?? ''];
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start >= sizeBytes || start > end) throw new S3Fault('InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}

const ANSWER_OVERRIDES = ['content-type', 'content-disposition', 'cache-control'];

export function getObject(state: BucketState, request: StandInRequest, key: string): Reply {
  const object = state.objects.get(key);
  if (!object) throw new S3Fault('NoSuchKey', 'The specified key does not exist.');
  const range = rangeOf(request.headers.range, object.sizeBytes);
  const { start, end } = range ?? { start: 0, end: object.sizeBytes - 1 };
  const overrides = ANSWER_OVERRIDES.map((name) => [name, request.query.get(`response-${name}`)]).filter(
    ([, value]) => value,
  );
  const headers: Record<string, string> = {
    ...object.headers,
    ...(Object.fromEntries(overrides) as Record<string, string>),
    etag: object.etag,
    'accept-ranges': 'bytes',
    'content-length': String(end - start + 1),
    ...(range ? { 'content-range': `bytes ${start}-${end}/${object.sizeBytes}` } : {}),
  };
  // the checksum is of the whole object and is not sent with a part of it
  if (range) for (const name of Object.keys(headers)) if (name.startsWith('x-amz-checksum-')) delete headers[name];
  if (request.method === 'HEAD') return { status: range ? 206 : 200, headers };
  return { status: range ? 206 : 200, headers, body: Readable.from(bytesOf(object, start, end)) };
}

export async function deleteObject(state: BucketState, key: string): Promise<Reply> {
  const object = state.objects.get(key);
  if (object) {
    state.objects.delete(key);
    await state.forget(object.parts);
    state.effects.push({ kind: 'delete', key, sizeBytes: object.sizeBytes });
  }
  return { status: 204 };
}
