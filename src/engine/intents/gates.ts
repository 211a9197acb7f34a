import type { Change } from '../../domain/change.ts';
import { approveGate, GATE_NAMES, rejectGate } from '../../domain/changes/gates.ts';
import type { Gate, GateId } from '../../domain/gate.ts';
import { awaitingGate, failedChecks, findGate } from '../../domain/gate-rules.ts';
import type { Release } from '../../domain/release.ts';
import type { GatePolicy, ReleaseConfig } from '../../domain/release-config.ts';
import { mayUse, rolesFor } from '../../domain/roles.ts';
import { deriveStatus } from '../../domain/status.ts';
import { Refusal } from '../../shared/errors.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext, Intents } from '../index.ts';
import { byOf, cleanReason, personName, recordFact, refuseRole, requireReason, withPlan } from './intent.ts';

/** Approving and rejecting the open gate (Spec 1.5, 6.2, 6.3). */

export function approve(
  deps: Deps,
  input: Parameters<Intents['approveGate']>[0],
  context: IntentContext,
): Promise<Release> {
  return recordFact(deps, input.releaseId, context, async (release, config, now): Promise<Change> => {
    const gate = await openGate(deps, release, config, input, context, now);
    const override = cleanReason(input.overrideReason);
    if (gate.approvals.some((approval) => approval.by === context.actor.id)) {
      throw new Refusal(
        'CONFLICT',
        `You have approved this already (${gate.approvals.length} of ${gate.policy.quorum}).`,
      );
    }
    if (gate.content === null) {
      throw new Refusal('CONFLICT', 'The gate has not been checked yet: the release branch could not be read so far.');
    }
    const failed = failedChecks(gate);
    if (failed.length > 0 && !override) {
      throw new Refusal(
        'INVALID_INPUT',
        `A check failed: ${failed.map((check) => check.text).join('; ')}. Approving over it needs a reason.`,
        { overrideReason: 'Say why it may go on all the same.' },
      );
    }
    const change = approveGate(release, gate, failed.length > 0 ? override : null, byOf(context), now);
    return withPlan(change, gate.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4', release);
  });
}

export function reject(
  deps: Deps,
  input: Parameters<Intents['rejectGate']>[0],
  context: IntentContext,
): Promise<Release> {
  return recordFact(deps, input.releaseId, context, async (release, config, now): Promise<Change> => {
    const gate = await openGate(deps, release, config, input, context, now);
    const reason = requireReason(input.reason, 'reject');
    const last = gate.rejections.at(-1);
    if (last?.by === context.actor.id && last.reason === reason && gate.approvals.length === 0) {
      throw new Refusal(
        'CONFLICT',
        'You have rejected this already, with the same reason; nobody has approved it since.',
      );
    }
    return rejectGate(release, gate, reason, byOf(context), now);
  });
}

/** The gate that waits, if this person may decide on it and has seen what is there now. */
async function openGate(
  deps: Deps,
  release: Release,
  config: ReleaseConfig,
  asked: { gateId: GateId | null; contentHash: string | null },
  context: IntentContext,
  now: Date,
): Promise<Gate> {
  const gate = awaitingGate(release);
  const waits = release.status === 'IN_PROGRESS' && release.cron.pauseType === 'AWAITING_STAGE_TRIGGER';
  if (!gate || !waits || (asked.gateId && asked.gateId !== gate.id)) refuseClosed(release, asked.gateId, now);
  const policy = config.gates[gate.id];
  await requireApprover(deps, release, gate, policy, context);
  if (asked.contentHash && asked.contentHash !== gate.contentHash) {
    const last = gate.voided.at(-1)?.changes.join('; ');
    throw new Refusal(
      'STALE',
      `What you saw has changed${last ? `: ${last}` : ''}. Look at the card again before you decide.`,
    );
  }
  return { ...gate, policy };
}

function refuseClosed(release: Release, gateId: GateId | null, now: Date): never {
  const granted = gateId ? findGate(release, gateId) : null;
  if (granted?.status === 'GRANTED') {
    const by = granted.approvals.map((approval) => personName(approval.by)).join(', ');
    throw new Refusal('STALE', `The ${GATE_NAMES[granted.id]} gate is open already: approved by ${by}.`);
  }
  const { displayText, actions } = deriveStatus(release, now);
  const offered = actions.length > 0 ? ` Possible now: ${actions.join(', ')}.` : '';
  throw new Refusal('ACTION_NOT_AVAILABLE', `No gate waits for a decision: ${displayText}.${offered}`);
}

async function requireApprover(
  deps: Deps,
  release: Release,
  gate: Gate,
  policy: GatePolicy,
  context: IntentContext,
): Promise<void> {
  const act = gate.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4';
  const what = `decide on the ${GATE_NAMES[gate.id]} gate`;
  if (!mayUse(act, context.actor, policy)) {
    if (policy.users) {
      const who = policy.users.map(personName).join(', ');
      throw new Refusal('FORBIDDEN', `To ${what} you need to be one of its approvers: ${who}.`);
    }
    await refuseRole(deps, context, rolesFor(act, policy), what);
  }
  const own = context.actor.id === release.createdBy || context.actor.id === release.releasePilot;
  if (own && !policy.allowOwnRelease) {
    throw new Refusal('FORBIDDEN', 'This configuration does not let people approve their own release.');
  }
}
