import { type Actor, ROLES, type Role } from '../domain/tenant.ts';
import { ProviderError } from '../shared/errors.ts';
import type { Deps } from './deps.ts';

/** The person with the roles they have now: their own and those of their user groups (Spec 6.3). */
export async function resolveActor(deps: Deps, tenantId: string, userId: string): Promise<Actor> {
  const tenant = await deps.repositories.tenants.find(tenantId);
  const roles: Role[] = [];
  for (const role of ROLES) {
    const members = tenant?.roles[role] ?? [];
    if (members.includes(userId) || (await inGroups(deps, tenantId, userId, members))) roles.push(role);
  }
  return { kind: 'USER', id: userId, roles };
}

async function inGroups(deps: Deps, tenantId: string, userId: string, members: readonly string[]): Promise<boolean> {
  for (const group of members.filter((member) => member.startsWith('S'))) {
    try {
      const messenger = await deps.messengerFor(tenantId);
      if ((await messenger.groupMembers(group)).includes(userId)) return true;
    } catch (error) {
      // A group that cannot be read gives nobody a role.
      if (!(error instanceof ProviderError)) throw error;
      deps.logger.warn({ err: error, tenantId, group }, 'user group could not be read');
    }
  }
  return false;
}
