import type { WholeCheck } from '../finding.ts';

/** Alerts need somebody to reach, and roles somebody to give them (Spec 6.3). */
export const tenantWithoutAdmin: WholeCheck = {
  id: 'tenant-without-admin',
  expects: 'every tenant has an admin',
  byHand: 'name admins in the set-up file and run npm run apply',
  async *ofAll({ repositories, counts }) {
    for (const { id: tenantId, name, roles } of await repositories.tenants.list()) {
      counts.tenants += 1;
      if ((roles.ADMIN ?? []).length > 0) continue;
      const text = `Tenant ${tenantId} (${name}) has no admin; expected at least one person or group.`;
      yield { severity: 'warning', tenantId, releaseId: null, subject: 'admin', text, repair: null };
    }
  },
};
