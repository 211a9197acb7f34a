import { setTimeout as pause } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import type { SlackMessage } from '../../../sandbox/slack/index.ts';
import { newId } from '../../../src/shared/ids.ts';
import { insertTokens } from '../../support/api-callers.ts';
import { keyOf } from '../../support/messages.ts';
import { CONFIGURATION, type Outside, startOutside, TENANT_ID } from '../../support/outside.ts';
import { startBalancer } from './balancer.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { type OpenWork, openWork } from './open-work.ts';
import type { CrowdPlan } from './plan.ts';
import { createRandom } from './random.ts';

/** Several instances of the bot on one database, with one Slack, one GitHub and one directory around them. */
export interface CrowdWorld extends Outside {
  fleet: Fleet;
  /** straight to the database */
  db: Db;
  /** `http://127.0.0.1:P`, any instance */
  origin: string;
  now(): Date;
  /** The message with this key, once it was posted. */
  message(key: string): SlackMessage | null;
  /** Moves everybody on to `at`, at a moment when no living instance holds anything. */
  skipTo(at: Date): Promise<void>;
  /** Waits until nothing is due, held, under way or unsent; lets time pass where only the dead hold something. */
  settle(isQuietBeside?: () => boolean): Promise<void>;
  /** Leases of dead instances that others took over. */
  takeovers(): number;
  /** what stopped instances did not do */
  leftBehind: string[];
}

export interface CrowdWorldOptions {
  plan: CrowdPlan;
  instances: number;
  program: string;
  lifeCommands: { from: number; to: number };
  maxEnds: number;
}

/** Longer than every lease (60 s each). */
const LEASES_OVER_MS = 61_000;
const LOOK_EVERY_MS = 100;
/** nothing moved for so long: what is left waits for time to pass */
const STILL_MS = 700;
/** nothing moved for so long, whatever time it was made: it never will */
const GIVE_UP_MS = 120_000;
const RETRY_EVENTS_AFTER_MS = [200, 1_000, 4_000];

export async function startCrowdWorld(options: CrowdWorldOptions): Promise<CrowdWorld> {
  const { plan } = options;
  let offsetMs = 0;
  const now = () => new Date(Date.now() + offsetMs);
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const outside = await startOutside({
      clock: now,
      slack: { wallClock: now, retryDelaysMs: RETRY_EVENTS_AFTER_MS },
    });
    closing.push(outside.close);
    const { slack, database } = outside;
    await addConfigurations(outside, plan.configs);
    await insertTokens(outside.persistence, now());
    const client = await MongoClient.connect(database.uri);
    closing.push(() => client.close());
    const db = client.db(database.name);
    const messages = indexMessages(outside);

    const takenOver = new Set<string>();
    const leftBehind: string[] = [];
    const checks: Promise<void>[] = [];
    const fleet = await startFleet({
      instances: options.instances,
      databaseUri: database.uri,
      env: {
        ...outside.env,
        SLIPWAY_TICK_SECONDS: '1',
        SLIPWAY_API_REQUESTS_PER_MINUTE: '1000000',
        LOG_LEVEL: 'info',
      },
      cwd: outside.env['SLIPWAY_DATA_DIR'] ?? '/',
      program: options.program,
      random: createRandom(plan.seed + 1),
      offsetMs: () => offsetMs,
      lifeCommands: options.lifeCommands,
      maxEnds: options.maxEnds,
      ended(how, tokens) {
        if (how === 'SIGTERM') checks.push(noteLeftBehind(tokens));
      },
      hung: () => void leftBehind.push('an instance that was to stop had to be killed'),
    });
    closing.push(() => fleet.close());

    async function noteLeftBehind(tokens: ReadonlySet<string>): Promise<void> {
      for (const held of (await openWork(db, now())).held) {
        if (tokens.has(held.token)) leftBehind.push(`not handed back: ${held.kind} ${held.id}`);
      }
    }
    const balancer = await startBalancer(fleet.ports, createRandom(plan.seed + 2));
    closing.push(() => balancer.close());
    slack.setRequestUrl(`${balancer.origin}/slack/events`);
    closing.push(async () => slack.setRequestUrl(null));

    /** Only while no living instance holds a lease: one that ran out in its hands would be a pause of the whole process. */
    async function move(to: () => number): Promise<boolean> {
      const goOn = await fleet.hold();
      try {
        const { held } = await openWork(db, now());
        const owners = held.map(({ token }) => fleet.isAlive(token));
        if (owners.some((isAlive) => isAlive !== false)) return false;
        for (const { token } of held) takenOver.add(token);
        offsetMs = to();
        await fleet.setOffset(offsetMs);
        return true;
      } finally {
        goOn();
      }
    }

    const world: CrowdWorld = {
      ...outside,
      fleet,
      db,
      origin: balancer.origin,
      now,
      message: (key) => messages.get(key) ?? null,
      async skipTo(at) {
        await insist('a moment when nobody holds anything', () =>
          move(() => Math.max(offsetMs, at.getTime() - Date.now())),
        );
      },
      async settle(isQuietBeside = () => true) {
        let seen = '';
        let still = Date.now();
        let moved = Date.now();
        for (;;) {
          const isHeard = fleet.ports().length > 0;
          if (isHeard) await slack.flushRetries();
          await slack.idle();
          const open = await openWork(db, now());
          if (isHeard && open.isEmpty && isQuietBeside()) return;
          if (open.signature !== seen) {
            still = Date.now();
            moved = still;
          }
          seen = open.signature;
          if (Date.now() - moved > GIVE_UP_MS) throw new Error(`it never came to rest: ${describe(open, fleet)}`);
          if (Date.now() - still > STILL_MS && (await move(() => offsetMs + LEASES_OVER_MS))) still = Date.now();
          await pause(LOOK_EVERY_MS);
        }
      },
      takeovers: () => takenOver.size,
      leftBehind,
      close: async () => {
        await Promise.allSettled(checks);
        await close();
      },
    };
    return world;
  } catch (error) {
    await close();
    throw error;
  }
}

async function insist(what: string, attempt: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (!(await attempt())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

function describe(open: OpenWork, fleet: Fleet): string {
  const held = open.held.map(({ kind, id, token }) => `${kind} ${id} held by ${fleet.isAlive(token) ? 'one' : 'none'}`);
  return [...held, ...open.due].slice(0, 20).join('; ');
}

/** Each a copy of the first one, with a channel and applications of its own. */
async function addConfigurations({ persistence, slack }: Outside, names: readonly string[]): Promise<void> {
  const { configs } = persistence.repositories;
  const template = await configs.findByName(TENANT_ID, CONFIGURATION);
  if (!template) throw new Error(`there is no configuration ${CONFIGURATION}`);
  for (const name of names) {
    const channel = slack.addChannel({ name: name.toLowerCase() });
    await slack.inviteBot(channel.name);
    await configs.upsert({
      ...template,
      id: newId('cfg'),
      name,
      comms: { releases: channel.id, builds: channel.id, approvals: channel.id },
    });
  }
}

function indexMessages({ slack }: Outside): Map<string, SlackMessage> {
  const index = new Map<string, SlackMessage>();
  slack.watch((change) => {
    const key = change.kind === 'message' ? keyOf(change.message) : null;
    if (change.kind === 'message' && key && !index.has(key)) index.set(key, change.message);
  });
  return index;
}
