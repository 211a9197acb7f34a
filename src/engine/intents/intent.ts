import type { By, Change } from '../../domain/change.ts';
import { planOf } from '../../domain/plan.ts';
import type { Release } from '../../domain/release.ts';
import type { ReleaseConfig } from '../../domain/release-config.ts';
import { type Act, holdsRole, mayUse, rolesFor } from '../../domain/roles.ts';
import { type Action, actionsOf, deriveStatus } from '../../domain/status.ts';
import type { Role } from '../../domain/tenant.ts';
import { InvariantError, Refusal } from '../../shared/errors.ts';
import { soundRelease } from '../damaged.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext } from '../index.ts';

/** The shape of every user fact: load, check, one conditional write; the caller advances the release (Spec 7.1). */

const MAX_TRIES = 50;

/**
 * Writes what `change` makes of the release as it is now, again when another writer was first. `change` throws
 * `Refusal` when a rule says no.
 */
export async function recordFact(
  deps: Deps,
  releaseId: string,
  context: IntentContext,
  change: (release: Release, config: ReleaseConfig, now: Date) => Promise<Change> | Change,
): Promise<Release> {
  return recordWithoutConfig(deps, releaseId, context, async (release, now) =>
    change(release, await deps.repositories.configs.get(context.tenantId, release.releaseConfigId), now),
  );
}

/** The same for a fact that needs no configuration, so that it can be recorded when that one is gone. */
export async function recordWithoutConfig(
  deps: Deps,
  releaseId: string,
  context: IntentContext,
  change: (release: Release, now: Date) => Promise<Change> | Change,
  load: typeof soundRelease = soundRelease,
): Promise<Release> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const release = await load(deps, context.tenantId, releaseId);
    const now = deps.clock.now();
    const saved = await deps.repositories.releases.save(await change(release, now), now);
    if (saved) return saved;
  }
  throw new InvariantError(`release ${releaseId} is written faster than ${MAX_TRIES} tries could follow`);
}

export function byOf(context: IntentContext): By {
  return { actor: context.actor.id, origin: context.origin };
}

/** `Refusal` unless the phase offers the action (Spec 2.3); the sentence is the phase's text. */
export function requireAction(release: Release, action: Action, now: Date): void {
  const status = deriveStatus(release, now);
  if (actionsOf(status.currentPhase).includes(action)) return;
  const name = action.toLowerCase().replaceAll('_', ' ');
  const offered = status.actions.length > 0 ? `Possible now: ${status.actions.join(', ')}` : 'Nothing can be done now';
  throw new Refusal('ACTION_NOT_AVAILABLE', `${sentence(name)} is not possible: ${status.displayText}. ${offered}.`);
}

/**
 * The change with what it will write outside, as the confirmation showed it, kept in the trail (Spec 6.4). The first entry
 * of a person's change is what they did.
 */
export function withPlan(change: Change, action: Action, before: Release): Change {
  const [done, ...rest] = change.audit;
  if (!done) return change;
  const plan = planOf(action, before)
    .map(({ text, at }) => (at ? `${text} (${at.toISOString()})` : text))
    .join('; ');
  return { ...change, audit: [{ ...done, detail: { ...done.detail, plan } }, ...rest] };
}

/** `Refusal` FORBIDDEN that says which role is missing and who has it (Spec 6.3). */
export async function requireAct(deps: Deps, context: IntentContext, act: Act): Promise<void> {
  if (mayUse(act, context.actor)) return;
  await refuseRole(deps, context, rolesFor(act), act.toLowerCase().replaceAll('_', ' '));
}

export async function requireRoles(
  deps: Deps,
  context: IntentContext,
  roles: readonly Role[],
  what: string,
): Promise<void> {
  if (!holdsRole(context.actor, roles)) await refuseRole(deps, context, roles, what);
}

export async function refuseRole(
  deps: Deps,
  context: IntentContext,
  roles: readonly Role[],
  what: string,
): Promise<never> {
  const tenant = await deps.repositories.tenants.find(context.tenantId);
  const holders = [...new Set(roles.flatMap((role) => tenant?.roles[role] ?? []))];
  const who =
    holders.length > 0 ? `Ask ${holders.map(personName).join(', ')}` : 'Nobody has it yet; an admin can give it';
  throw new Refusal('FORBIDDEN', `To ${what} you need the role ${roles.join(' or ')}. ${who}.`);
}

/** A person or group in a refusal: `@U01ALICE`, which Slack's surfaces show as a name. Tokens stay as they are. */
export function personName(id: string): string {
  return /^[USW][A-Z0-9]+$/.test(id) ? `@${id}` : id;
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A reason as it is kept: trimmed, never empty, at most 1,000 characters. */
export function cleanReason(reason: string | null): string | null {
  const text = reason?.trim().slice(0, 1000) ?? '';
  return text === '' ? null : text;
}

export function requireReason(reason: string | null, what: string): string {
  const text = cleanReason(reason);
  if (text) return text;
  throw new Refusal('INVALID_INPUT', `A reason is needed to ${what}.`, { reason: 'Say why.' });
}
