import { deriveStatus } from '../../src/domain/status.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { AuthError, PermanentError, TransientError } from '../../src/shared/errors.ts';
import { alice, bob, engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const fault = (status: number | null, detail: string) => ({
  provider: 'GITHUB',
  operation: 'ensureBranch',
  status,
  detail,
});
const forkOf = async (id: string) => findTask(await world.release(id), `${id}.s1.FORK_BRANCH`);
const keys = () => world.messenger.sent.map(({ key }) => key.replace(/^rel_[^:]*:/, ''));

test('a transient fault is tried again after its back-off and leaves no trace but in the trail', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault(503, 'unavailable')));
  await world.tick(HOUR_MS);
  expect(await forkOf(id)).toMatchObject({ status: 'IN_PROGRESS', attempts: 1 });
  expect((await world.release(id)).status).toBe('IN_PROGRESS');
  await world.tick(5_000);
  expect(await forkOf(id)).toMatchObject({ status: 'COMPLETED', attempts: 2 });
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
  expect(keys()).not.toContainEqual(expect.stringContaining('failed'));
});

test('a provider that asks for a longer pause gets it', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault(429, 'slow down'), 120_000));
  await world.tick(HOUR_MS);
  await world.tick(60_000);
  expect(await forkOf(id)).toMatchObject({ status: 'IN_PROGRESS' });
  await world.tick(60_000);
  expect(await forkOf(id)).toMatchObject({ status: 'COMPLETED' });
});

test('an answer that was lost after the branch was made is repaired by looking, not by doing again', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault(null, 'connection reset')), 'after');
  await world.tick(HOUR_MS);
  await world.tick(5_000);
  expect(await forkOf(id)).toMatchObject({ status: 'COMPLETED' });
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
});

test('a tag that somebody else set elsewhere is a question in the thread, and is never moved', async () => {
  const { id } = await world.create();
  for (const hours of [1, 4, 20]) {
    for (const platform of ['ANDROID', 'IOS'] as const) await world.upload(id, platform);
    await world.tick(hours * HOUR_MS);
  }
  const name = 'v7.0.0_android_6.7.0_ios';
  const elsewhere = world.scm.push('main', 'something else');
  world.scm.tags.set(name, elsewhere);
  const gate = { releaseId: id, gateId: null, contentHash: null, overrideReason: null };
  await world.engine.approveGate(gate, bob);
  await world.tick(HOUR_MS);
  const tagOf = async () => findTask(await world.release(id), `${id}.s3.CREATE_RELEASE_TAG`);
  expect(deriveStatus(await world.release(id), world.now()).currentPhase).toBe('PAUSED_BY_FAILURE');
  expect((await tagOf())?.error?.message).toContain(`${name} is elsewhere`);
  expect(keys().filter((key) => key.includes('CREATE_RELEASE_TAG:failed'))).toEqual(['s3.CREATE_RELEASE_TAG:failed:1']);
  expect(world.scm.tags.get(name)).toBe(elsewhere);

  world.scm.tags.delete(name);
  await world.engine.retryTask({ releaseId: id, taskId: null }, alice);
  await world.tick();
  expect(await tagOf()).toMatchObject({ status: 'COMPLETED', output: { tag: name } });
  expect(world.scm.tags.get(name)).not.toBe(elsewhere);
});

test.each([new PermanentError(fault(422, 'Validation Failed')), new AuthError(fault(401, 'Bad credentials'))])(
  'a permanent fault pauses the release with one message in the words of the provider (%s)',
  async (error) => {
    const { id } = await world.create();
    world.scm.failNext('ensureBranch', error);
    await world.tick(HOUR_MS);
    await world.tick(HOUR_MS);
    const release = await world.release(id);
    expect(deriveStatus(release, world.now())).toMatchObject({
      currentPhase: 'PAUSED_BY_FAILURE',
      displayText: 'Paused - Task Failed',
      regression: null,
      actions: ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
    });
    expect(release.pause?.reason).toContain(error.fault.detail);
    expect(keys().filter((key) => key.includes('failed'))).toEqual(['s1.FORK_BRANCH:failed:1']);
  },
);

test('a transient fault that lasts pauses the release after its tries, and RETRY_TASK goes on', async () => {
  const { id } = await world.create();
  for (let index = 0; index < 6; index += 1)
    world.scm.failNext('ensureBranch', new TransientError(fault(502, 'bad gateway')));
  await world.tick(HOUR_MS);
  for (let index = 0; index < 6; index += 1) await world.tick(300_000);
  expect((await world.release(id)).status).toBe('PAUSED');
  expect(await forkOf(id)).toMatchObject({ status: 'FAILED', attempts: 6 });
  await world.engine.retryTask({ releaseId: id, taskId: null }, alice);
  expect(await forkOf(id)).toMatchObject({ status: 'COMPLETED' });
  expect((await world.release(id)).status).toBe('IN_PROGRESS');
});

test('FORK_BRANCH, tags and submissions cannot be skipped', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new PermanentError(fault(404, 'Not Found')));
  await world.tick(HOUR_MS);
  const skip = world.engine.skipTask({ releaseId: id, taskId: null, reason: 'no' }, alice);
  await expect(skip).rejects.toMatchObject({ code: 'ACTION_NOT_AVAILABLE' });
});

test('a failed task that may be skipped is SKIPPED with who and why, and the release goes on', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  world.scm.failNext('listCommits', new PermanentError({ ...fault(404, 'Not Found'), operation: 'listCommits' }));
  await world.tick(4 * HOUR_MS);
  expect((await world.release(id)).status).toBe('PAUSED');
  await world.engine.skipTask({ releaseId: id, taskId: null, reason: 'notes by hand' }, alice);
  const notes = findTask(await world.release(id), `${id}.c1.CREATE_RELEASE_NOTES`);
  expect(notes).toMatchObject({ status: 'SKIPPED', skip: { by: 'U01ALICE', reason: 'notes by hand' } });
  expect(deriveStatus(await world.release(id), world.now()).currentPhase).toBe('REGRESSION_CYCLE_RUNNING');
});

test('a release in CI mode stops where builds are needed, saying what is not configured', async () => {
  const { id } = await world.create({ hasManualBuildUpload: false });
  await world.tick(HOUR_MS);
  const release = await world.release(id);
  expect(release.pause?.reason).toBe('CI/CD integration not configured for this release');
  await expect(world.upload(id, 'IOS')).rejects.toMatchObject({
    code: 'WINDOW_CLOSED',
    message: expect.stringContaining('This release takes its builds from CI/CD'),
  });
});

test('a message whose answer was lost is found by its key and not posted twice', async () => {
  world.messenger.failNext(
    new TransientError({ provider: 'SLACK', operation: 'send', status: null, detail: 'reset' }),
    'after',
  );
  const { id } = await world.create();
  await world.tick(2_000);
  expect(keys().filter((key) => key === 'root')).toEqual(['root']);
  const row = await world.persistence.repositories.outbox.find(world.config.tenantId, `${id}:root`);
  expect(row).toMatchObject({ status: 'SENT', ts: world.messenger.sent[0]?.ts });
});

test('when Slack is down for an hour every message arrives afterwards, once, in order', async () => {
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  for (let minute = 0; minute < 60; minute += 10) await world.tick(10 * 60_000);
  expect(world.messenger.sent).toEqual([]);
  world.messenger.down = null;
  await world.tick(10 * 60_000);
  const rows = await world.persistence.repositories.outbox.listByRelease(world.config.tenantId, id);
  expect(rows.map((row) => row.status)).toEqual(rows.map(() => 'SENT'));
  expect(world.messenger.sent.map(({ key }) => key)).toEqual(rows.map((row) => row.key));
  expect(world.messenger.sent.slice(1).every(({ threadTs }) => threadTs === world.messenger.sent[0]?.ts)).toBe(true);
});

test('a living message is kept up to date however old it is: one fault after days does not freeze it', async () => {
  const { id } = await world.create({
    kickOffDate: new Date(world.now().getTime() + 50 * HOUR_MS),
    regressionSlots: [],
  });
  await world.tick();
  world.setNow(new Date(world.now().getTime() + 30 * HOUR_MS));
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'update', status: 502, detail: 'away' });
  await world.engine.archiveRelease({ releaseId: id, reason: null }, alice);
  await world.tick();
  world.messenger.down = null;
  await world.tick(600_000);
  const [root] = await world.persistence.repositories.outbox.listByRelease(world.config.tenantId, id);
  expect(root).toMatchObject({ status: 'SENT', settled: true });
  expect(world.messenger.sent[0]?.versions.at(-1)?.text).toContain('ARCHIVED');
});

test('a message that waited for days because the bot itself was away is not given up at its first fault', async () => {
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  const { id } = await world.create();
  world.setNow(new Date(world.now().getTime() + 30 * HOUR_MS));
  await world.tick();
  world.messenger.down = null;
  await world.tick(600_000);
  const [root] = await world.persistence.repositories.outbox.listByRelease(world.config.tenantId, id);
  expect(root).toMatchObject({ status: 'SENT' });
});

test('each failure of a task has its own message, and the earlier one knows that it is over', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new PermanentError(fault(403, 'Forbidden')));
  await world.tick(HOUR_MS);
  world.scm.failNext('ensureBranch', new PermanentError(fault(403, 'Forbidden')));
  await world.engine.retryTask({ releaseId: id, taskId: null }, alice);
  await world.tick();
  const rows = await world.persistence.repositories.outbox.listByRelease(world.config.tenantId, id);
  const failures = rows.flatMap(({ content }) => (content.kind === 'TASK_FAILED' ? [content.failure] : []));
  expect(failures).toEqual([1, 2]);
  expect((await world.release(id)).failureCount).toBe(2);
});

test('who may not archive in this phase is told that it takes an ADMIN', async () => {
  const { id } = await world.create();
  const pilot = { ...alice, actor: { ...alice.actor, id: 'U05PILOT', roles: ['RELEASE_PILOT'] as const } };
  await expect(world.engine.archiveRelease({ releaseId: id, reason: null }, pilot)).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('ADMIN'),
  });
});
