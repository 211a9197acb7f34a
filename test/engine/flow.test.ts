import { deriveStatus } from '../../src/domain/status.ts';
import { alice, bob, engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';

let world: World;
beforeAll(async () => {
  world = await engineWorld();
});
afterAll(() => world.close());

test('a staged release in manual mode goes from creation to SUBMITTED', async () => {
  const { id } = await world.create();
  const phase = async () => deriveStatus(await world.release(id), world.now()).currentPhase;
  expect(await phase()).toBe('NOT_STARTED');
  await world.upload(id, 'ANDROID');
  await world.tick(HOUR_MS);
  expect(await phase()).toBe('KICKOFF');
  await world.upload(id, 'IOS');
  expect(await phase()).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(4 * HOUR_MS);
  expect(await phase()).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  await world.tick(19 * HOUR_MS);
  expect(await phase()).toBe('REGRESSION_CYCLE_RUNNING');
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  expect(await phase()).toBe('AWAITING_POST_REGRESSION');
  await world.engine.approveGate({ releaseId: id, gateId: null, contentHash: null, overrideReason: null }, bob);
  expect(await phase()).toBe('POST_REGRESSION');
  await world.upload(id, 'IOS', { stage: 'PRE_RELEASE' });
  await world.upload(id, 'ANDROID', { stage: 'PRE_RELEASE' });
  expect(await phase()).toBe('AWAITING_SUBMISSION');
  await world.engine.approveGate({ releaseId: id, gateId: 'submission', contentHash: null, overrideReason: null }, bob);
  expect(await phase()).toBe('SUBMITTING');
  await world.engine.confirmSubmission({ releaseId: id, platform: 'IOS' }, alice);
  await world.engine.confirmSubmission({ releaseId: id, platform: 'ANDROID' }, alice);
  await world.tick();
  expect(await phase()).toBe('SUBMITTED');
  expect(world.scm.effects).toEqual([
    'branch release/7.0.0_android_6.7.0_ios',
    'tag rc-7.0.0_android_6.7.0_ios-cycle1',
    'tag rc-7.0.0_android_6.7.0_ios-cycle2',
    'tag v7.0.0_android_6.7.0_ios',
    'release v7.0.0_android_6.7.0_ios',
  ]);
  const said = world.messenger.sent.map(({ key }) => key.slice(id.length + 1).replace(/upl_.*/, 'accepted'));
  expect(said).toEqual([
    'root',
    'pre-kick-off-reminder',
    'upload:accepted',
    's1.TRIGGER_PRE_REGRESSION_BUILDS:missing',
    'upload:accepted',
    'kickoff',
    'upload:accepted',
    'upload:accepted',
    'c1:regression-builds',
    'c2.TRIGGER_REGRESSION_BUILDS:missing',
    'upload:accepted',
    'upload:accepted',
    'c2:regression-builds',
    'gate:preRelease',
    'gate:preRelease:approved:0:0:U02BOB',
    'gate:preRelease:granted',
    's3.TRIGGER_TEST_FLIGHT_BUILD:missing',
    'upload:accepted',
    's3.CREATE_AAB_BUILD:missing',
    'upload:accepted',
    'pre-release',
    'gate:submission',
    'gate:submission:approved:0:0:U02BOB',
    'gate:submission:granted',
    's4.SUBMIT_TO_APP_STORE:confirm',
    's4.SUBMIT_TO_PLAY_STORE:confirm',
    'submitted',
  ]);
});
