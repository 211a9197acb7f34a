import { createHash, createHmac } from 'node:crypto';

/** AWS Signature Version 4 in the query string (docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). */
export interface PresignInput {
  method: 'GET';
  /** address of the object, its path percent-encoded, without a query */
  url: URL;
  /** what else the answer should be, e.g. `response-content-disposition` */
  query: Readonly<Record<string, string>>;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };
  expiresInSeconds: number;
  now: Date;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** As AWS encodes: everything but letters, digits and `-._~`. */
function awsEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function presign(input: PresignInput): string {
  const stamp = input.now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${stamp.slice(0, 8)}/${input.region}/s3/aws4_request`;
  const { accessKeyId, secretAccessKey, sessionToken } = input.credentials;
  const query: Record<string, string> = {
    ...input.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope}`,
    'X-Amz-Date': stamp,
    'X-Amz-Expires': String(input.expiresInSeconds),
    ...(sessionToken ? { 'X-Amz-Security-Token': sessionToken } : {}),
    'X-Amz-SignedHeaders': 'host',
  };
  const canonicalQuery = Object.entries(query)
    .map(([name, value]) => [awsEncode(name), awsEncode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const canonical = [
    input.method,
    input.url.pathname,
    canonicalQuery,
    `host:${input.url.host}`,
    '',
    'host',
    'UNSIGNED-PAYLOAD',
  ];
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical.join('\n'))].join('\n');
  const [date = '', region = '', service = '', end = ''] = scope.split('/');
  const key = [region, service, end].reduce(hmac, hmac(`AWS4${secretAccessKey}`, date));
  const signature = hmac(key, toSign).toString('hex');
  return `${input.url.origin}${input.url.pathname}?${canonicalQuery}&X-Amz-Signature=${signature}`;
}
