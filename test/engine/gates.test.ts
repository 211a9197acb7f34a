import { findGate } from '../../src/domain/gate-rules.ts';
import { DEFAULT_GATE_POLICY } from '../../src/domain/release-config.ts';
import { deriveStatus } from '../../src/domain/status.ts';
import { PermanentError, TransientError } from '../../src/shared/errors.ts';
import { alice, bob, context, engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';
import { atPreReleaseGate } from './support.ts';

let world: World;
const carol = context('U03CAROL', ['APPROVER']);
beforeEach(async () => {
  world = await engineWorld();
  const policy = { ...DEFAULT_GATE_POLICY, quorum: 2 };
  await world.saveConfig({ gates: { preRelease: policy, submission: DEFAULT_GATE_POLICY } });
});
afterEach(() => world.close());

const approve = (id: string, who: typeof bob, more: { contentHash?: string | null; overrideReason?: string } = {}) =>
  world.engine.approveGate(
    {
      releaseId: id,
      gateId: 'preRelease',
      contentHash: more.contentHash ?? null,
      overrideReason: more.overrideReason ?? null,
    },
    who,
  );
const phase = async (id: string) => deriveStatus(await world.release(id), world.now()).currentPhase;
const gateOf = async (id: string) => findGate(await world.release(id), 'preRelease');

test('a gate opens at its quorum and not before', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  expect(await phase(id)).toBe('AWAITING_POST_REGRESSION');
  await expect(approve(id, bob)).rejects.toMatchObject({ code: 'CONFLICT' });
  await approve(id, carol);
  expect(await phase(id)).toBe('POST_REGRESSION');
  await expect(approve(id, carol)).rejects.toMatchObject({ code: 'STALE' });
});

test('a new commit on the release branch voids the approvals given so far and the card says what changed', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  const before = await gateOf(id);
  world.scm.push('release/7.0.0_android_6.7.0_ios', 'late fix');
  await world.tick(60_000);
  const gate = await gateOf(id);
  expect(gate?.approvals).toEqual([]);
  expect(gate?.voided).toEqual([
    expect.objectContaining({ changes: [expect.stringMatching(/^The release branch moved from \w{7} to \w{7}$/)] }),
  ]);
  expect(gate?.cherryPicks.map((commit) => commit.title)).toEqual(['late fix']);
  await expect(approve(id, carol, { contentHash: before?.contentHash ?? '' })).rejects.toMatchObject({ code: 'STALE' });
  await expect(approve(id, carol)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    fields: { overrideReason: expect.any(String) },
  });
  await approve(id, carol, { overrideReason: 'tested by hand' });
  await approve(id, bob, { overrideReason: 'agreed' });
  expect(await phase(id)).toBe('POST_REGRESSION');
});

test('a commit that lands between the last approval and the opening keeps the gate shut', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  world.scm.push('release/7.0.0_android_6.7.0_ios', 'sneaked in');
  await approve(id, carol);
  expect(await phase(id)).toBe('AWAITING_POST_REGRESSION');
  expect((await gateOf(id))?.approvals).toEqual([]);
});

test('while the release branch cannot be read the gate does not open, and it opens when it can again', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  const away = { provider: 'GITHUB', operation: 'findBranch', status: 503, detail: 'unavailable' };
  world.scm.failNext('findBranch', new TransientError(away));
  await approve(id, carol);
  expect(await phase(id)).toBe('AWAITING_POST_REGRESSION');
  expect((await gateOf(id))?.checks).toContainEqual({
    id: 'SCM',
    passed: false,
    text: 'The release branch could not be read: unavailable',
  });
  await world.tick(60_000);
  expect(await phase(id)).toBe('POST_REGRESSION');
});

test('a rejection takes the approvals back and the gate can be approved anew', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  const reject = { releaseId: id, gateId: null, contentHash: null };
  await expect(world.engine.rejectGate({ ...reject, reason: '  ' }, carol)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await world.engine.rejectGate({ ...reject, reason: 'crash on start' }, carol);
  await expect(world.engine.rejectGate({ ...reject, reason: 'crash on start' }, carol)).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect(await gateOf(id)).toMatchObject({ approvals: [], rejections: [{ by: 'U03CAROL', reason: 'crash on start' }] });
  await approve(id, bob);
  await approve(id, carol);
  expect(await phase(id)).toBe('POST_REGRESSION');
});

test('who may approve is the policy: role, named users, never one own release where that is forbidden', async () => {
  const id = await atPreReleaseGate(world);
  await expect(approve(id, context('U09EVE', ['RELEASE_PILOT']))).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringMatching(/APPROVER.*@U02BOB/),
  });
  const preRelease = { ...DEFAULT_GATE_POLICY, users: ['U02BOB', 'U01ALICE'], allowOwnRelease: false };
  await world.saveConfig({ gates: { preRelease, submission: DEFAULT_GATE_POLICY } });
  await expect(approve(id, carol)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(approve(id, alice)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('own release'),
  });
  await approve(id, bob);
  expect(await phase(id)).toBe('POST_REGRESSION');
});

test('the release tag is set on the commit that was approved, also when the branch moved right after', async () => {
  const id = await atPreReleaseGate(world);
  await approve(id, bob);
  const approved = (await gateOf(id))?.content?.headSha;
  world.scm.failNext(
    'ensureTag',
    new PermanentError({ provider: 'GITHUB', operation: 'ensureTag', status: 422, detail: 'no' }),
  );
  await approve(id, carol);
  world.scm.push('release/7.0.0_android_6.7.0_ios', 'after the gate');
  await world.engine.retryTask({ releaseId: id, taskId: null }, alice);
  expect(world.scm.tags.get('v7.0.0_android_6.7.0_ios')).toBe(approved);
});

test('approvers are reminded after the configured hours, then daily', async () => {
  const id = await atPreReleaseGate(world);
  const reminders = () => world.messenger.sent.filter(({ key }) => key.includes('reminder:')).length;
  await world.tick(4 * HOUR_MS - 60_000);
  expect(reminders()).toBe(0);
  await world.tick(60_000);
  expect(reminders()).toBe(1);
  await world.tick(23 * HOUR_MS);
  expect(reminders()).toBe(1);
  await world.tick(HOUR_MS);
  expect(reminders()).toBe(2);
  expect(await phase(id)).toBe('AWAITING_POST_REGRESSION');
});
