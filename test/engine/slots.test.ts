import { deriveStatus } from '../../src/domain/status.ts';
import { alice, engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';
import { inRegression } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const keys = () => world.messenger.sent.map(({ key }) => key.replace(/^rel_[^:]*:/, ''));
const status = async (id: string) => deriveStatus(await world.release(id), world.now());

test('missing builds are reminded of once per slot, two hours before it', async () => {
  const id = await inRegression(world);
  await world.upload(id, 'IOS');
  await world.tick(2 * HOUR_MS);
  await world.tick(HOUR_MS);
  await world.tick(HOUR_MS / 2);
  const reminders = world.messenger.sent.filter(({ key }) => key.includes('missing-builds'));
  expect(reminders).toHaveLength(1);
});

test('a slot that missed its grace is not begun silently: people are asked and their answer counts', async () => {
  const id = await inRegression(world);
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  await world.tick(11 * HOUR_MS);
  await world.engine.resumeRelease({ releaseId: id }, alice);
  await world.tick();
  expect(await status(id)).toMatchObject({ currentPhase: 'REGRESSION_AWAITING_NEXT_CYCLE' });
  expect(keys().filter((key) => key.includes(':missed:'))).toHaveLength(1);
  const [slot] = (await world.release(id)).slots;
  const answer = { releaseId: id, slotId: slot?.id ?? '', answer: 'RUN_NOW' } as const;
  await world.engine.answerMissedSlot(answer, alice);
  expect(await status(id)).toMatchObject({
    currentPhase: 'REGRESSION_CYCLE_RUNNING',
    displayText: 'Stage 2 - RC1 Running (1/2)',
  });
  await expect(world.engine.answerMissedSlot(answer, alice)).rejects.toMatchObject({ code: 'STALE' });
});

test('a slot that passed during a pause within its grace begins on resume', async () => {
  const id = await inRegression(world);
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  await world.tick(6 * HOUR_MS);
  expect((await world.release(id)).cycles).toEqual([]);
  await world.engine.resumeRelease({ releaseId: id }, alice);
  expect(await status(id)).toMatchObject({ currentPhase: 'REGRESSION_CYCLE_RUNNING' });
});

test('dropping the last missed slot completes the stage', async () => {
  const id = await inRegression(world);
  await world.engine.removeSlot({ releaseId: id, slot: '2' }, alice);
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  await world.tick(11 * HOUR_MS);
  await world.engine.resumeRelease({ releaseId: id }, alice);
  const [slot] = (await world.release(id)).slots;
  const answer = (given: 'FOLD' | 'DROP') =>
    world.engine.answerMissedSlot({ releaseId: id, slotId: slot?.id ?? '', answer: given }, alice);
  await expect(answer('FOLD')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await answer('DROP');
  expect(await status(id)).toMatchObject({
    currentPhase: 'AWAITING_POST_REGRESSION',
    regression: { progress: { completed: 0, total: 0 } },
  });
});

test('an abandoned cycle awaits nothing more and the next slot goes on', async () => {
  const id = await inRegression(world);
  await world.tick(4 * HOUR_MS);
  expect(await status(id)).toMatchObject({ currentPhase: 'REGRESSION_CYCLE_RUNNING' });
  const abandon = (cycleNumber: number) =>
    world.engine.abandonCycle({ releaseId: id, cycleNumber, reason: 'bad build' }, alice);
  await expect(abandon(2)).rejects.toMatchObject({ code: 'STALE' });
  await abandon(1);
  await expect(abandon(1)).rejects.toMatchObject({ code: 'ACTION_NOT_AVAILABLE' });
  expect((await status(id)).displayText).toMatch(/^RC1 Abandoned - RC2 scheduled at 5:00 PM \(0\/2\)$/);
  await world.engine.skipRemainingCycles({ releaseId: id, reason: null }, alice);
  expect(await status(id)).toMatchObject({
    currentPhase: 'AWAITING_POST_REGRESSION',
    actions: ['TRIGGER_STAGE_3', 'ARCHIVE'],
  });
});

test('slots are added, moved and removed until they have begun; the past and doubles are refused', async () => {
  const id = await inRegression(world);
  const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
  await world.engine.addSlot({ releaseId: id, at: at(6) }, alice);
  expect((await world.release(id)).slots.map((slot) => slot.at)).toEqual([at(4), at(6), at(8)]);
  await world.engine.moveSlot({ releaseId: id, slot: '2', at: at(10) }, alice);
  expect((await world.release(id)).slots.map((slot) => slot.at)).toEqual([at(4), at(8), at(10)]);
  await expect(world.engine.addSlot({ releaseId: id, at: at(-1) }, alice)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await expect(world.engine.addSlot({ releaseId: id, at: at(8) }, alice)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await world.tick(4 * HOUR_MS);
  await expect(world.engine.removeSlot({ releaseId: id, slot: '1' }, alice)).rejects.toMatchObject({
    code: 'ACTION_NOT_AVAILABLE',
  });
});

test('a release that was started early takes slots before its planned kick-off', async () => {
  const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
  const { id } = await world.create({ kickOffDate: at(48), regressionSlots: [at(72)] });
  await expect(world.engine.addSlot({ releaseId: id, at: at(5) }, alice)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice);
  const { slots } = await world.engine.addSlot({ releaseId: id, at: at(5) }, alice);
  expect(slots).toHaveLength(2);
});
