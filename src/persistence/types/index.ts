import type { AuditRepository } from './audit.ts';
import type { BuildRepository } from './builds.ts';
import type { DeliveryRepository } from './deliveries.ts';
import type { HomeRepository } from './homes.ts';
import type { InspectionRepository } from './inspections.ts';
import type { IntegrationRepository } from './integrations.ts';
import type { OutboxRepository } from './outbox.ts';
import type { ReleaseConfigRepository } from './release-configs.ts';
import type { ReleaseRepository } from './releases.ts';
import type { TenantRepository } from './tenants.ts';
import type { TokenRepository } from './tokens.ts';
import type { UploadRepository } from './uploads.ts';

export type * from './audit.ts';
export type * from './builds.ts';
export type * from './deliveries.ts';
export type * from './homes.ts';
export type * from './inspections.ts';
export * from './integrations.ts';
export type * from './outbox.ts';
export type * from './release-configs.ts';
export type * from './releases.ts';
export type * from './tenants.ts';
export * from './tokens.ts';
export type * from './uploads.ts';

/**
 * What the rest of the code may ask of the database, one file a collection. What a face can ask for takes the tenant id
 * first; an id of another tenant answers exactly like an unknown one (Spec 4.1). Everything returned is a plain domain
 * object.
 */
export interface Repositories {
  releases: ReleaseRepository;
  builds: BuildRepository;
  uploads: UploadRepository;
  audit: AuditRepository;
  outbox: OutboxRepository;
  tenants: TenantRepository;
  configs: ReleaseConfigRepository;
  integrations: IntegrationRepository;
  tokens: TokenRepository;
  deliveries: DeliveryRepository;
  homes: HomeRepository;
  inspections: InspectionRepository;
}
