import { findGate } from '../../src/domain/gate-rules.ts';
import type { Release } from '../../src/domain/release.ts';
import type { GatePolicy } from '../../src/domain/release-config.ts';
import { type Act, mayUse, openGateId } from '../../src/domain/roles.ts';
import type { Actor } from '../../src/domain/tenant.ts';
import type { MayUse, UiAction } from '../types.ts';

/** A card for everyone shows every action; who clicks is checked then. */
export const everyone: MayUse = () => true;

/** The domain's own rule (Spec 6.3) as the predicate that paints one reader's buttons. */
export function mayUseFor(actor: Actor): MayUse {
  return (action, release) => {
    const policy = release ? openPolicy(release) : undefined;
    const act = actOf(action, release);
    if (act !== 'TRIGGER_STAGE_3' && act !== 'TRIGGER_STAGE_4') return mayUse(act, actor);
    if (!release || !policy || !mayUse(act, actor, policy)) return false;
    return policy.allowOwnRelease || (actor.id !== release.createdBy && actor.id !== release.releasePilot);
  };
}

function openPolicy(release: Release): GatePolicy | undefined {
  const id = openGateId(release);
  return id ? findGate(release, id)?.policy : undefined;
}

function actOf(action: UiAction, release: Release | null): Act {
  switch (action) {
    case 'APPROVE':
    case 'REJECT':
      return release && openGateId(release) === 'submission' ? 'TRIGGER_STAGE_4' : 'TRIGGER_STAGE_3';
    case 'ANSWER_MISSED_SLOT':
      return 'CHANGE_SLOTS';
    case 'CREATE_RELEASE':
      return 'CREATE';
    case 'ADMIN':
      return 'ADMINISTER';
    default:
      return action;
  }
}
