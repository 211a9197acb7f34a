import type { ReleaseConfig } from '../domain/release-config.ts';
import type { Integration, Repositories, Verification } from '../persistence/types/index.ts';
import type { Sealer } from '../shared/crypto.ts';
import { SealError } from '../shared/crypto.ts';
import { newId } from '../shared/ids.ts';
import { checkSetupFile } from './check.ts';
import type { Change, CurrentIntegration, CurrentSetup } from './plan.ts';
import { planSetup } from './plan.ts';
import type { SecretSources } from './secrets.ts';
import type { WantedConfig, WantedIntegration, WantedSetup } from './wanted.ts';
import type { Mistake } from './yaml-lines.ts';

export interface SetupDeps extends SecretSources {
  repositories: Pick<Repositories, 'tenants' | 'integrations' | 'configs' | 'releases'>;
  sealer: Sealer;
  /** The provider's cheapest proof that credential and permissions are right; throws its words otherwise (Spec 4.2). */
  verify(
    integration: Pick<Integration, 'kind' | 'provider' | 'settings'>,
    credentials: Record<string, unknown>,
  ): Promise<{ detail: string }>;
  now(): Date;
}
export interface SetupOptions {
  dryRun: boolean;
  /** delete what the file does not name */
  prune: boolean;
  /** leave new and changed integrations PENDING */
  noVerify: boolean;
}
export interface SetupResult {
  /** by line; when there is any, nothing was changed */
  mistakes: Mistake[];
  /** what was done, or with `dryRun` would be */
  changes: Change[];
  /** of the integrations that were verified now */
  verifications: { name: string; status: 'VALID' | 'INVALID'; detail: string }[];
}

const CREATED_BY = 'apply';

/**
 * Makes the tenant what the file says (Spec 4.7). Names are the identity; applied twice it changes nothing. Every mistake
 * is found before anything is written. It may stop half-way (a database that goes away): applying again completes it.
 */
export async function applySetup(text: string, deps: SetupDeps, options: SetupOptions): Promise<SetupResult> {
  const { wanted, mistakes } = await checkSetupFile(text, deps, async (tenantId) => ({
    integrations: await deps.repositories.integrations.list(tenantId),
  }));
  if (!wanted) return { mistakes, changes: [], verifications: [] };
  const current = await loadCurrent(deps, wanted.tenant.id);
  const changes = planSetup(current, wanted, options);
  const refusals = await deletionMistakes(deps, wanted, changes);
  if (refusals.length > 0) return { mistakes: refusals, changes: [], verifications: [] };
  if (options.dryRun) return { mistakes: [], changes, verifications: [] };
  await write(deps, wanted, changes);
  const verifications = options.noVerify ? [] : await verifyAll(deps, wanted);
  return { mistakes: [], changes, verifications };
}

async function loadCurrent(deps: SetupDeps, tenantId: string): Promise<CurrentSetup> {
  const { tenants, integrations, configs } = deps.repositories;
  const [tenant, stored, storedConfigs] = await Promise.all([
    tenants.find(tenantId),
    integrations.list(tenantId),
    configs.list(tenantId),
  ]);
  return {
    tenant,
    integrations: stored.map((one) => ({ ...one, credentials: open(deps, one) })),
    configs: storedConfigs,
  };
}

function open(deps: SetupDeps, { id, tenantId, sealedCredentials }: Integration): CurrentIntegration['credentials'] {
  if (sealedCredentials === null) return null;
  try {
    return JSON.parse(deps.sealer.open(sealedCredentials, { tenantId, integrationId: id })) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SealError || error instanceof SyntaxError) return 'unreadable';
    throw error;
  }
}

/** What is in use is not deleted (Spec 4.2): a configuration with live releases, an integration that one names. */
async function deletionMistakes(deps: SetupDeps, wanted: WantedSetup, changes: readonly Change[]): Promise<Mistake[]> {
  const deleted = changes.filter((change) => change.how === 'delete');
  const admins = changes.find((change) => change.what === 'role' && change.name === 'ADMIN');
  const mistakes: Mistake[] = [];
  if (admins?.what === 'role' && admins.members.length === 0) {
    mistakes.push({ line: 1, message: 'roles: nobody would be ADMIN any more' });
  }
  const live = deleted.some(({ what }) => what === 'configuration') ? await liveReleases(deps, wanted.tenant.id) : [];
  for (const change of deleted) {
    const users =
      change.what === 'configuration'
        ? live.filter(({ configId }) => configId === change.id).map(({ versions }) => `the live release ${versions}`)
        : wanted.configs.filter(({ scm }) => scm === change.name).map(({ name }) => `the configuration ${name}`);
    if (users.length > 0) {
      mistakes.push({
        line: 1,
        message: `${change.what} "${change.name}" cannot be deleted: ${users.join(', ')} uses it`,
      });
    }
  }
  return mistakes;
}

async function liveReleases(deps: SetupDeps, tenantId: string): Promise<{ configId: string; versions: string }[]> {
  const found: { configId: string; versions: string }[] = [];
  let after: string | undefined;
  do {
    const page = await deps.repositories.releases.listLive(tenantId, { limit: 100, after });
    for (const { releaseConfigId, targets } of page.releases) {
      const versions = targets.map(({ platform, version }) => `${platform} ${version}`).join(', ');
      found.push({ configId: releaseConfigId, versions });
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return found;
}

async function write(deps: SetupDeps, wanted: WantedSetup, changes: readonly Change[]): Promise<void> {
  const { tenants, integrations, configs } = deps.repositories;
  const tenantId = wanted.tenant.id;
  for (const change of changes) {
    if (change.what === 'tenant') {
      await tenants.ensure(wanted.tenant, deps.now());
      await tenants.setName(tenantId, wanted.tenant.name);
    } else if (change.what === 'role') await tenants.setRoles(tenantId, { [change.name]: change.members });
    else if (change.what === 'integration' && change.how === 'delete') await integrations.remove(tenantId, change.id);
    else if (change.what === 'integration') await writeIntegration(deps, tenantId, change.wanted);
    else if (change.how === 'delete') await configs.remove(tenantId, change.id);
    else await writeConfig(deps, tenantId, change.wanted);
  }
}

async function writeIntegration(deps: SetupDeps, tenantId: string, wanted: WantedIntegration): Promise<void> {
  const { integrations } = deps.repositories;
  const before = await integrations.findByName(tenantId, wanted.name);
  const id = before?.id ?? newId('int');
  const now = deps.now();
  const { credentials } = wanted;
  await integrations.upsert({
    id,
    tenantId,
    kind: wanted.kind,
    provider: wanted.provider,
    name: wanted.name,
    settings: wanted.settings,
    sealedCredentials: credentials && deps.sealer.seal(JSON.stringify(credentials), { tenantId, integrationId: id }),
    verification: { status: 'PENDING', checkedAt: null, detail: null },
    scmIntegrationId: null,
    targetIntegrationId: null,
    createdBy: before?.createdBy ?? CREATED_BY,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
  });
}

async function writeConfig(deps: SetupDeps, tenantId: string, wanted: WantedConfig): Promise<void> {
  const { integrations, configs } = deps.repositories;
  const { scm: scmName, ...same } = wanted;
  const [scm, before] = await Promise.all([
    integrations.findByName(tenantId, scmName),
    configs.findByName(tenantId, wanted.name),
  ]);
  if (!scm) throw new Error(`The integration "${scmName}" was deleted meanwhile: apply the file again.`);
  const config: ReleaseConfig = { ...same, id: before?.id ?? newId('cfg'), tenantId, scmIntegrationId: scm.id };
  await configs.upsert(config);
}

/** Those that were written now, and those of the file that were not VALID before. */
async function verifyAll(deps: SetupDeps, wanted: WantedSetup): Promise<SetupResult['verifications']> {
  const { integrations } = deps.repositories;
  const results: SetupResult['verifications'] = [];
  for (const { name, kind, provider, settings, credentials } of wanted.integrations) {
    const stored = await integrations.findByName(wanted.tenant.id, name);
    if (!stored || stored.verification.status === 'VALID') continue;
    const result = await verifyOne(() => deps.verify({ kind, provider, settings }, credentials ?? {}));
    const verification: Verification = { ...result, checkedAt: deps.now() };
    await integrations.setVerification(wanted.tenant.id, stored.id, verification);
    results.push({ name, ...result });
  }
  return results;
}

async function verifyOne(verify: () => Promise<{ detail: string }>) {
  try {
    const { detail } = await verify();
    return { status: 'VALID' as const, detail };
  } catch (error) {
    return { status: 'INVALID' as const, detail: error instanceof Error ? error.message : String(error) };
  }
}
