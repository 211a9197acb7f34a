import { setTimeout as pause } from 'node:timers/promises';
import type { Release } from '../../src/domain/release.ts';
import { derivePhase, type Phase } from '../../src/domain/status.ts';
import { type ChildBot, loadChildBot } from '../support/child-bot.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { type Outside, startOutside, TENANT_ID } from '../support/outside.ts';

/** Stand-ins in this process, the bot in one of its own: killed where a test says, and started again. */
export interface CrashWorld extends Outside {
  proxy: DatabaseProxy;
  now(): Date;
  /** Moves the time of everybody on. */
  skipTo(at: Date): void;
  /**
   * Sets off `work`, kills the bot when it comes to the first point, starts it again, kills it at the second ... and
   * leaves it running after the last. Each time a little more than a lease passes: whoever is dead is taken over.
   */
  crashAt(points: readonly CrashPoint[], work: () => Promise<unknown>): Promise<void>;
  release(releaseId: string): Promise<Release>;
  /** Looks again and again until the release is so. */
  until(releaseId: string, what: string, isSo: (release: Release) => boolean | undefined): Promise<void>;
  reach(releaseId: string, phase: Phase): Promise<void>;
  /** How often it was killed. */
  deaths(): number;
  /** What all the bots logged. */
  output(): string;
}

/**
 * A place where the process may die: told apart by what the world outside sees, never by anything inside the bot. Arming
 * it answers how to disarm it; `reached` is called when the bot is there, and what it waits for then never comes.
 */
export interface CrashPoint {
  name: string;
  arm(world: CrashWorld, reached: () => void): () => void;
}

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 25;
/** Longer than the lease of a release, of a message and of a file (60 s each). */
const DOWNTIME_MS = 61_000;

/** `program` is the directory of `compileProgram`. */
export async function startCrashWorld(program: string): Promise<CrashWorld> {
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const outside = await startOutside({ clock: now, slack: { wallClock: now } });
  const proxy = await startDatabaseProxy(outside.database.uri);
  const env = { ...outside.env, MONGODB_URI: proxy.uri, SLIPWAY_TICK_SECONDS: '1', LOG_LEVEL: 'debug' };
  const load = () => loadChildBot({ env, cwd: outside.env['SLIPWAY_DATA_DIR'] ?? '/', program });
  let output = '';
  let deaths = 0;
  let bot = load();
  let next = load();
  await begin();

  /** Resolves when it is up, or was killed on the way there. */
  async function begin(): Promise<void> {
    bot.setOffset(offsetMs);
    const diesEarly = deaths;
    try {
      outside.slack.setRequestUrl(`http://127.0.0.1:${await bot.up}/slack/events`);
    } catch (error) {
      if (diesEarly === deaths) throw error;
    }
  }

  async function restart(): Promise<void> {
    output += bot.output();
    bot = next;
    next = load();
    outside.slack.setRequestUrl(null);
    offsetMs += DOWNTIME_MS;
    await begin();
    // Slack repeats what nobody answered.
    await outside.slack.flushRetries();
  }

  function armed(point: CrashPoint): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        disarm();
        reject(new Error(`the bot never came to this point: ${point.name}\n${tail(bot)}`));
      };
      const timer = setTimeout(giveUp, PATIENCE_MS);
      let isReached = false;
      const disarm = point.arm(world, () => {
        if (isReached) return;
        isReached = true;
        bot.kill();
        deaths += 1;
        clearTimeout(timer);
        setImmediate(() => disarm());
        bot.exited.then(resolve, reject);
      });
    });
  }

  const world: CrashWorld = {
    ...outside,
    proxy,
    now,
    skipTo(at) {
      offsetMs += Math.max(0, at.getTime() - now().getTime());
      bot.setOffset(offsetMs);
    },
    async crashAt(points, work) {
      let start = work;
      for (const point of points) {
        const killed = armed(point);
        await Promise.all([killed, start()]);
        start = restart;
      }
      await start();
    },
    release: (releaseId) => outside.persistence.repositories.releases.get(TENANT_ID, releaseId),
    async until(releaseId, what, isSo) {
      const deadline = Date.now() + PATIENCE_MS;
      while (!isSo(await world.release(releaseId))) {
        if (Date.now() > deadline) throw new Error(`waited in vain for ${what}\n${tail(bot)}`);
        await pause(LOOK_EVERY_MS);
      }
    },
    reach: (releaseId, phase) => world.until(releaseId, phase, (release) => derivePhase(release) === phase),
    deaths: () => deaths,
    output: () => output + bot.output(),
    async close() {
      outside.slack.setRequestUrl(null);
      for (const child of [bot, next]) child.kill();
      await Promise.all([bot.exited, next.exited]);
      await proxy.close();
      await outside.close();
    },
  };
  return world;
}

function tail(bot: ChildBot): string {
  return bot.output().slice(-6000);
}
