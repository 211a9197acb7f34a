import { nameOf, type Point } from './gate.ts';
import { pictureOf } from './picture.ts';
import { playStagedRelease } from './script.ts';
import { startSweepWorld } from './world.ts';

export interface CleanRun {
  points: Point[];
  picture: string[];
}

export interface Verdict {
  point: Point;
  /** empty: it passed */
  faults: string[];
  /** simulated */
  recoveryMs: number;
  output: string;
}

/** One release without any death. */
export async function cleanRun(): Promise<CleanRun> {
  const world = await startSweepWorld();
  try {
    await playStagedRelease(world);
    return { points: [...world.gate.passed], picture: await pictureOf(world) };
  } catch (error) {
    throw new Error(`${String(error)}\n${world.output().slice(-6_000)}`);
  } finally {
    await world.close();
  }
}

const RECOVERY_MS = 90_000;

/** The same release with a bot that dies at `point`. */
export async function runPoint(point: Point, clean: CleanRun): Promise<Verdict> {
  const world = await startSweepWorld();
  const faults: string[] = [];
  try {
    world.arm(point);
    await playStagedRelease(world);
    if (world.deaths() === 0) faults.push('never came to this point');
    faults.push(...differences(clean.picture, await pictureOf(world)));
    if (world.recoveryMs() > RECOVERY_MS) faults.push(`recovered after ${Math.round(world.recoveryMs() / 1000)} s`);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await world.close();
  }
  return { point, faults, recoveryMs: world.recoveryMs(), output: world.output() };
}

/** `-` is missing, `+` is too much. */
export function differences(wanted: readonly string[], got: readonly string[]): string[] {
  const left = [...got];
  const missing = wanted.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  const lines = [...missing.map((line) => `- ${line}`), ...left.map((line) => `+ ${line}`)];
  return lines.length === 0 && wanted.join('\n') !== got.join('\n') ? ['the order differs'] : lines;
}

export { nameOf };
