import { nameOf, type Point } from './gate.ts';
import { pictureOf } from './picture.ts';
import { playStagedRelease } from './script.ts';
import { startSweepWorld } from './world.ts';

export interface CleanRun {
  points: Point[];
  picture: string[];
}

/** What came of one release whose bot died at some points. */
export interface Verdict {
  /** names of the points where it died */
  reached: string[];
  /** empty: everything was as in the clean run */
  faults: string[];
  /** simulated; the longest */
  recoveryMs: number;
  output: string;
}

/** One release without any death. */
export async function cleanRun(program: string): Promise<CleanRun> {
  const world = await startSweepWorld(program);
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

/** The same release with a bot that dies at each of these points. */
export async function runPoints(points: readonly Point[], clean: CleanRun, program: string): Promise<Verdict> {
  const world = await startSweepWorld(program);
  const faults: string[] = [];
  try {
    world.arm(points);
    await playStagedRelease(world);
    faults.push(...differences(clean.picture, await pictureOf(world)));
    if (world.recoveryMs() > RECOVERY_MS) faults.push(`recovered after ${Math.round(world.recoveryMs() / 1000)} s`);
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  } finally {
    await world.close();
  }
  return { reached: world.reached.map(nameOf), faults, recoveryMs: world.recoveryMs(), output: world.output() };
}

/** What jobs do over and over, whatever happens: their locks, and their looks for something to do. */
const ROUTINE = /^\w+ jobs |^findAndModify (homes|deliveries) \$/;

/**
 * What a sweep goes through: the points that two clean runs have in common (the others depend on timing). What jobs do over
 * and over is met once.
 */
export function pointsOf(first: CleanRun, second: CleanRun): Point[] {
  const common = new Set(second.points.map(nameOf));
  const scheduled = new Set<string>();
  return first.points.filter((point) => {
    if (!common.has(nameOf(point))) return false;
    if (!ROUTINE.test(point.identity)) return true;
    const key = `${point.when} ${point.identity}`;
    return !scheduled.has(key) && scheduled.add(key);
  });
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
