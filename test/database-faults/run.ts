import { FAULT_KINDS, injectFaults, type Point } from './faults.ts';
import { playStagedRelease } from './flow.ts';
import { pictureOf } from './picture.ts';
import { faultyWorld } from './world.ts';

export interface Run {
  picture: string[];
  struck: Point[];
  seen: string[];
}

/** Plays a release that meets these faults, one at a time. */
export async function playWith(points: readonly Point[]): Promise<Run> {
  const world = await faultyWorld();
  try {
    const injector = injectFaults(world.proxy, points, world.passTime);
    await playStagedRelease(world, injector);
    injector.stop();
    await world.settle();
    return { picture: await pictureOf(world), struck: injector.struck, seen: injector.seen };
  } finally {
    await world.close();
  }
}

/** What is there and should not be (`+`), and what is missing (`-`). */
export function differences(expected: readonly string[], actual: readonly string[]): string[] {
  const left = [...actual];
  const missing = expected.filter((line) => {
    const place = left.indexOf(line);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  return [...missing.map((line) => `- ${line}`), ...left.map((line) => `+ ${line}`)];
}

/** Every command of the run once for each kind of fault, so that neighbours meet different kinds in one release. */
export function pointsOf(clean: Run): Point[] {
  return FAULT_KINDS.flatMap((_, turn) =>
    clean.seen.flatMap((at, index) => {
      const kind = FAULT_KINDS[(index + turn) % FAULT_KINDS.length];
      return kind ? [{ kind, at }] : [];
    }),
  );
}
