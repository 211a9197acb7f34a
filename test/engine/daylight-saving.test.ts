import { formatLocal, parseLocal } from '../../src/shared/zoned-time.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

/** Slots at the hour in which the clocks change: each begins once, at one instant, and people are told its wall time (Spec 7.3). */

let world: World;
beforeAll(async () => {
  world = await engineWorld();
});
afterAll(() => world.close());

const MINUTE_MS = 60_000;

// In the order of time, which only goes on.
test.each([
  // zone, wall time asked for, what is told, instant
  ['America/St_Johns', 'in no hour', '2027-03-14', '02:30', '03:30', '2027-03-14T06:00:00Z'],
  ['America/New_York', 'in no hour', '2027-03-14', '02:30', '03:30', '2027-03-14T07:30:00Z'],
  ['Asia/Kolkata', 'as ever', '2027-03-28', '02:30', '02:30', '2027-03-27T21:00:00Z'],
  ['Europe/Berlin', 'in no hour', '2027-03-28', '02:30', '03:30', '2027-03-28T01:30:00Z'],
  ['Australia/Lord_Howe', 'in an hour that comes half twice', '2027-04-04', '01:45', '01:45', '2027-04-03T14:45:00Z'],
  ['Australia/Adelaide', 'in an hour that comes twice', '2027-04-04', '02:30', '02:30', '2027-04-03T16:00:00Z'],
  ['Australia/Lord_Howe', 'in half an hour that does not come', '2027-10-03', '02:15', '02:45', '2027-10-02T15:45:00Z'],
  ['Australia/Adelaide', 'in no hour', '2027-10-03', '02:30', '03:30', '2027-10-02T17:00:00Z'],
  ['Europe/Berlin', 'in an hour that comes twice', '2027-10-31', '02:30', '02:30', '2027-10-31T00:30:00Z'],
  ['America/St_Johns', 'in an hour that comes twice', '2027-11-07', '01:30', '01:30', '2027-11-07T04:00:00Z'],
  ['America/New_York', 'in an hour that comes twice', '2027-11-07', '01:30', '01:30', '2027-11-07T05:30:00Z'],
])('%s, %s (%s %s): the slot is told as %s and begins once, at %s', async (zone, _, day, time, told, instant) => {
  const at = new Date(instant);
  expect(parseLocal(`${day} ${time}`, zone)).toEqual(at);
  expect(formatLocal(at, zone)).toBe(`${day} ${told}`);

  const kickOff = new Date(at.getTime() - 14 * HOUR_MS);
  world.setNow(new Date(kickOff.getTime() - HOUR_MS));
  await world.saveConfig({ timeZone: zone, slotTemplate: [{ offset: 'P1D', time }] });
  const { id } = await world.create({
    kickOffDate: kickOff,
    regressionSlots: null,
    targets: [{ platform: 'ANDROID', version: '7.0.0', store: null }],
  });
  const cycles = async () => (await world.release(id)).cycles.map(({ number, startedAt }) => [number, startedAt]);
  await world.upload(id, 'ANDROID');
  await world.tick(HOUR_MS);
  expect((await world.release(id)).slots.map((slot) => slot.at)).toEqual([at]);
  // The wall time that is told names the same slot.
  const again = parseLocal(`${day} ${told}`, zone) ?? at;
  const adding = world.engine.addSlot({ releaseId: id, at: again }, alice);
  await expect(adding).rejects.toThrow('There is a slot at that time already');

  world.setNow(new Date(at.getTime() - 1));
  await world.tick();
  expect(await cycles()).toEqual([]);
  await world.tick(1);
  expect(await cycles()).toEqual([[1, at]]);
  // The hour may come again, or be over already.
  for (let half = 0; half < 4; half += 1) await world.tick(30 * MINUTE_MS);
  expect(await cycles()).toEqual([[1, at]]);
  const begun = await world.persistence.repositories.audit.list(TENANT, id, { limit: 100 });
  expect(begun.filter(({ action }) => action === 'CYCLE_CREATED')).toHaveLength(1);
  await world.engine.archiveRelease({ releaseId: id, reason: null }, alice);
});

test('slots of a template stay at their wall time across the change, and run a day of 23 or 25 hours apart', async () => {
  const kickOff = new Date('2028-03-24T09:00:00Z');
  world.setNow(new Date(kickOff.getTime() - HOUR_MS));
  const slotTemplate = ['P1D', 'P2D', 'P3D'].map((offset) => ({ offset, time: '10:00' }));
  await world.saveConfig({ timeZone: 'Europe/Berlin', slotTemplate });
  const { slots } = await world.create({ kickOffDate: kickOff, regressionSlots: null });
  expect(slots.map((slot) => slot.at.toISOString())).toEqual([
    '2028-03-25T09:00:00.000Z',
    '2028-03-26T08:00:00.000Z',
    '2028-03-27T08:00:00.000Z',
  ]);
});
