import type { Metrics } from '../../shared/metrics.ts';
import { createLocalStore } from './local.ts';
import type { ArtifactStore } from './port.ts';
import { createS3Store, type S3Config } from './s3.ts';

export type { S3Config } from './s3.ts';

/** A directory, or a bucket (`ARTIFACTS_DIR`, `ARTIFACTS_S3_*` of Spec 8.1). */
export type ArtifactConfig = { kind: 'LOCAL'; directory: string } | ({ kind: 'S3' } & S3Config);

/** What the environment says of it; a server that merely speaks S3 need not know its encryption. */
type ArtifactSettings =
  | { kind: 's3'; bucket: string; region: string; endpoint: string | null; prefix: string }
  | { kind: 'directory'; dir: string };

export function artifactConfigOf(settings: ArtifactSettings): ArtifactConfig {
  if (settings.kind === 'directory') return { kind: 'LOCAL', directory: settings.dir };
  const { bucket, region, endpoint, prefix } = settings;
  return { kind: 'S3', bucket, region, prefix, ...(endpoint && { endpoint, serverSideEncryption: false }) };
}

/** Touches nothing yet; the first call or `verify` shows whether it works. `metrics` are told of the calls of a bucket. */
export function createArtifactStore(config: ArtifactConfig, metrics?: Pick<Metrics, 'providerCalled'>): ArtifactStore {
  if (config.kind === 'LOCAL') return createLocalStore(config);
  return createS3Store({ ...config, ...(metrics && { metrics }) });
}
