export const INTEGRATION_KINDS = ['SCM', 'PIPELINE', 'TARGET', 'TICKETS', 'TEST_MANAGEMENT', 'COMMUNICATION'] as const;
export type IntegrationKind = (typeof INTEGRATION_KINDS)[number];

export interface Verification {
  status: 'PENDING' | 'VALID' | 'INVALID';
  checkedAt: Date | null;
  detail: string | null;
}

/** One connected account (Spec 4.2). `sealedCredentials` is what `shared/crypto` sealed; nothing here can open it. */
export interface Integration {
  id: string;
  tenantId: string;
  kind: IntegrationKind;
  provider: string;
  /** unique in the tenant */
  name: string;
  settings: Record<string, unknown>;
  sealedCredentials: string | null;
  verification: Verification;
  scmIntegrationId: string | null;
  targetIntegrationId: string | null;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

export interface IntegrationRepository {
  get(tenantId: string, integrationId: string): Promise<Integration>;
  find(tenantId: string, integrationId: string): Promise<Integration | null>;
  findByName(tenantId: string, name: string): Promise<Integration | null>;
  list(tenantId: string): Promise<Integration[]>;
  upsert(integration: Integration): Promise<Integration>;
  /** False when `unchangedSince` is not when it was updated last: it is another account by now, or gone. `Refusal` NOT_FOUND without. */
  setVerification(
    tenantId: string,
    integrationId: string,
    verification: Verification,
    unchangedSince?: Date,
  ): Promise<boolean>;
  remove(tenantId: string, integrationId: string): Promise<void>;
}
