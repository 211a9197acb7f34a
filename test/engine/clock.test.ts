import { findGate } from '../../src/domain/gate-rules.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { TransientError } from '../../src/shared/errors.ts';
import { alice, bob, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';
import { atPreReleaseGate } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const fault = { provider: 'GITHUB', operation: 'ensureBranch', status: 503, detail: 'unavailable' };
const back = (ms: number) => world.setNow(new Date(world.now().getTime() - ms));

test('a task that was to be tried again does not wait for the hour by which the clock is set back', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault));
  await world.tick(HOUR_MS);
  back(HOUR_MS);
  await world.tick(5_000);
  expect(findTask(await world.release(id), `${id}.s1.FORK_BRANCH`)).toMatchObject({ status: 'COMPLETED' });
});

test('a gate is checked on though the clock is set back, and approvals go on', async () => {
  const id = await atPreReleaseGate(world);
  back(HOUR_MS);
  const sha = world.scm.push('release/7.0.0_android_6.7.0_ios', 'late fix');
  await world.tick(60_000);
  expect(findGate(await world.release(id), 'preRelease')?.content?.headSha).toBe(sha);
  await world.engine.approveGate({ releaseId: id, gateId: null, contentHash: null, overrideReason: 'known' }, bob);
  expect(findGate(await world.release(id), 'preRelease')?.status).toBe('GRANTED');
});

test('a release whose holder died before the clock was set back is taken over with the next tick', async () => {
  const { id } = await world.create();
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  await world.engine.advanceDue();
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  const { releases } = world.persistence.repositories;
  await releases.wake(id, world.now(), 60_000);
  back(HOUR_MS);
  await world.tick();
  expect((await releases.load(id))?.lease).toBeNull();
});

test('a lease that still holds is not taken, whoever asks', async () => {
  const { id } = await world.create();
  const { releases } = world.persistence.repositories;
  const lease = await releases.wake(id, world.now(), 60_000);
  expect(await releases.wake(id, world.now(), 60_000)).toBeNull();
  back(30_000);
  expect(await releases.wake(id, world.now(), 60_000)).toBeNull();
  expect(lease).not.toBeNull();
});

test('a message that was put off is sent soon after the clock is set back, in its order, once', async () => {
  await world.create();
  await world.tick();
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  const { id } = await world.create({ targets: [{ platform: 'ANDROID', version: '8.0.0', store: null }] });
  await world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice);
  for (let tries = 0; tries < 12; tries += 1) await world.tick(60_000);
  world.messenger.down = null;
  back(HOUR_MS);
  await world.tick();
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT, id);
  expect(rows.map((row) => row.status)).toEqual(rows.map(() => 'SENT'));
  const sent = world.messenger.sent.map(({ key }) => key).filter((key) => key.startsWith(id));
  expect(sent).toEqual(rows.map((row) => row.key));
});

test('a clock that was set back while nothing ran is caught up with by the first tick of whoever starts', async () => {
  const { id } = await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault));
  await world.tick(HOUR_MS);
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  const { id: other } = await world.create({ targets: [{ platform: 'ANDROID', version: '8.0.0', store: null }] });
  await world.engine.deliveries.receive({ tenantId: TENANT, key: 'slack-file:F1', payload: {} }, 60_000);
  world.messenger.down = null;
  back(HOUR_MS);
  const started = world.second();
  started.clockWasSetBack(HOUR_MS);
  await started.advanceDue();
  await started.idle();
  await started.drainOutbox();
  expect(findTask(await world.release(id), `${id}.s1.FORK_BRANCH`)).toMatchObject({ status: 'COMPLETED' });
  expect(world.messenger.sent.map(({ key }) => key)).toContain(`${other}:root`);
  world.setNow(new Date(world.now().getTime() + 60_000));
  expect(await started.deliveries.claimAbandoned('slack-file:', 60_000)).not.toBeNull();
});

test('days that pass at once (a laptop that slept) kick off late and ask about the slots that were missed', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(5 * 24 * HOUR_MS);
  const release = await world.release(id);
  expect(release.cron.stage1Status).toBe('COMPLETED');
  expect(release.slots.map((slot) => slot.status)).toEqual(['BEGUN', 'SCHEDULED']);
  expect(world.messenger.sent.filter(({ key }) => key.includes('pre-kick-off')).length).toBe(1);
});

test('a laptop that sleeps twice runs what it missed one after the other, asks once, and says everything once', async () => {
  const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
  const { id } = await world.create({ kickOffDate: at(30), regressionSlots: [at(54), at(78), at(240)] });
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  const wake = async (hours: number) => {
    world.setNow(at(hours));
    const second = world.second();
    await Promise.all([world.engine.advanceDue(), second.advanceDue()]);
    await second.idle();
    await world.tick();
  };
  // Over the reminder, the kick-off and two slots: a slot that was past when stage 2 began is not late.
  await wake(5 * 24);
  const running = async () => (await world.release(id)).cycles.map((cycle) => cycle.status);
  expect(await running()).toEqual(['IN_PROGRESS']);
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick();
  expect(await running()).toEqual(['DONE', 'IN_PROGRESS']);
  await world.upload(id, 'ANDROID', { version: '7.0.0' });
  await world.upload(id, 'IOS');
  await world.tick();
  expect(await running()).toEqual(['DONE', 'DONE']);
  // Over the missing-builds reminder, the third slot and its grace.
  await wake(9 * 24);
  expect((await world.release(id)).slots.map((slot) => slot.status)).toEqual(['BEGUN', 'BEGUN', 'ASKED']);
  await wake(2 * 24);
  const said = world.messenger.sent.map(({ key }) => key);
  expect(new Set(said).size).toBe(said.length);
  expect(said.filter((key) => /missed|missing-builds|pre-kick-off|kickoff/.test(key))).toEqual([
    `${id}:kickoff`,
    expect.stringContaining(':missed:'),
  ]);
});
