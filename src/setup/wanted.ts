import type { ReleaseConfig } from '../domain/release-config.ts';
import type { Role } from '../domain/tenant.ts';
import type { IntegrationKind } from '../persistence/types/index.ts';

/** What the file wants, checked and complete. Names are the identity; nothing here has an id yet (Spec 4.7). */
export interface WantedSetup {
  tenant: { id: string; name: string };
  /** the roles that the file names; others are left alone unless pruned */
  roles: Partial<Record<Role, string[]>>;
  integrations: WantedIntegration[];
  configs: WantedConfig[];
}
export interface WantedIntegration {
  name: string;
  kind: IntegrationKind;
  provider: string;
  settings: Record<string, unknown>;
  /** in the clear, only in memory; null = none */
  credentials: Record<string, unknown> | null;
}
/** `scm` is the name of an integration, in the file or stored. */
export type WantedConfig = Omit<ReleaseConfig, 'id' | 'tenantId' | 'scmIntegrationId'> & { scm: string };
