import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { type Db, MongoClient } from 'mongodb';
import { type ChildBot, loadChildBot } from '../../support/child-bot.ts';
import { startDatabaseProxy } from '../../support/database-proxy.ts';
import { type Outside, startOutside, TENANT_ID } from '../../support/outside.ts';
import type { Relay } from '../../support/relay.ts';
import { startFilesGate } from './files-gate.ts';
import { createGate, type Gate, nameOf, type Point } from './gate.ts';
import { startHttpProxy } from './http-proxy.ts';
import { databaseEffect, githubEffect, plain, slackEffect } from './identify.ts';

/** The bot in a process of its own; everything that it does outside passes the gate, where it may die. */
export interface SweepWorld extends Outside {
  gate: Gate;
  /** straight to the database */
  db: Db;
  now(): Date;
  /** Moves the time of everybody on. */
  skipTo(at: Date): void;
  /** Where the bot listens, once it is up again. */
  port(): Promise<number>;
  /** Waits until nothing is due, held, under way or unsent. */
  settle(): Promise<void>;
  isQuiet(): Promise<boolean>;
  /** From now on the bot dies at each of these points, once. */
  arm(points: readonly Point[]): void;
  /** Where it died, in order. */
  reached: readonly Point[];
  deaths(): number;
  /** Simulated time from its death until all was quiet again. */
  recoveryMs(): number;
  output(): string;
}

export const PATIENCE_MS = 60_000;
/** Longer than every lease (60 s each). */
const DOWNTIME_MS = 61_000;
/** Where nothing happens any more the next round of a job is waited for; that is shortened. */
const NUDGE_AFTER_MS = 200;
const NUDGE_MS = 1_500;
const LOOK_EVERY_MS = 20;

/** `program` is the directory of `compileProgram`. */
export async function startSweepWorld(program: string): Promise<SweepWorld> {
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const gate = createGate();
  const proxies: Relay[] = [];
  const proxied = async (...given: Parameters<typeof startHttpProxy>) => {
    const proxy = await startHttpProxy(...given);
    proxies.push(proxy);
    return proxy.origin;
  };
  const outside = await startOutside({
    clock: now,
    slack: { wallClock: now, retryDelaysMs: [86_400_000, 86_400_000, 86_400_000] },
    githubApiUrl: async (straight) => {
      const { origin, pathname } = new URL(straight);
      return `${await proxied(origin, gate, githubEffect)}${pathname}`;
    },
  });
  const { slack, database } = outside;
  const slackUrl = await proxied(slack.url, gate, (asked) => slackEffect(slack, asked));
  const filesGate = await startFilesGate(gate, plain);
  proxies.push(filesGate);
  const databaseProxy = await startDatabaseProxy(database.uri);
  databaseProxy.intercept = (command) => {
    const effect = databaseEffect(command);
    if (!effect) return 'pass';
    const entered = gate.enter(effect);
    if (entered.before) return { hold: 'request', reached: () => undefined };
    return { answered: entered.after };
  };
  const client = await MongoClient.connect(database.uri);
  const db = client.db(database.name);

  const env = {
    ...outside.env,
    MONGODB_URI: databaseProxy.uri,
    SLACK_API_URL: `${slackUrl}/api/`,
    SLIPWAY_TICK_SECONDS: '1',
    LOG_LEVEL: 'debug',
    SWEEP_FILES_URL: filesGate.origin,
    NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'watched-files.mjs')).href}`,
  };
  const cwd = outside.env['SLIPWAY_DATA_DIR'] ?? '/';
  const children: ChildBot[] = [];
  const load = () => {
    const child = loadChildBot({ env, cwd, program });
    children.push(child);
    return child;
  };
  let output = '';
  const reached: Point[] = [];
  let isDying = false;
  let toCome = () => 0;
  let diedAt = 0;
  let recoveryMs = 0;
  let bot: ChildBot = load();
  /** loaded ahead when more deaths are to come */
  let spare: ChildBot | null = null;
  let alive: Promise<number> = begin();
  alive.catch(() => undefined);

  async function begin(): Promise<number> {
    bot.setOffset(offsetMs);
    const started = bot;
    const port = await bot.up.catch((error: unknown) => {
      // Killed on its way up: the next one takes its place.
      if (started !== bot || reached.length > 0) return null;
      throw error;
    });
    if (port === null) return alive;
    slack.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
    return port;
  }

  async function restart(): Promise<number> {
    output += bot.output();
    slack.setRequestUrl(null);
    offsetMs += DOWNTIME_MS;
    bot = spare ?? load();
    spare = null;
    isDying = false;
    const port = await begin();
    // Slack repeats what nobody answered.
    await slack.flushRetries();
    // It may have died again meanwhile, and that one have seen to a spare.
    if (toCome() > 0) spare ??= load();
    return port;
  }

  async function isQuiet(): Promise<boolean> {
    await alive;
    const busy = await Promise.all([
      db.collection('releases').countDocuments({
        $or: [
          { lease: { $ne: null } },
          { nextWakeAt: { $ne: null, $lte: now() } },
          { unflushed: true },
          { 'pendingMessages.0': { $exists: true } },
          { 'pendingAudit.0': { $exists: true } },
        ],
      }),
      db.collection('outbox').countDocuments({ $or: [{ work: { $ne: null } }, { lease: { $ne: null } }] }),
      db.collection('deliveries').countDocuments({
        status: 'RECEIVED',
        $or: [{ 'lease.until': { $gt: now() } }, { key: /^slack-(file|inbox)/ }],
      }),
    ]);
    return busy.every((count) => count === 0);
  }

  const world: SweepWorld = {
    ...outside,
    gate,
    db,
    now,
    skipTo(at) {
      offsetMs += Math.max(0, at.getTime() - now().getTime());
      bot.setOffset(offsetMs);
    },
    port: () => alive,
    isQuiet,
    async settle() {
      const startedAt = Date.now();
      let stillSince = startedAt;
      let passed = 0;
      while (!(await isQuiet())) {
        if (Date.now() - startedAt > PATIENCE_MS) throw new Error(`it never came to rest: ${await whatIsOpen(db)}`);
        if (gate.passed.length > passed) stillSince = Date.now();
        passed = gate.passed.length;
        if (Date.now() - stillSince > NUDGE_AFTER_MS) {
          stillSince = Date.now();
          offsetMs += NUDGE_MS;
          bot.setOffset(offsetMs);
        }
        await pause(LOOK_EVERY_MS);
      }
      if (diedAt > 0) recoveryMs = Math.max(recoveryMs, now().getTime() - diedAt);
      diedAt = 0;
    },
    arm(points) {
      const names = new Set(points.map(nameOf));
      toCome = () => names.size;
      spare = load();
      gate.isDeadly = (point) => {
        // What a dying process still asks for is neither held nor counted.
        if (isDying || !names.delete(nameOf(point))) return false;
        isDying = true;
        reached.push(point);
        diedAt = now().getTime();
        bot.kill();
        alive = bot.exited.then(restart);
        alive.catch(() => undefined);
        return true;
      };
    },
    reached,
    deaths: () => reached.length,
    recoveryMs: () => recoveryMs,
    output: () => output + bot.output(),
    async close() {
      slack.setRequestUrl(null);
      await alive.catch(() => undefined);
      for (const child of children) child.kill();
      await Promise.all(children.map((child) => child.exited));
      for (const proxy of proxies) await proxy.close();
      await databaseProxy.close();
      await client.close();
      await outside.close();
    },
  };
  return world;
}

async function whatIsOpen(db: Db): Promise<string> {
  const releases = await db
    .collection('releases')
    .find({}, { projection: { lease: 1, nextWakeAt: 1, unflushed: 1, status: 1 } })
    .toArray();
  const rows = await db
    .collection('outbox')
    .find({ work: { $ne: null } }, { projection: { work: 1, workAt: 1, status: 1, lastError: 1, lease: 1 } })
    .toArray();
  const deliveries = await db
    .collection('deliveries')
    .find({ status: 'RECEIVED' }, { projection: { key: 1, lease: 1, attempts: 1 } })
    .toArray();
  return JSON.stringify({ releases, rows, deliveries });
}

export { TENANT_ID };
