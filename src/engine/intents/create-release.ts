import { createRelease as newRelease } from '../../domain/changes/create.ts';
import { freezeWindowAt } from '../../domain/decide.ts';
import { PLATFORM_NAMES } from '../../domain/names.ts';
import type { Release } from '../../domain/release.ts';
import type { ReleaseConfig } from '../../domain/release-config.ts';
import { MAX_SLOTS } from '../../domain/slot.ts';
import { Refusal } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { compareVersions, isVersion } from '../../shared/versions.ts';
import { slotInstant } from '../../shared/zoned-time.ts';
import type { Deps } from '../deps.ts';
import type { CreateReleaseInput, IntentContext } from '../index.ts';
import { byOf, cleanReason, requireAct } from './intent.ts';

/** How far back a kick-off may lie: whoever says "now" in a form is a little late when it is sent. */
const LATE_KICK_OFF_MS = 3_600_000;

/**
 * A new release (Spec 1.1, 4.4). Every violation is reported at once: `Refusal` INVALID_INPUT with `fields` keyed by the
 * input's names (`version.ANDROID` for a version). CONFLICT names the live release that has a version already.
 */
export async function createRelease(deps: Deps, input: CreateReleaseInput, context: IntentContext): Promise<Release> {
  await requireAct(deps, context, 'CREATE');
  const config = await findConfig(deps, context.tenantId, input.config);
  const now = deps.clock.now();
  const slotDates = input.regressionSlots ?? templateSlots(config, input.kickOffDate);
  const fields: Record<string, string> = {
    ...(await versionFaults(deps, input, config)),
    ...dateFaults(input, slotDates, now),
    ...(await integrationFaults(deps, input, config)),
  };
  const freezeOverrideReason = cleanReason(input.freezeOverrideReason);
  const frozen = freezeWindowAt(config, input.kickOffDate);
  if (frozen && freezeOverrideReason) await requireAct(deps, context, 'OVERRIDE_FREEZE');
  if (frozen && !freezeOverrideReason) {
    fields['kickOffDate'] =
      `Kick-offs are frozen until ${frozen.endsAt.toISOString()}: ${frozen.reason}. An admin may override this with a reason.`;
  }
  refuseAll(fields);
  const change = newRelease(
    {
      id: newId('rel'),
      type: input.type,
      targets: input.targets,
      baseBranch: input.baseBranch?.trim() || config.baseBranch,
      kickOffDate: input.kickOffDate,
      targetReleaseDate: input.targetReleaseDate,
      slotDates,
      hasManualBuildUpload: input.hasManualBuildUpload ?? config.hasManualBuildUpload,
      releasePilot: input.releasePilot ?? context.actor.id,
      freezeOverrideReason: frozen ? freezeOverrideReason : null,
    },
    config,
    byOf(context),
    now,
  );
  return deps.repositories.releases.create(change);
}

async function findConfig(deps: Deps, tenantId: string, reference: string): Promise<ReleaseConfig> {
  const { configs } = deps.repositories;
  const config = (await configs.find(tenantId, reference)) ?? (await configs.findByName(tenantId, reference));
  if (config?.isActive) return config;
  const names = (await configs.list(tenantId)).filter((known) => known.isActive).map((known) => known.name);
  const known =
    names.length > 0 ? `There is: ${names.join(', ')}` : 'There is none yet; an admin makes one with `npm run apply`';
  throw new Refusal('INVALID_INPUT', `There is no configuration ${reference || '(none given)'}. ${known}.`, {
    config: `No such configuration. ${known}.`,
  });
}

/** Slot dates from the configuration's template: local wall time, made UTC instants. */
export function templateSlots(config: ReleaseConfig, kickOffDate: Date): Date[] {
  if (Number.isNaN(kickOffDate.getTime())) return [];
  return config.slotTemplate
    .map(({ offset, time }) => slotInstant({ kickOffDate, offset, time, timeZone: config.timeZone }))
    .sort((a, b) => a.getTime() - b.getTime());
}

async function versionFaults(
  deps: Deps,
  input: CreateReleaseInput,
  config: ReleaseConfig,
): Promise<Record<string, string>> {
  const faults: Record<string, string> = {};
  const last = await deps.repositories.releases.lastVersions(config.tenantId, config.id, 'RELEASED');
  if (input.targets.length === 0) faults['targets'] = 'A release needs at least one platform with its version.';
  const seen = new Set<string>();
  for (const { platform, version } of input.targets) {
    const field = `version.${platform}`;
    const lastVersion = last[platform];
    if (seen.has(platform)) faults[field] = `${PLATFORM_NAMES[platform]} is named twice.`;
    else if (!config.platforms.includes(platform)) {
      faults[field] = `${config.name} has no ${PLATFORM_NAMES[platform]} (it has ${config.platforms.join(', ')}).`;
    } else if (!isVersion(version)) {
      faults[field] = `"${version}" is not a version. Three numbers are expected, for example 7.0.0.`;
    } else if (lastVersion && compareVersions(version, lastVersion) < 0) {
      faults[field] = `${PLATFORM_NAMES[platform]} ${version} is lower than ${lastVersion}, the last one.`;
    } else if (lastVersion === version && !(await isLive(deps, config, version))) {
      faults[field] = `${PLATFORM_NAMES[platform]} ${version} was released already.`;
    }
    seen.add(platform);
  }
  return faults;
}

/** A live release of this version is refused by name when the release is stored, where no race can pass. */
async function isLive(deps: Deps, config: ReleaseConfig, version: string): Promise<boolean> {
  const releases = await deps.repositories.releases.findByVersion(config.tenantId, version);
  return releases.some(
    (release) =>
      release.releaseConfigId === config.id && release.status !== 'COMPLETED' && release.status !== 'ARCHIVED',
  );
}

function dateFaults(input: CreateReleaseInput, slotDates: Date[], now: Date): Record<string, string> {
  const faults: Record<string, string> = {};
  const { kickOffDate, targetReleaseDate } = input;
  if (Number.isNaN(kickOffDate.getTime())) faults['kickOffDate'] = 'The kick-off needs a date and a time.';
  else if (now.getTime() - kickOffDate.getTime() > LATE_KICK_OFF_MS)
    faults['kickOffDate'] = 'The kick-off is in the past.';
  if (targetReleaseDate && !(targetReleaseDate > kickOffDate)) {
    faults['targetReleaseDate'] = 'The target date must be after the kick-off.';
  }
  const slots = slotFault(slotDates, kickOffDate, now);
  if (slots) faults['regressionSlots'] = slots;
  return faults;
}

function slotFault(slots: readonly Date[], kickOffDate: Date, now: Date): string | null {
  if (slots.length > MAX_SLOTS) return `A release has at most ${MAX_SLOTS} slots, these are ${slots.length}.`;
  if (slots.some((slot) => Number.isNaN(slot.getTime()))) return 'A slot is not a date.';
  if (slots.some((slot) => slot <= kickOffDate)) return 'Every slot must be after the kick-off.';
  if (slots.some((slot) => slot <= now)) return 'A slot is in the past.';
  const ascending = slots.every((slot, index) => index === 0 || slot > (slots[index - 1] ?? slot));
  return ascending ? null : 'The slots must be in ascending order, each at a time of its own.';
}

async function integrationFaults(
  deps: Deps,
  input: CreateReleaseInput,
  config: ReleaseConfig,
): Promise<Record<string, string>> {
  const faults: Record<string, string> = {};
  const scm = await deps.repositories.integrations.find(config.tenantId, config.scmIntegrationId);
  if (!scm) faults['scm'] = `${config.name} names an SCM integration that does not exist.`;
  else if (scm.verification.status !== 'VALID') {
    const why = scm.verification.detail ? `: ${scm.verification.detail}` : '';
    faults['scm'] = `The SCM integration ${scm.name} is ${scm.verification.status}, not VALID${why}.`;
  }
  for (const { platform, store } of input.targets) {
    if (!store) continue;
    const target = await deps.repositories.integrations.findByName(config.tenantId, store);
    if (target?.kind !== 'TARGET') faults[`store.${platform}`] = `There is no store integration ${store}.`;
  }
  return faults;
}

function refuseAll(fields: Record<string, string>): void {
  const faults = Object.values(fields);
  if (faults.length > 0) throw new Refusal('INVALID_INPUT', faults.join(' '), fields);
}
