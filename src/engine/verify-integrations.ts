import type { Integration, Verification } from '../persistence/types/index.ts';
import { TransientError } from '../shared/errors.ts';
import { inLogScope } from '../shared/log-scope.ts';
import { alertAdmins } from './alerts.ts';
import type { Deps } from './deps.ts';

/**
 * Asks the provider of each connected account whether credential and permissions are right (Spec 4.2), once a day (Spec 7.3). One that was
 * VALID and is not any more is told to the admins. Returns how many are VALID and INVALID by now; those that gave no answer stay what
 * they were.
 */
export async function verifyIntegrations(deps: Deps): Promise<{ valid: number; invalid: number }> {
  const found = { valid: 0, invalid: 0 };
  for (const { id: tenantId } of await deps.repositories.tenants.list()) {
    for (const integration of await deps.repositories.integrations.list(tenantId)) {
      if (integration.kind !== 'SCM' || !integration.sealedCredentials) continue;
      const result = await inLogScope({ tenantId }, () => verifyOne(deps, integration));
      if (result?.status === 'VALID') found.valid += 1;
      if (result?.status === 'INVALID') found.invalid += 1;
    }
  }
  return found;
}

async function verifyOne(deps: Deps, integration: Integration): Promise<Verification | null> {
  const { tenantId, id, name, updatedAt } = integration;
  const verification = await ask(deps, integration);
  if (!verification) return null;
  // Before it is stored, so that a crash in between tells it again, by the same key.
  if (verification.status === 'INVALID' && integration.verification.status === 'VALID') {
    const { integrations } = deps.repositories;
    const current = await integrations.find(tenantId, id);
    if (current?.updatedAt.getTime() !== updatedAt.getTime()) return null;
    deps.logger.warn({ integration: name, detail: verification.detail }, 'an integration is INVALID');
    await tell(deps, integration, verification.detail);
  }
  const isStored = await deps.repositories.integrations.setVerification(tenantId, id, verification, updatedAt);
  return isStored ? verification : null;
}

/** Null when the provider gave no answer: that says nothing of the credential. */
async function ask(deps: Deps, { tenantId, id, name }: Integration): Promise<Verification | null> {
  const checkedAt = deps.clock.now();
  try {
    const scm = await deps.scmFor(tenantId, id);
    const { detail } = await scm.verify();
    return { status: 'VALID', checkedAt, detail };
  } catch (error) {
    if (deps.isDatabaseError(error)) throw error;
    if (error instanceof TransientError) {
      deps.logger.warn({ err: error, integration: name }, 'an integration could not be verified');
      return null;
    }
    return { status: 'INVALID', checkedAt, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Once for each time that it was VALID before. */
async function tell(deps: Deps, { tenantId, id, name, verification }: Integration, detail: string | null) {
  await alertAdmins(deps, {
    tenantId,
    key: `integration:${id}:${verification.checkedAt?.getTime() ?? 0}`,
    text: `The integration ${name} does not work any more. Releases that need it will stop at their next task, and none can be made with it.`,
    lines: [
      `Reason: ${detail ?? 'unknown'}`,
      'Repair the credential or its permissions, then run npm run apply again.',
    ],
    releaseId: null,
  });
}
