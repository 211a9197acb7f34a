import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { measured } from '../../shared/measured-fetch.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { PROVIDER } from './s3-errors.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;

export interface S3Config {
  bucket: string;
  /** default `us-east-1` */
  region?: string;
  /** of an S3-compatible store; AWS itself needs none */
  endpoint?: string;
  /** put before every path, without slashes around it */
  prefix?: string;
  /** default the SDK's own chain: environment, shared files, instance role */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  /** AES256 at rest; default on, off for stores that know no keys of their own */
  serverSideEncryption?: boolean;
  /** how long a connection may stay silent; default 30 s */
  idleTimeoutMs?: number;
  clock?: { now(): Date };
  /** who is told of each request, those that the SDK repeats counted singly */
  metrics?: Pick<Metrics, 'providerCalled'>;
  /** how requests are sent; default the SDK's own over HTTP */
  requestHandler?: NonNullable<S3ClientConfig['requestHandler']>;
}

export function createS3Client(config: S3Config): S3Client {
  // compatible stores speak path style, and many refuse the checksums that AWS takes by default
  const compatible: S3ClientConfig = config.endpoint
    ? {
        endpoint: config.endpoint,
        forcePathStyle: true,
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
      }
    : {};
  const client = new S3Client({
    region: config.region ?? 'us-east-1',
    maxAttempts: ATTEMPTS,
    requestHandler: config.requestHandler ?? {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: config.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    },
    ...(config.credentials ? { credentials: config.credentials } : {}),
    ...compatible,
  });
  if (config.metrics) measure(client, config.metrics);
  return client;
}

/** Next to the wire, below the SDK's own retries: `PutObject`, `UploadPart` and their like. */
function measure(client: S3Client, metrics: Pick<Metrics, 'providerCalled'>): void {
  client.middlewareStack.add(
    (next, { commandName = 'unknown' }) =>
      (args) => {
        const call = { provider: PROVIDER, operation: commandName.replace(/Command$/, '') };
        return measured(metrics, call, () => next(args), statusOf);
      },
    { step: 'deserialize', priority: 'low', name: 'measure' },
  );
}

function statusOf({ response }: { response: unknown }): number {
  return typeof response === 'object' && response !== null && 'statusCode' in response
    ? Number(response.statusCode)
    : 0;
}
