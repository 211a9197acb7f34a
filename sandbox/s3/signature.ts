import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { StandInRequest } from '../scm/http/server.ts';
import { S3Fault } from './answers.ts';

/** Checks AWS Signature Version 4, in the header or in the query of a signed link. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

interface Claim {
  accessKeyId: string;
  /** date/region/s3/aws4_request */
  scope: string;
  signedHeaders: string[];
  signature: string;
  stamp: string;
  payloadHash: string;
  /** null in a header: the clock decides alone */
  expiresInSeconds: number | null;
}

const MAX_SKEW_MS = 15 * 60_000;
const MAX_EXPIRES = 604_800;

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function claimOfHeader(request: StandInRequest): Claim | null {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (!found) return null;
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature = ''] = found;
  const payloadHash = String(request.headers['x-amz-content-sha256'] ?? '');
  if (payloadHash === '') throw new S3Fault('InvalidArgument', 'x-amz-content-sha256 is missing');
  const stamp = String(request.headers['x-amz-date'] ?? '');
  return {
    accessKeyId,
    scope,
    signedHeaders: signedHeaders.split(';'),
    signature,
    stamp,
    payloadHash,
    expiresInSeconds: null,
  };
}

function claimOfQuery({ query }: StandInRequest): Claim | null {
  const signature = query.get('X-Amz-Signature');
  if (signature === null) return null;
  const [accessKeyId = '', ...scope] = (query.get('X-Amz-Credential') ?? '').split('/');
  const expiresInSeconds = Number(query.get('X-Amz-Expires'));
  if (!(expiresInSeconds > 0 && expiresInSeconds <= MAX_EXPIRES)) {
    throw new S3Fault('AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800');
  }
  return {
    accessKeyId,
    scope: scope.join('/'),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature,
    stamp: query.get('X-Amz-Date') ?? '',
    payloadHash: 'UNSIGNED-PAYLOAD',
    expiresInSeconds,
  };
}

function timeOf(stamp: string): number {
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  return Date.parse(iso);
}

function expectedSignature(request: StandInRequest, claim: Claim, secret: string): string {
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  const headers = claim.signedHeaders.map(
    (name) =>
      `${name}:${String(request.headers[name] ?? '')
        .trim()
        .replaceAll(/ +/g, ' ')}\n`,
  );
  const canonical = [
    request.method,
    request.path,
    query.join('&'),
    headers.join(''),
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', claim.stamp, claim.scope, sha256(canonical)].join('\n');
  const [date = '', ...rest] = claim.scope.split('/');
  return hmac(rest.reduce(hmac, hmac(`AWS4${secret}`, date)), toSign).toString('hex');
}

/** Throws S3's refusal unless the request is signed with these keys, in time, over what it carries. */
export function checkSignature(request: StandInRequest, keys: Keys, now: Date): void {
  const claim = claimOfHeader(request) ?? claimOfQuery(request);
  if (!claim) throw new S3Fault('AccessDenied', 'Access Denied');
  if (claim.accessKeyId !== keys.accessKeyId) {
    throw new S3Fault('InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  }
  if (!claim.scope.startsWith(`${claim.stamp.slice(0, 8)}/`) || !claim.scope.endsWith('/s3/aws4_request')) {
    throw new S3Fault('SignatureDoesNotMatch', 'The credential scope is wrong.');
  }
  if (!claim.signedHeaders.includes('host')) throw new S3Fault('SignatureDoesNotMatch', 'host must be signed');
  const expected = Buffer.from(expectedSignature(request, claim, keys.secretAccessKey));
  const given = Buffer.from(claim.signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new S3Fault(
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the one you provided.',
    );
  }
  const [signedAt, time] = [timeOf(claim.stamp), now.getTime()];
  if (claim.expiresInSeconds !== null) {
    if (time > signedAt + claim.expiresInSeconds * 1000) throw new S3Fault('AccessDenied', 'Request has expired');
  } else if (!(Math.abs(time - signedAt) <= MAX_SKEW_MS)) {
    throw new S3Fault(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  }
  const isHash = /^[0-9a-f]{64}$/.test(claim.payloadHash);
  if (isHash && claim.payloadHash !== sha256(request.body))
    throw new S3Fault('XAmzContentSHA256Mismatch', 'The body is not the signed one.');
}
