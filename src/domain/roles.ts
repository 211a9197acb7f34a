import type { GatePolicy } from './release-config.ts';
import type { Action } from './status.ts';
import type { Actor, Role } from './tenant.ts';

/** Who may do what (Spec 6.3). ADMIN stands in for every role but APPROVER: a gate is opened by its approvers only. */

export const OTHER_ACTS = [
  'CREATE',
  'UPLOAD',
  'CHANGE_SLOTS',
  'CONFIRM_SUBMISSION',
  'OVERRIDE_FREEZE',
  'ADMINISTER',
] as const;
export type Act = Action | (typeof OTHER_ACTS)[number];

const PILOT: readonly Role[] = ['RELEASE_PILOT'];

const ROLES_FOR: Record<Act, readonly Role[]> = {
  START: PILOT,
  PAUSE: PILOT,
  RESUME: PILOT,
  ARCHIVE: PILOT,
  TRIGGER_STAGE_2: PILOT,
  TRIGGER_STAGE_3: ['APPROVER'],
  TRIGGER_STAGE_4: ['APPROVER'],
  ABANDON_CYCLE: PILOT,
  SKIP_REMAINING_CYCLES: PILOT,
  RETRY_TASK: PILOT,
  SKIP_TASK: PILOT,
  CREATE: PILOT,
  UPLOAD: ['UPLOADER', 'RELEASE_PILOT'],
  CHANGE_SLOTS: PILOT,
  CONFIRM_SUBMISSION: PILOT,
  OVERRIDE_FREEZE: ['ADMIN'],
  ADMINISTER: ['ADMIN'],
};

export function rolesFor(act: Act, policy?: GatePolicy): readonly Role[] {
  if ((act === 'TRIGGER_STAGE_3' || act === 'TRIGGER_STAGE_4') && policy) return policy.approvers;
  return ROLES_FOR[act];
}

/** Whether one of the roles is held; ADMIN counts for all but APPROVER. */
export function holdsRole(actor: Actor, roles: readonly Role[]): boolean {
  return roles.some((role) => actor.roles.includes(role) || (role !== 'APPROVER' && actor.roles.includes('ADMIN')));
}

export function mayUse(act: Act, actor: Actor, policy?: GatePolicy): boolean {
  if (!holdsRole(actor, rolesFor(act, policy))) return false;
  return !(policy?.users && actor.kind === 'USER' && !policy.users.includes(actor.id));
}
