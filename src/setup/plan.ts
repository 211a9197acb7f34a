import { isDeepStrictEqual } from 'node:util';
import type { ReleaseConfig } from '../domain/release-config.ts';
import type { Role, Tenant } from '../domain/tenant.ts';
import { ROLES } from '../domain/tenant.ts';
import type { Integration } from '../persistence/types/index.ts';
import type { WantedConfig, WantedIntegration, WantedSetup } from './wanted.ts';

/** What the tenant has now. */
export interface CurrentSetup {
  tenant: Tenant | null;
  integrations: CurrentIntegration[];
  configs: ReleaseConfig[];
}
export interface CurrentIntegration extends Integration {
  /** opened; null = there are none; `unreadable` = they do not open with the keys at hand */
  credentials: Record<string, unknown> | null | 'unreadable';
}

/** One thing that is to be done. `details` say what differs, one line each, no secret in them. */
export type Change =
  | { what: 'tenant'; how: 'create' | 'update'; name: string; details: string[] }
  | { what: 'role'; how: 'update'; name: Role; members: string[]; details: string[] }
  | { what: 'integration'; how: 'create' | 'update'; name: string; wanted: WantedIntegration; details: string[] }
  | { what: 'integration'; how: 'delete'; name: string; id: string; details: string[] }
  | { what: 'configuration'; how: 'create' | 'update'; name: string; wanted: WantedConfig; details: string[] }
  | { what: 'configuration'; how: 'delete'; name: string; id: string; details: string[] };

/**
 * What must be done to get from what is to what is wanted, in the order in which it may be done: what is named by another
 * comes before it, and is deleted after it. Nothing is deleted, and no role emptied, unless `prune`. Pure.
 */
export function planSetup(current: CurrentSetup, wanted: WantedSetup, { prune }: { prune: boolean }): Change[] {
  return [
    ...planTenant(current.tenant, wanted),
    ...planRoles(current.tenant, wanted, prune),
    ...wanted.integrations.flatMap((one) => planIntegration(current, one)),
    ...wanted.configs.flatMap((one) => planConfig(current, one)),
    ...(prune ? planDeletions(current, wanted) : []),
  ];
}

function planTenant(tenant: Tenant | null, { tenant: { id, name } }: WantedSetup): Change[] {
  if (!tenant) return [{ what: 'tenant', how: 'create', name: `${name} (${id})`, details: [] }];
  if (tenant.name === name) return [];
  return [{ what: 'tenant', how: 'update', name: id, details: [difference('name', tenant.name, name)] }];
}

function planRoles(tenant: Tenant | null, wanted: WantedSetup, prune: boolean): Change[] {
  return ROLES.flatMap((role): Change[] => {
    const before = tenant?.roles[role] ?? [];
    const members = wanted.roles[role] ?? (prune ? [] : before);
    if (isDeepStrictEqual(new Set(before), new Set(members))) return [];
    return [{ what: 'role', how: 'update', name: role, members, details: [difference('members', before, members)] }];
  });
}

function planIntegration(current: CurrentSetup, wanted: WantedIntegration): Change[] {
  const { name } = wanted;
  const before = current.integrations.find((one) => one.name === name);
  if (!before)
    return [{ what: 'integration', how: 'create', name, wanted, details: [`${wanted.kind} ${wanted.provider}`] }];
  const details = [
    ...differences({ kind: before.kind, provider: before.provider }, { kind: wanted.kind, provider: wanted.provider }),
    ...differences(before.settings, wanted.settings, 'settings.'),
  ];
  if (before.credentials === 'unreadable') details.push('credentials: the stored ones do not open with these keys');
  else if (!isDeepStrictEqual(before.credentials, wanted.credentials)) details.push('credentials: changed');
  return details.length > 0 ? [{ what: 'integration', how: 'update', name, wanted, details }] : [];
}

function planConfig(current: CurrentSetup, wanted: WantedConfig): Change[] {
  const { name } = wanted;
  const before = current.configs.find((one) => one.name === name);
  if (!before) return [{ what: 'configuration', how: 'create', name, wanted, details: [] }];
  const { id: _id, tenantId: _tenant, scmIntegrationId, ...same } = before;
  const scm = current.integrations.find((one) => one.id === scmIntegrationId)?.name ?? null;
  const details = differences({ ...same, scm }, { ...wanted });
  return details.length > 0 ? [{ what: 'configuration', how: 'update', name, wanted, details }] : [];
}

function planDeletions(current: CurrentSetup, wanted: WantedSetup): Change[] {
  const gone = <T extends { name: string }>(have: readonly T[], want: readonly { name: string }[]) =>
    have.filter(({ name }) => !want.some((one) => one.name === name));
  return [
    ...gone(current.configs, wanted.configs).map(
      ({ id, name }): Change => ({ what: 'configuration', how: 'delete', name, id, details: [] }),
    ),
    ...gone(current.integrations, wanted.integrations).map(
      ({ id, name }): Change => ({ what: 'integration', how: 'delete', name, id, details: [] }),
    ),
  ];
}

function differences(before: object, after: object, prefix = ''): string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return keys.flatMap((key) => {
    const [old, now]: unknown[] = [Reflect.get(before, key), Reflect.get(after, key)];
    return isDeepStrictEqual(plain(old), plain(now)) ? [] : [difference(`${prefix}${key}`, old, now)];
  });
}

function difference(field: string, before: unknown, after: unknown): string {
  return `${field}: ${shown(before)} -> ${shown(after)}`;
}

function shown(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** As it would be read back: what is undefined is not there. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
