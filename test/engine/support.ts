import { HOUR_MS, type World } from '../support/engine-world.ts';

/** A release whose stage 1 is done; its slots come in 4 and 8 hours. */
export async function inRegression(world: World): Promise<string> {
  const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
  const { id } = await world.create({ regressionSlots: [at(5), at(9)] });
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  return id;
}

/** A release whose one cycle is done: the gate of stage 3 waits. */
export async function atPreReleaseGate(world: World): Promise<string> {
  const { id } = await world.create({ regressionSlots: [new Date(world.now().getTime() + 5 * HOUR_MS)] });
  for (const wait of [HOUR_MS, 4 * HOUR_MS]) {
    await world.upload(id, 'ANDROID');
    await world.upload(id, 'IOS');
    await world.tick(wait);
  }
  return id;
}
