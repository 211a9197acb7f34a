import { createScm } from './integrations/scm/index.ts';
import type { Scm } from './integrations/scm/port.ts';
import type { Repositories } from './persistence/types/index.ts';
import type { Clock } from './shared/clock.ts';
import type { Sealer } from './shared/crypto.ts';
import { NotConfiguredError } from './shared/errors.ts';
import { measuredFetch } from './shared/measured-fetch.ts';
import type { Metrics } from './shared/metrics.ts';

/**
 * Clients of the connected accounts, made from what is stored. One is kept as long as its integration does not change,
 * so that its rate limits are counted in one place; credentials are opened only to make it (Spec 4.2).
 */
export function createProviders(
  repositories: Repositories,
  sealer: Sealer,
  metrics: Metrics,
  clock: Pick<Clock, 'now'>,
) {
  const clients = new Map<string, { updatedAt: number; scm: Scm }>();
  return {
    /** Throws `NotConfiguredError` when the integration is gone. */
    async scmFor(tenantId: string, integrationId: string): Promise<Scm> {
      const integration = await repositories.integrations.find(tenantId, integrationId);
      if (integration?.kind !== 'SCM' || !integration.sealedCredentials) {
        throw new NotConfiguredError('SCM integration not configured for this release');
      }
      const known = clients.get(integrationId);
      const updatedAt = integration.updatedAt.getTime();
      if (known?.updatedAt === updatedAt) return known.scm;
      const scope = { tenantId, integrationId };
      const credentials: unknown = JSON.parse(sealer.open(integration.sealedCredentials, scope));
      const { provider, settings } = integration;
      // Its addresses are too many to be counted singly: reads and writes.
      const fetch = measuredFetch(metrics, provider, (_url, method) => method);
      const scm = createScm({ provider, settings, credentials }, { fetch, clock });
      clients.set(integrationId, { updatedAt, scm });
      return scm;
    },
  };
}
