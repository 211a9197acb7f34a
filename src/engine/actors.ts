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

/** The people who have the role now, those of its user groups among them, each once. */
export async function membersOf(deps: Deps, tenantId: string, role: Role): Promise<string[]> {
  const tenant = await deps.repositories.tenants.find(tenantId);
  const members = tenant?.roles[role] ?? [];
  const found = new Set(members.filter((member) => !isGroup(member)));
  for (const group of members.filter(isGroup)) {
    for (const member of await groupMembers(deps, tenantId, group)) found.add(member);
  }
  return [...found];
}

async function inGroups(deps: Deps, tenantId: string, userId: string, members: readonly string[]): Promise<boolean> {
  for (const group of members.filter(isGroup)) {
    if ((await groupMembers(deps, tenantId, group)).includes(userId)) return true;
  }
  return false;
}

function isGroup(member: string): boolean {
  return member.startsWith('S');
}

/** A group that cannot be read gives nobody a role. */
async function groupMembers(deps: Deps, tenantId: string, group: string): Promise<string[]> {
  try {
    const messenger = await deps.messengerFor(tenantId);
    return await messenger.groupMembers(group);
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    deps.logger.warn({ err: error, tenantId, group }, 'user group could not be read');
    return [];
  }
}
