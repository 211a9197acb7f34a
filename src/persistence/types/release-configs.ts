import type { ReleaseConfig } from '../../domain/release-config.ts';

export interface ReleaseConfigRepository {
  get(tenantId: string, configId: string): Promise<ReleaseConfig>;
  find(tenantId: string, configId: string): Promise<ReleaseConfig | null>;
  findByName(tenantId: string, name: string): Promise<ReleaseConfig | null>;
  list(tenantId: string): Promise<ReleaseConfig[]>;
  /** Creates or replaces by (`tenantId`, `name`); the id of an existing one is kept. */
  upsert(config: ReleaseConfig): Promise<ReleaseConfig>;
  remove(tenantId: string, configId: string): Promise<void>;
}
