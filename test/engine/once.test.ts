import { Readable } from 'node:stream';
import { findTask } from '../../src/domain/tasks.ts';
import { makeIpa } from '../fixtures/build-files.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const keys = () => world.messenger.sent.map(({ key }) => key);
const sentOnce = () => expect(new Set(keys()).size).toBe(keys().length);

test('two instances that tick the same release at the same moment do everything once', async () => {
  const second = world.second();
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  await Promise.all([world.engine, second, world.engine, second].map((engine) => engine.advance(id)));
  await second.idle();
  await world.tick();
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
  expect(findTask(await world.release(id), `${id}.s1.SEND_KICKOFF_MESSAGE`)).toMatchObject({ status: 'COMPLETED' });
  sentOnce();
});

test('an instance that died in the middle of a task is taken over after its lease, and nothing is doubled', async () => {
  const { id } = await world.create();
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  const { releases } = world.persistence.repositories;
  // What a killed process leaves: a lease, a task IN_PROGRESS, the branch already made.
  const lease = await releases.wake(id, world.now(), 60_000);
  if (!lease) throw new Error('the lease should be free');
  await world.scm.ensureBranch({ name: 'release/7.0.0_android_6.7.0_ios', from: 'main' });
  await world.tick(59_000);
  expect((await world.release(id)).status).toBe('PENDING');
  await world.tick(1_000);
  expect(findTask(await world.release(id), `${id}.s1.FORK_BRANCH`)).toMatchObject({ status: 'COMPLETED' });
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
});

test('a pause that comes while a task runs is kept, and so is what the task did', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  const ensureBranch = world.scm.ensureBranch;
  world.scm.ensureBranch = async (input) => {
    const made = await ensureBranch(input);
    await world.second().pauseRelease({ releaseId: id, reason: 'wait' }, alice);
    return made;
  };
  await world.tick(HOUR_MS);
  const paused = await world.release(id);
  expect(paused).toMatchObject({ status: 'PAUSED', pause: { by: 'U01ALICE', reason: 'wait' } });
  expect(findTask(paused, `${id}.s1.FORK_BRANCH`)).toMatchObject({ status: 'COMPLETED' });
  expect(findTask(paused, `${id}.s1.TRIGGER_PRE_REGRESSION_BUILDS`)).toMatchObject({ status: 'PENDING' });
  await world.engine.resumeRelease({ releaseId: id }, alice);
  expect(findTask(await world.release(id), `${id}.s1.SEND_KICKOFF_MESSAGE`)).toMatchObject({ status: 'COMPLETED' });
});

test('the same click on two instances acts once and tells the second what happened', async () => {
  const { id } = await world.create();
  const second = world.second();
  const start = { releaseId: id, freezeOverrideReason: null };
  const results = await Promise.allSettled([
    world.engine.startRelease(start, alice),
    second.startRelease(start, alice),
  ]);
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  const [refused] = results.filter((result) => result.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'ACTION_NOT_AVAILABLE' });
  await second.idle();
  await world.tick();
  sentOnce();
});

test('an upload and a tick at the same moment never use one upload twice nor two for one task', async () => {
  const second = world.second();
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.tick(HOUR_MS);
  const content = await makeIpa({ bundleId: 'com.acme.app', version: '6.7.0', build: '1' });
  const upload = (engine: typeof second) =>
    engine.submitUpload(
      {
        releaseId: id,
        stage: 'PRE_REGRESSION',
        platform: 'IOS',
        fileName: 'app.ipa',
        sizeBytes: content.length,
        source: 'API',
        dedupeKey: null,
        openBytes: async () => Readable.from([content]),
      },
      alice,
    );
  const results = await Promise.allSettled([
    upload(world.engine),
    upload(second),
    world.engine.advance(id),
    upload(second),
  ]);
  await second.idle();
  await world.tick();
  const builds = await world.persistence.repositories.builds.listByRelease(TENANT, id);
  expect(builds.map((build) => build.platform).sort()).toEqual(['ANDROID', 'IOS']);
  const uploads = await world.persistence.repositories.uploads.listByRelease(TENANT, id);
  const used = uploads.filter((each) => each.isUsed);
  expect(used.map((each) => each.platform).sort()).toEqual(['ANDROID', 'IOS']);
  expect(used.map((each) => each.artifactPath).sort()).toEqual(builds.map((build) => build.artifactPath).sort());
  const refused = results.filter((result) => result.status === 'rejected');
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'WINDOW_CLOSED' });
  for (const each of uploads) expect(await world.deps.artifacts.head(each.artifactPath)).not.toBeNull();
  sentOnce();
});

test('a file from outside that is handed in again makes no second upload', async () => {
  const { id } = await world.create();
  const content = await makeIpa({ bundleId: 'com.acme.app', version: '6.7.0', build: '1' });
  const upload = () =>
    world.engine.submitUpload(
      {
        releaseId: id,
        stage: null,
        platform: null,
        fileName: 'app.ipa',
        sizeBytes: content.length,
        source: 'SLACK',
        dedupeKey: 'slack-file:F1',
        openBytes: async () => Readable.from([content]),
      },
      alice,
    );
  const first = await upload();
  const again = await upload();
  expect(again.uploadId).toBe(first.uploadId);
  await world.tick();
  expect(await world.persistence.repositories.uploads.listByRelease(TENANT, id)).toHaveLength(1);
  sentOnce();
});

test('the audit trail has every number once', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  await world.tick(4 * HOUR_MS);
  const entries = await world.persistence.repositories.audit.list(TENANT, id, { limit: 500 });
  const numbers = entries.map((entry) => entry.seq).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect((await world.release(id)).auditSeq).toBe(numbers.length);
});
