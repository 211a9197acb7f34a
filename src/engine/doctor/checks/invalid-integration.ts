import type { ReleaseConfig } from '../../../domain/release-config.ts';
import type { WholeCheck } from '../finding.ts';

/** A live release needs the accounts that its configuration names (Spec 4.2). */
export const invalidIntegration: WholeCheck = {
  id: 'invalid-integration',
  expects: 'the integrations that live releases need are there and not INVALID',
  byHand: 'repair the credential and run npm run apply again',
  async *ofAll({ inspections, repositories }) {
    for (const { id: tenantId } of await repositories.tenants.list()) {
      const integrations = await repositories.integrations.list(tenantId);
      const needed = byIntegration(await repositories.configs.list(tenantId));
      for (const [id, configs] of needed) {
        const integration = integrations.find((candidate) => candidate.id === id);
        if (integration && integration.verification.status !== 'INVALID') continue;
        const ids = configs.map((config) => config.id);
        if (!(await inspections.hasLiveRelease(tenantId, ids))) continue;
        const names = configs.map(({ name }) => name).join(', ');
        const what = integration
          ? `Integration ${integration.name} is INVALID (${integration.verification.detail ?? 'no reason is known'})`
          : `Integration ${id} does not exist`;
        const text = `${what}, and live releases of ${names} need it.`;
        yield { severity: 'error', tenantId, releaseId: null, subject: id, text, repair: null };
      }
    }
  },
};

function byIntegration(configs: readonly ReleaseConfig[]): Map<string, ReleaseConfig[]> {
  const groups = new Map<string, ReleaseConfig[]>();
  for (const config of configs) {
    groups.set(config.scmIntegrationId, [...(groups.get(config.scmIntegrationId) ?? []), config]);
  }
  return groups;
}
