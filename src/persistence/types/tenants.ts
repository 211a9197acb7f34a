import type { Role, Tenant } from '../../domain/tenant.ts';

export interface TenantRepository {
  ensure(tenant: { id: string; name: string }, now: Date): Promise<Tenant>;
  find(tenantId: string): Promise<Tenant | null>;
  list(): Promise<Tenant[]>;
  setName(tenantId: string, name: string): Promise<void>;
  /** The named roles get these members; roles that are not named keep theirs. */
  setRoles(tenantId: string, roles: Partial<Record<Role, string[]>>): Promise<void>;
}
