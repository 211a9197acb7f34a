import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import { type Act, mayUse } from '../src/domain/roles.ts';
import type { Actor } from '../src/domain/tenant.ts';
import type { MayUse, UiAction } from './types.ts';

/** What each button's act is called in the rules; `gate` = it depends on the gate that waits. */
const ACTS: Record<UiAction, Act | 'gate'> = {
  START: 'START',
  PAUSE: 'PAUSE',
  RESUME: 'RESUME',
  ARCHIVE: 'ARCHIVE',
  TRIGGER_STAGE_2: 'TRIGGER_STAGE_2',
  TRIGGER_STAGE_3: 'gate',
  TRIGGER_STAGE_4: 'gate',
  ABANDON_CYCLE: 'ABANDON_CYCLE',
  SKIP_REMAINING_CYCLES: 'SKIP_REMAINING_CYCLES',
  RETRY_TASK: 'RETRY_TASK',
  SKIP_TASK: 'SKIP_TASK',
  APPROVE: 'gate',
  REJECT: 'gate',
  UPLOAD: 'UPLOAD',
  CHANGE_SLOTS: 'CHANGE_SLOTS',
  ANSWER_MISSED_SLOT: 'CHANGE_SLOTS',
  CONFIRM_SUBMISSION: 'CONFIRM_SUBMISSION',
  CREATE_RELEASE: 'CREATE',
  ADMIN: 'ADMINISTER',
};

/** Which buttons this reader gets to see. What they may do is checked again when they click (Spec 6.3). */
export function readerMay(actor: Actor): MayUse {
  return (action, release) => {
    const act = ACTS[action];
    if (act !== 'gate') return mayUse(act, actor);
    return maySpeakAtGate(actor, release) && (action === 'REJECT' || !hasApproved(actor, release));
  };
}

/** One person counts once: who has approved is offered to reject, not to approve again. */
function hasApproved(actor: Actor, release: Release | null): boolean {
  const gate = release === null ? null : awaitingGate(release);
  return gate?.approvals.some((approval) => approval.by === actor.id) ?? false;
}

function maySpeakAtGate(actor: Actor, release: Release | null): boolean {
  const gate = release === null ? null : awaitingGate(release);
  if (release === null || gate === null) return false;
  const own = release.createdBy === actor.id || release.releasePilot === actor.id;
  if (own && !gate.policy.allowOwnRelease) return false;
  return mayUse(gate.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4', actor, gate.policy);
}
