import type { GatePolicy } from '../../src/domain/release-config.ts';
import { type Act, mayUse, OTHER_ACTS, rolesFor } from '../../src/domain/roles.ts';
import { ACTIONS } from '../../src/domain/status.ts';
import { type Actor, ROLES, type Role } from '../../src/domain/tenant.ts';

function user(id: string, ...roles: Role[]): Actor {
  return { kind: 'USER', id, roles };
}

/** Spec 6.3: who may do what; ADMIN counts for every role but APPROVER. */
const TABLE: Record<Act, Role[]> = {
  START: ['ADMIN', 'RELEASE_PILOT'],
  PAUSE: ['ADMIN', 'RELEASE_PILOT'],
  RESUME: ['ADMIN', 'RELEASE_PILOT'],
  ARCHIVE: ['ADMIN', 'RELEASE_PILOT'],
  TRIGGER_STAGE_2: ['ADMIN', 'RELEASE_PILOT'],
  TRIGGER_STAGE_3: ['APPROVER'],
  TRIGGER_STAGE_4: ['APPROVER'],
  ABANDON_CYCLE: ['ADMIN', 'RELEASE_PILOT'],
  SKIP_REMAINING_CYCLES: ['ADMIN', 'RELEASE_PILOT'],
  RETRY_TASK: ['ADMIN', 'RELEASE_PILOT'],
  SKIP_TASK: ['ADMIN', 'RELEASE_PILOT'],
  CREATE: ['ADMIN', 'RELEASE_PILOT'],
  UPLOAD: ['ADMIN', 'RELEASE_PILOT', 'UPLOADER'],
  CHANGE_SLOTS: ['ADMIN', 'RELEASE_PILOT'],
  CONFIRM_SUBMISSION: ['ADMIN', 'RELEASE_PILOT'],
  OVERRIDE_FREEZE: ['ADMIN'],
  ADMINISTER: ['ADMIN'],
};

const policy: GatePolicy = { approvers: ['APPROVER'], users: null, quorum: 1, allowOwnRelease: true };

describe('roles (Spec 6.3)', () => {
  test('every act is in the table', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...ACTIONS, ...OTHER_ACTS].sort());
  });

  test.each(Object.entries(TABLE) as [Act, Role[]][])('%s: exactly these roles may', (act, allowed) => {
    const holders = ROLES.filter((role) => mayUse(act, user('U1', role)));
    expect(holders.sort()).toEqual([...allowed].sort());
  });

  test('nobody without a role may do anything', () => {
    for (const act of Object.keys(TABLE) as Act[]) expect(mayUse(act, user('U1'))).toBe(false);
  });

  test('an admin opens no gate, unless the policy names that role', () => {
    expect(mayUse('TRIGGER_STAGE_3', user('U1', 'ADMIN'), policy)).toBe(false);
    expect(mayUse('TRIGGER_STAGE_3', user('U1', 'ADMIN'), { ...policy, approvers: ['ADMIN'] })).toBe(true);
    expect(mayUse('TRIGGER_STAGE_3', user('U1', 'ADMIN'), { ...policy, approvers: ['RELEASE_PILOT'] })).toBe(true);
  });

  test("the policy's approvers decide who opens a gate, and only there", () => {
    const pilots: GatePolicy = { ...policy, approvers: ['RELEASE_PILOT'] };
    expect(rolesFor('TRIGGER_STAGE_4', pilots)).toEqual(['RELEASE_PILOT']);
    expect(mayUse('TRIGGER_STAGE_4', user('U1', 'APPROVER'), pilots)).toBe(false);
    expect(rolesFor('PAUSE', { ...policy, approvers: ['VIEWER'] })).toEqual(['RELEASE_PILOT']);
  });

  test('named users narrow the approvers: the role is still needed', () => {
    const named: GatePolicy = { ...policy, users: ['U1'] };
    expect(mayUse('TRIGGER_STAGE_3', user('U1', 'APPROVER'), named)).toBe(true);
    expect(mayUse('TRIGGER_STAGE_3', user('U2', 'APPROVER'), named)).toBe(false);
    expect(mayUse('TRIGGER_STAGE_3', user('U1', 'RELEASE_PILOT'), named)).toBe(false);
  });
});
