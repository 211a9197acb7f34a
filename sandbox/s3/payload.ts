import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { StandInRequest } from '../scm/http/server.ts';
import { S3Fault } from './answers.ts';

/** The content of a PUT: `aws-chunked` framing taken off, announced lengths and checksums held against the bytes. */
export interface Payload {
  content: Buffer;
  /** headers to give back, e.g. x-amz-checksum-crc32 */
  checksums: Record<string, string>;
}

const MAX_CHUNK_HEADER = 200;

function crc32Base64(content: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(content));
  return bytes.toString('base64');
}

const CHECKSUMS: Record<string, (content: Buffer) => string> = {
  'x-amz-checksum-crc32': crc32Base64,
  'x-amz-checksum-sha1': (content) => createHash('sha1').update(content).digest('base64'),
  'x-amz-checksum-sha256': (content) => createHash('sha256').update(content).digest('base64'),
};

/** `<hex size>\r\n<bytes>\r\n ... 0\r\n<trailers>\r\n` */
function unframe(body: Buffer): { content: Buffer; trailers: Map<string, string> } {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = body.subarray(at, at + MAX_CHUNK_HEADER).indexOf('\r\n');
    if (lineEnd < 0) throw new S3Fault('IncompleteBody', 'a chunk has no header');
    const size = Number.parseInt(body.subarray(at, at + lineEnd).toString('latin1'), 16);
    at += lineEnd + 2;
    if (!(size >= 0) || at + size > body.length) throw new S3Fault('IncompleteBody', 'a chunk is cut short');
    if (size === 0) break;
    parts.push(body.subarray(at, at + size));
    at += size + 2;
  }
  const lines = body.subarray(at).toString('latin1').split('\r\n').filter(Boolean);
  const trailers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { content: Buffer.concat(parts), trailers: new Map(trailers) };
}

export function readPayload({ headers, body }: StandInRequest): Payload {
  const isChunked = /\baws-chunked\b/.test(String(headers['content-encoding'] ?? ''));
  const announced = String(headers['x-amz-content-sha256'] ?? '');
  if (isChunked !== announced.startsWith('STREAMING-'))
    throw new S3Fault('InvalidArgument', 'framing and x-amz-content-sha256 differ');
  if (announced.startsWith('STREAMING-AWS4'))
    throw new S3Fault('NotImplemented', 'signed chunks are not understood here');
  // framed bodies may come without a length of their own, but not without that of the content
  if (!isChunked && headers['content-length'] === undefined) throw new S3Fault('MissingContentLength');
  const { content, trailers } = isChunked ? unframe(body) : { content: body, trailers: new Map<string, string>() };
  const decoded = headers['x-amz-decoded-content-length'];
  if (isChunked && Number(decoded) !== content.length)
    throw new S3Fault('IncompleteBody', 'not the announced number of bytes');
  const trailer = headers['x-amz-trailer'];
  if (typeof trailer === 'string' && !trailers.has(trailer))
    throw new S3Fault('IncompleteBody', `the trailer ${trailer} is missing`);
  const checksums: Record<string, string> = {};
  for (const [name, compute] of Object.entries(CHECKSUMS)) {
    const given = trailers.get(name) ?? headers[name];
    if (given === undefined) continue;
    if (given !== compute(content)) throw new S3Fault('BadDigest', `${name} is not that of the bytes received`);
    checksums[name] = String(given);
  }
  const md5 = headers['content-md5'];
  if (md5 !== undefined && md5 !== createHash('md5').update(content).digest('base64')) throw new S3Fault('BadDigest');
  return { content, checksums };
}
