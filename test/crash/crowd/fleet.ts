import { setTimeout as pause } from 'node:timers/promises';
import { type ChildBot, loadChildBot } from '../../support/child-bot.ts';
import {
  type DatabaseCommand,
  type DatabaseProxy,
  startDatabaseProxy,
  type Verdict,
} from '../../support/database-proxy.ts';
import type { Random } from './random.ts';

/** Several instances of the bot on one database, which end at random moments and are started again. */
export interface Fleet {
  ports(): number[];
  /** so many are wanted */
  size: number;
  /** who asked for this lease; null = nobody knows */
  isAlive(token: string): boolean | null;
  /** Nothing reaches the database from now on, what was under way there is done; until the returned function is called. */
  hold(): Promise<() => void>;
  /** Moves everybody's time; resolves when all of them live in it. */
  setOffset(offsetMs: number): Promise<void>;
  /** From now on nobody ends; resolves when all are up. */
  calm(): Promise<void>;
  kills(): number;
  stops(): number;
  starts(): number;
  output(): string;
  /** Ends all, by themselves. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface FleetOptions {
  instances: number;
  databaseUri: string;
  env: Record<string, string>;
  cwd: string;
  /** where the bot was compiled to */
  program: string;
  random: Random;
  offsetMs(): number;
  /** after so many commands to the database an instance ends */
  lifeCommands: { from: number; to: number };
  /** at most so many ends */
  maxEnds: number;
  /** told when one has ended */
  ended(how: End, tokens: ReadonlySet<string>): void;
  /** told when one did not stop by itself */
  hung(): void;
}

export type End = 'SIGKILL' | 'SIGTERM';

interface Life {
  bot: ChildBot;
  proxy: DatabaseProxy;
  port: number | null;
  isAlive: boolean;
  /** leases that it asked for */
  tokens: Set<string>;
  /** commands that the database has not answered yet */
  waiting: Set<DatabaseCommand>;
  commandsLeft: number;
  /** how it is to end; null = nobody has decided so */
  end: End | null;
}

const STOPPED_BY_ITSELF = 0.2;
const LONGEST_ABSENCE_MS = 1_500;
const SOON_MS = 30;
/** three times what it is allowed: this machine may be busy */
const STOPS_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 5;
const LONGEST_ANSWER_MS = 2_000;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { random } = options;
  const owners = new Map<string, Life>();
  const lives = new Set<Life>();
  const seats: Promise<void>[] = [];
  const outputs: string[] = [];
  const count = { starts: 0, SIGKILL: 0, SIGTERM: 0 };
  let isCalm = false;
  let isClosing = false;
  let held: Promise<void> | null = null;

  async function begin(): Promise<Life> {
    // The database is always there; this machine may be busy.
    const proxy = await startDatabaseProxy(options.databaseUri, { serverSelectionTimeoutMs: 10_000 });
    const env = { ...options.env, MONGODB_URI: proxy.uri };
    const { cwd, program } = options;
    const life: Life = {
      bot: loadChildBot({ env, cwd, program }),
      proxy,
      port: null,
      isAlive: true,
      tokens: new Set(),
      waiting: new Set(),
      commandsLeft: random.integer(options.lifeCommands.from, options.lifeCommands.to),
      end: null,
    };
    proxy.intercept = (command) => verdictOn(life, command);
    lives.add(life);
    count.starts += 1;
    life.bot.setOffset(options.offsetMs());
    life.bot.up.then(
      (port) => {
        life.port = life.end ? null : port;
      },
      () => undefined,
    );
    return life;
  }

  function verdictOn(life: Life, command: DatabaseCommand): Verdict {
    if (command.name.toLowerCase() === 'hello' || command.name.toLowerCase() === 'ismaster') return 'pass';
    for (const token of tokensOf(command)) {
      if (owners.has(token)) continue;
      owners.set(token, life);
      life.tokens.add(token);
    }
    life.commandsLeft -= 1;
    const end = life.commandsLeft === 0 ? endOf(life) : null;
    if (end === 'before') return { hold: 'request', reached: () => undefined };
    if (held) return { until: held };
    life.waiting.add(command);
    return {
      answered() {
        life.waiting.delete(command);
        if (end !== 'after') return false;
        kill(life);
        return true;
      },
    };
  }

  /** Decides how it ends; it dies before this command, or after it, or a little later. */
  function endOf(life: Life): 'before' | 'after' | null {
    if (isCalm || life.end || count.SIGKILL + count.SIGTERM >= options.maxEnds) return null;
    life.end = random.isLikely(STOPPED_BY_ITSELF) ? 'SIGTERM' : 'SIGKILL';
    count[life.end] += 1;
    if (life.end === 'SIGTERM') {
      stop(life);
      return null;
    }
    const place = random.pick(['before', 'after', 'soon'] as const);
    if (place === 'before') kill(life);
    if (place === 'soon') setTimeout(() => kill(life), random.integer(0, SOON_MS));
    return place === 'soon' ? null : place;
  }

  function kill(life: Life): void {
    life.port = null;
    life.bot.kill();
  }

  function stop(life: Life): void {
    life.port = null;
    life.bot.stop();
    const timer = setTimeout(() => {
      options.hung();
      life.bot.kill();
    }, STOPS_WITHIN_MS);
    void life.bot.exited.then(() => clearTimeout(timer));
  }

  /** One seat: an instance follows the other. */
  async function keepSeat(first: Life): Promise<void> {
    for (let life = first; ; life = await begin()) {
      await life.bot.exited;
      life.isAlive = false;
      life.port = null;
      lives.delete(life);
      outputs.push(life.bot.output());
      await life.proxy.close();
      if (isClosing) return;
      if (!life.end) throw new Error(`an instance ended by itself:\n${life.bot.output().slice(-3_000)}`);
      options.ended(life.end, life.tokens);
      if (!isCalm) await pause(random.integer(0, LONGEST_ABSENCE_MS));
      if (isClosing) return;
    }
  }

  const ports = () => [...lives].flatMap(({ port }) => (port === null ? [] : [port]));
  for (let seat = 0; seat < options.instances; seat += 1) seats.push(keepSeat(await begin()));
  for (const seat of seats) seat.catch(() => undefined);
  const broken = Promise.all(seats).then(() => undefined);
  broken.catch(() => undefined);

  const fleet: Fleet = {
    size: options.instances,
    ports,
    isAlive: (token) => owners.get(token)?.isAlive ?? null,
    async hold() {
      let goOn = () => {};
      held = new Promise((resolve) => {
        goOn = resolve;
      });
      const deadline = Date.now() + LONGEST_ANSWER_MS;
      while ([...lives].some(({ waiting }) => waiting.size > 0) && Date.now() < deadline) await pause(LOOK_EVERY_MS);
      return () => {
        held = null;
        goOn();
      };
    },
    async setOffset(offsetMs) {
      const all = [...lives];
      for (const { bot } of all) bot.setOffset(offsetMs);
      await Promise.all(all.map(({ bot }) => bot.inStep()));
    },
    async calm() {
      isCalm = true;
      while (ports().length < options.instances) await Promise.race([pause(LOOK_EVERY_MS), broken]);
    },
    kills: () => count.SIGKILL,
    stops: () => count.SIGTERM,
    starts: () => count.starts,
    output: () => [...outputs, ...[...lives].map(({ bot }) => bot.output())].join(''),
    async stop() {
      isClosing = true;
      for (const life of lives) stop(life);
      await Promise.all(seats);
    },
    async close() {
      isClosing = true;
      for (const life of lives) kill(life);
      await Promise.allSettled(seats);
    },
  };
  return fleet;
}

type Doc = Record<string, unknown>;

/** Leases that the command takes or renews. */
function tokensOf({ name, body }: DatabaseCommand): string[] {
  const set = (update: unknown) => ((update as Doc | undefined)?.['$set'] ?? {}) as Doc;
  const documents: Doc[] = [];
  if (name === 'update') for (const { u } of (body['updates'] ?? []) as { u: Doc }[]) documents.push(set(u));
  if (name === 'findAndModify') documents.push(set(body['update']));
  if (name === 'insert') documents.push(...((body['documents'] ?? []) as Doc[]));
  return documents.flatMap(({ lease }) => {
    const token = (lease as { token?: unknown } | null | undefined)?.token;
    return typeof token === 'string' ? [token] : [];
  });
}
