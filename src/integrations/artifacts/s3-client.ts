import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

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
  return new S3Client({
    region: config.region ?? 'us-east-1',
    maxAttempts: ATTEMPTS,
    requestHandler: config.requestHandler ?? {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: config.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    },
    ...(config.credentials ? { credentials: config.credentials } : {}),
    ...compatible,
  });
}
