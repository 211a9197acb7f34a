import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { HOUR_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { createByModal } from '../support/people.ts';

/** The doctor reads what the real scheduler stores. */

const START = new Date('2026-12-01T08:00:00Z');
const at = (hours: number) => new Date(START.getTime() + hours * HOUR_MS);

let world: TestBot;
let uri: string;
let persistence: Persistence;
beforeAll(async () => {
  world = await startTestBot({
    async databaseUri(straight) {
      uri = straight;
      return straight;
    },
  });
  persistence = await connectPersistence({ uri });
});
afterAll(async () => {
  await persistence.close();
  await world.close();
});

test('one-time jobs are known as the scheduler has them, and the recurring ones are all there', async () => {
  const { id } = await createByModal(world.slack, { kickOff: at(30), slots: [at(35), at(60)] });
  await world.settle();
  const { inspections } = persistence.repositories;
  const [release] = await inspections.releasesById([id]);
  const planned = release?.stored?.plannedWakes.map(({ job, key }) => ({ name: job, key })) ?? [];
  expect(planned.length).toBeGreaterThan(0);
  expect(release?.jobs.map(({ name, key }) => ({ name, key }))).toEqual(planned);
  const found = async () => {
    const { checks } = await world.bot.engine.checkUp();
    return checks.flatMap((check) => check.examined.map(({ finding }) => `${check.id} ${finding.releaseId}`));
  };
  expect(await found()).toEqual([]);

  await persistence.connection.collection('jobs').deleteMany({ 'data.releaseId': id });
  expect(await found()).toEqual(planned.map(() => `missing-wake-job ${id}`));
  expect(await inspections.forgetPlannedWakes(id, release?.stored?.release.version ?? 0, at(0))).toBe(true);
  await world.bot.engine.advance(id);
  expect(await found()).toEqual([]);
});
