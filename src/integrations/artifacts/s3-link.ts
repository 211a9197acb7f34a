import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { presign } from './sigv4.ts';

/** S3's own limit for a signed link: seven days. */
const MAX_LINK_SECONDS = 604_800;

interface Built {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
}

/** Where the SDK would send the request: it knows partitions, path style and custom endpoints. Nothing is sent. */
async function addressOf(client: S3Client, bucket: string, key: string): Promise<URL> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  let built: Built | null = null;
  command.middlewareStack.add(
    () => async (args) => {
      built = args.request as Built;
      return { output: { $metadata: {} }, response: {} };
    },
    { step: 'build', priority: 'low', name: 'onlyTheAddress' },
  );
  await client.send(command);
  const { protocol, hostname, port, path } = built as unknown as Built;
  return new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
}

/** `attachment; filename=...` in plain ASCII and, for everything else, as RFC 6266 says. */
export function attachment(fileName: string): string {
  const plain = fileName.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(fileName).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

export async function signedS3Link(
  client: S3Client,
  object: { bucket: string; key: string; fileName: string; expiresInSeconds: number; now: Date },
): Promise<string> {
  return presign({
    method: 'GET',
    url: await addressOf(client, object.bucket, object.key),
    query: {
      'response-content-disposition': attachment(object.fileName),
      'response-content-type': 'application/octet-stream',
    },
    region: await client.config.region(),
    credentials: await client.config.credentials(),
    expiresInSeconds: Math.min(MAX_LINK_SECONDS, Math.max(1, Math.floor(object.expiresInSeconds))),
    now: object.now,
  });
}
