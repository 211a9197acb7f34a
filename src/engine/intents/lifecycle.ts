import { auditEntry } from '../../domain/change.ts';
import { archiveRelease, pauseRelease, resumeRelease } from '../../domain/changes/people.ts';
import { beginRegression, kickOff } from '../../domain/changes/stages.ts';
import { freezeWindowAt } from '../../domain/decide.ts';
import type { Release } from '../../domain/release.ts';

import { actionsOf, derivePhase } from '../../domain/status.ts';
import { Refusal } from '../../shared/errors.ts';
import { releaseToArchive } from '../damaged.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext, Intents } from '../index.ts';
import {
  byOf,
  cleanReason,
  recordFact,
  recordWithoutConfig,
  requireAct,
  requireAction,
  requireRoles,
  withPlan,
} from './intent.ts';

/** Start, pause, resume, archive, and the start of regression (Spec 1.3, 1.4, 1.7). */

export async function startRelease(
  deps: Deps,
  input: Parameters<Intents['startRelease']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'START');
  const overrideReason = cleanReason(input.freezeOverrideReason);
  return recordFact(deps, input.releaseId, context, async (release, config, now) => {
    requireAction(release, 'START', now);
    const by = byOf(context);
    const frozen = release.freezeOverride ? null : freezeWindowAt(config, now);
    if (!frozen) return withPlan(kickOff(release, by, now), 'START', release);
    if (!overrideReason) {
      throw new Refusal(
        'CONFLICT',
        `Kick-offs are frozen until ${frozen.endsAt.toISOString()}: ${frozen.reason}. An admin may override this with a reason.`,
        { freezeOverrideReason: 'An admin may say why the freeze does not count here.' },
      );
    }
    await requireAct(deps, context, 'OVERRIDE_FREEZE');
    const overridden = { ...release, freezeOverride: { by: by.actor, reason: overrideReason, at: now } };
    const change = withPlan(kickOff(overridden, by, now), 'START', release);
    change.audit.unshift(auditEntry(by, now, { action: 'FREEZE_OVERRIDDEN', reason: overrideReason }));
    return change;
  });
}

export async function pause(
  deps: Deps,
  input: Parameters<Intents['pauseRelease']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'PAUSE');
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    requireAction(release, 'PAUSE', now);
    return withPlan(pauseRelease(release, cleanReason(input.reason), byOf(context), now), 'PAUSE', release);
  });
}

export async function resume(
  deps: Deps,
  input: Parameters<Intents['resumeRelease']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'RESUME');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireAction(release, 'RESUME', now);
    return withPlan(resumeRelease(release, config, byOf(context), now), 'RESUME', release);
  });
}

/** Where page 2 offers it a pilot may; an ADMIN may in every phase but SUBMITTED and COMPLETED. */
export async function archive(
  deps: Deps,
  input: Parameters<Intents['archiveRelease']>[0],
  context: IntentContext,
): Promise<Release> {
  const end = async (release: Release, now: Date) => {
    const phase = derivePhase(release);
    const isOver = phase === 'SUBMITTED' || phase === 'COMPLETED' || phase === 'ARCHIVED';
    if (isOver) requireAction(release, 'ARCHIVE', now);
    if (actionsOf(phase).includes('ARCHIVE')) await requireAct(deps, context, 'ARCHIVE');
    else await requireRoles(deps, context, ['ADMIN'], 'archive a release in this phase');
    return withPlan(archiveRelease(release, cleanReason(input.reason), byOf(context), now), 'ARCHIVE', release);
  };
  return recordWithoutConfig(deps, input.releaseId, context, end, releaseToArchive);
}

export async function triggerRegression(
  deps: Deps,
  input: Parameters<Intents['triggerRegression']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'TRIGGER_STAGE_2');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireAction(release, 'TRIGGER_STAGE_2', now);
    return withPlan(beginRegression(release, config, byOf(context), now), 'TRIGGER_STAGE_2', release);
  });
}
