import type { Build } from '../../domain/build.ts';

export interface BuildRepository {
  /** Inserts the build, or returns the one that this task and platform already has. */
  ensure(build: Build): Promise<Build>;
  listByRelease(tenantId: string, releaseId: string): Promise<Build[]>;
  /** Whether these bytes were already consumed in this release. */
  hasSha256(tenantId: string, releaseId: string, sha256: string): Promise<boolean>;
}
