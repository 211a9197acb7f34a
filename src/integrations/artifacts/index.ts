import { createLocalStore } from './local.ts';
import type { ArtifactStore } from './port.ts';
import { createS3Store, type S3Config } from './s3.ts';

export type { S3Config } from './s3.ts';

/** A directory, or a bucket (`ARTIFACTS_DIR`, `ARTIFACTS_S3_*` of Spec 8.1). */
export type ArtifactConfig = { kind: 'LOCAL'; directory: string } | ({ kind: 'S3' } & S3Config);

/** Touches nothing yet; the first call or `verify` shows whether it works. */
export function createArtifactStore(config: ArtifactConfig): ArtifactStore {
  return config.kind === 'LOCAL' ? createLocalStore(config) : createS3Store(config);
}
