import { problemsOf } from './check.ts';
import { playUnderFaults } from './play.ts';
import { type FaultWorld, type FaultWorldOptions, startFaultWorld } from './world.ts';

export interface Verdict {
  seed: number;
  /** empty: passed */
  problems: string[];
  /** what went wrong at the providers, in order */
  met: readonly string[];
  /** how often the release stood paused */
  pauses: number;
}

/** One staged release under the faults of this seed; `afterwards` has the world as it was left. */
export async function runSeed(
  options: FaultWorldOptions,
  afterwards: (world: FaultWorld, releaseId: string) => Promise<void> = async () => undefined,
): Promise<Verdict> {
  const { seed } = options;
  const world = await startFaultWorld(options);
  try {
    world.storm();
    const { release, problems, pauses } = await playUnderFaults(world);
    problems.push(...(await problemsOf(world, release.id)));
    await afterwards(world, release.id);
    return { seed, problems, met: world.met, pauses };
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { seed, problems: [said, ...world.log.slice(-8)], met: world.met, pauses: 0 };
  } finally {
    await world.close();
  }
}
