import { setTimeout as pause } from 'node:timers/promises';
import type { Release } from '../../../src/domain/release.ts';
import { TENANT_ID } from '../../support/outside.ts';
import { type Comparison, compare } from './compare.ts';
import { type Act, actsFor, isDone, type Times } from './people.ts';
import { type CrowdPlan, type PlannedRelease, planCrowd, ROUND_MS } from './plan.ts';
import { createRandom } from './random.ts';
import { type CrowdWorld, startCrowdWorld } from './world.ts';

export interface CrowdOptions {
  releases: number;
  instances: number;
  seed: number;
  /** where the bot was compiled to */
  program: string;
  /** after so many commands to the database an instance ends */
  lifeCommands: { from: number; to: number };
  maxEnds: number;
  say(line: string): void;
}

export interface CrowdResult extends Comparison {
  kills: number;
  stops: number;
  starts: number;
  takeovers: number;
  acts: number;
  /** acts that were done again because they had not counted */
  repeats: number;
  /** what all instances logged */
  output: string;
}

/** People that do something at the same time. */
const AT_ONCE = 12;
const PATIENCE_MS = 1_500;
const ACT_PATIENCE_MS = 4_000;
const LOOK_EVERY_MS = 120;
const MAX_PASSES = 40;
/** longer than any reminder waits */
const AFTERWARDS_MS = 4 * ROUND_MS;

/** Plays the plan of this seed, ends instances meanwhile, and compares what is there in the end with what should be. */
export async function runCrowd(options: CrowdOptions): Promise<CrowdResult> {
  const plan = planCrowd(options);
  const world = await startCrowdWorld({ ...options, plan });
  const faults: string[] = [];
  const crowd = gatherCrowd(world, faults);
  const result = { acts: 0, repeats: 0, comparison: null as Comparison | null };
  try {
    await playRounds(world, plan, crowd, options.say);
    await world.fleet.calm();
    await world.settle(crowd.isQuiet);
    // Whatever the dead held or planned has run out as well: a one-time job that was left only wakes, and is gone then.
    await world.skipTo(new Date(world.now().getTime() + AFTERWARDS_MS));
    await world.settle(crowd.isQuiet);
    await world.fleet.stop();
  } catch (error) {
    faults.push(error instanceof Error ? error.message : String(error));
  }
  try {
    result.comparison = await compare(world, plan);
  } finally {
    await world.close();
  }
  const { fleet } = world;
  return {
    ...result.comparison,
    differences: [...faults, ...world.leftBehind, ...result.comparison.differences],
    kills: fleet.kills(),
    stops: fleet.stops(),
    starts: fleet.starts(),
    takeovers: world.takeovers(),
    acts: crowd.acts(),
    repeats: crowd.repeats(),
    output: fleet.output(),
  };
}

async function playRounds(
  world: CrowdWorld,
  plan: CrowdPlan,
  crowd: Crowd,
  say: (line: string) => void,
): Promise<void> {
  const random = createRandom(plan.seed + 3);
  const startedAt = Date.now();
  for (let round = 0; round < plan.rounds; round += 1) {
    await world.skipTo(crowd.timeOf(round));
    let left = plan.releases.filter(({ createdIn }) => createdIn <= round);
    for (let pass = 0; left.length > 0; pass += 1) {
      if (pass === MAX_PASSES) throw new Error(`releases ${left.map(({ number }) => number).join(', ')} are stuck`);
      left = await crowd.attendAll(random.shuffled(left), round);
      await world.settle(crowd.isQuiet);
      crowd.lookAgain();
    }
    const { fleet } = world;
    const time = `${Math.round((Date.now() - startedAt) / 1000)} s`;
    say(
      `round ${round + 1} of ${plan.rounds}: ${crowd.acts()} acts, ${fleet.kills()} kills, ${fleet.stops()} stops, ${time}`,
    );
  }
}

interface Crowd {
  timeOf(round: number): Date;
  /** Does what the releases ask for; answers those that did not come to where they should be in this round. */
  attendAll(releases: readonly PlannedRelease[], round: number): Promise<PlannedRelease[]>;
  /** Nobody waits for an answer. */
  isQuiet(): boolean;
  /** All is quiet: what did not count may be done again. */
  lookAgain(): void;
  acts(): number;
  repeats(): number;
}

function gatherCrowd(world: CrowdWorld, faults: string[]): Crowd {
  const ids = new Map<number, string>();
  const start = Math.ceil(world.now().getTime() / 60_000) * 60_000;
  const timeOf = (round: number) => new Date(start + round * ROUND_MS);
  const underWay = new Map<string, Promise<unknown>>();
  const tried = new Set<string>();
  const times = new Map<string, number>();

  function timesOf(planned: PlannedRelease): Times {
    const at = (round: number, earlyMs: number) => new Date(timeOf(round).getTime() - earlyMs);
    return {
      kickOff: at(planned.kickedOffIn, planned.kickOffEarlyMs),
      slot: at(planned.slotIn, planned.slotEarlyMs),
    };
  }

  async function load(planned: PlannedRelease): Promise<Release | null> {
    const [target] = planned.targets;
    const known = ids.get(planned.number);
    const found = known ?? (await world.db.collection('releases').findOne({ 'targets.version': target?.version }))?._id;
    if (!found) return null;
    ids.set(planned.number, String(found));
    return world.persistence.repositories.releases.find(TENANT_ID, String(found));
  }

  function begin(planned: PlannedRelease, act: Act): Promise<unknown> {
    const name = `${planned.number} ${act.name}`;
    tried.add(name);
    times.set(name, (times.get(name) ?? 0) + 1);
    const work = act
      .run()
      .catch((error: unknown) => faults.push(`release ${planned.number}, ${act.name}: ${String(error)}`))
      .finally(() => underWay.delete(name));
    underWay.set(name, work);
    return work;
  }

  /** False when nothing moves any more. */
  async function attend(planned: PlannedRelease, round: number): Promise<boolean> {
    let version = -1;
    for (let quietSince = Date.now(); Date.now() - quietSince < PATIENCE_MS; await pause(LOOK_EVERY_MS)) {
      const release = await load(planned);
      if (isDone(planned, release, round)) return true;
      if (release && release.version !== version) quietSince = Date.now();
      version = release?.version ?? -1;
      const asked = actsFor(world, planned, release, timesOf(planned)).filter(
        ({ name }) => !tried.has(`${planned.number} ${name}`) && !underWay.has(`${planned.number} ${name}`),
      );
      if (asked.length === 0) continue;
      await Promise.race([
        Promise.all(asked.map((act) => begin(planned, act))),
        pause(ACT_PATIENCE_MS, undefined, { ref: false }),
      ]);
      quietSince = Date.now();
    }
    return false;
  }

  return {
    timeOf,
    async attendAll(wanted, round) {
      const queue = [...wanted];
      const left: PlannedRelease[] = [];
      const attendNext = async () => {
        for (let planned = queue.shift(); planned; planned = queue.shift()) {
          if (!(await attend(planned, round))) left.push(planned);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, attendNext));
      return left;
    },
    isQuiet: () => underWay.size === 0,
    lookAgain: () => tried.clear(),
    acts: () => [...times.values()].reduce((sum, count) => sum + count, 0),
    repeats: () => [...times.values()].reduce((sum, count) => sum + count - 1, 0),
  };
}
