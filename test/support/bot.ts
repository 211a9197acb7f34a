import { createHmac } from 'node:crypto';
import { parseConfig } from '../../src/config.ts';
import type { Release } from '../../src/domain/release.ts';
import { deriveStatus, type Phase } from '../../src/domain/status.ts';
import type { TokenScope } from '../../src/engine/index.ts';
import { type Bot, startBot } from '../../src/main.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { type Outside, type OutsideOptions, startOutside, TENANT_ID } from './outside.ts';

/** The real bot in this process, in HTTP mode, with everything outside on loopback and a clock that tests move. */
export interface TestBot extends Outside {
  bot: Bot;
  /** `http://127.0.0.1:P` */
  baseUrl: string;
  now(): Date;
  /** Moves the clock on by so much, then lets everything come to rest. */
  skip(ms: number): Promise<void>;
  skipTo(at: Date): Promise<void>;
  /** Moves the clock and does nothing: what follows is the scheduler's. */
  move(ms: number): void;
  /** Ticks and sends until nothing is due and nothing is under way. */
  settle(): Promise<void>;
  release(releaseId: string): Promise<Release>;
  phase(releaseId: string): Promise<Phase>;
  /** A call of the HTTP API; `token` null = none. The body is read as JSON. */
  api(method: string, path: string, options?: ApiOptions): Promise<ApiAnswer>;
  /** A token of the tenant, made by Alice. */
  token(scopes: TokenScope[]): Promise<string>;
  /** POSTs a body to Slack's address, signed as it says. */
  postToSlackAddress(body: string, signing: { secret?: string; ageS?: number }): Promise<Response>;
  /** What the bot logged, one line each. */
  log: string[];
}

export interface ApiOptions {
  token?: string | null;
  json?: unknown;
  form?: FormData;
  headers?: Record<string, string>;
}
export interface ApiAnswer {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
}

export interface TestBotOptions extends Omit<OutsideOptions, 'clock'> {
  /** when the clock starts; whole minutes are easiest to read */
  startsAt?: Date;
  /** more environment of the bot */
  env?: Record<string, string>;
  /** another way to the database than straight, e.g. through a proxy */
  databaseUri?(straight: string): Promise<string> | string;
}

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const EVERYTHING: TokenScope[] = ['releases:read', 'releases:write', 'builds:write'];

export async function startTestBot(options: TestBotOptions = {}): Promise<TestBot> {
  const { startsAt = new Date('2026-12-01T08:00:00Z'), env = {}, databaseUri, ...outsideOptions } = options;
  let now = startsAt;
  const clock = {
    now: () => now,
    realTimeOf: (instant: Date) => new Date(Date.now() + instant.getTime() - now.getTime()),
  };
  const outside = await startOutside({ ...outsideOptions, clock: clock.now });
  const log: string[] = [];
  const bot = await start().catch(async (error: unknown) => {
    await outside.close();
    throw error;
  });
  const baseUrl = `http://127.0.0.1:${bot.port}`;
  outside.slack.setRequestUrl(`${baseUrl}/slack/events`);

  async function start(): Promise<Bot> {
    const mongodbUri = (await databaseUri?.(outside.database.uri)) ?? outside.database.uri;
    const config = parseConfig({ ...outside.env, MONGODB_URI: mongodbUri, ...env });
    const logger = createLogger({ level: 'debug', destination: { write: (line) => void log.push(line) } });
    return startBot(config, { mongodbUri, clock, logger });
  }

  async function settle(): Promise<void> {
    for (;;) {
      await outside.slack.idle();
      const advanced = await bot.engine.advanceDue();
      await bot.engine.idle();
      const sent = await bot.engine.drainOutbox();
      await bot.engine.idle();
      if (advanced === 0 && sent === 0) return;
    }
  }

  async function token(scopes: TokenScope[]): Promise<string> {
    const actor = await bot.engine.actor(TENANT_ID, 'U01ALICE');
    const name = `t-${scopes.join('-').replaceAll(':', '.')}-${log.length}`.slice(0, 60);
    const made = await bot.engine.tokens.create({ name, scopes }, { tenantId: TENANT_ID, actor, origin: 'SLACK' });
    return made.secret;
  }

  const standing = await token(EVERYTHING);
  const world: TestBot = {
    ...outside,
    bot,
    baseUrl,
    log,
    now: clock.now,
    settle,
    token,
    move(ms) {
      now = new Date(now.getTime() + ms);
    },
    async skip(ms) {
      // Under what is at work now its leases would run out.
      await bot.engine.idle();
      world.move(ms);
      await settle();
    },
    skipTo: (at) => world.skip(at.getTime() - now.getTime()),
    release: (releaseId) => bot.engine.queries.release(TENANT_ID, releaseId),
    phase: async (releaseId) => deriveStatus(await world.release(releaseId), now).currentPhase,
    async api(method, path, { token: secret, json, form, headers = {} } = {}) {
      const bearer = secret === undefined ? standing : secret;
      const body = form ?? (json === undefined ? null : JSON.stringify(json));
      const answer = await fetch(`${baseUrl}/api/v1${path}`, {
        method,
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
          ...headers,
        },
        ...(body === null ? {} : { body }),
      });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
    },
    postToSlackAddress(body, { secret = outside.slack.options.signingSecret, ageS = 0 }) {
      const timestamp = Math.floor(Date.now() / 1000) - ageS;
      const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
      return fetch(`${baseUrl}/slack/events`, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': String(timestamp),
          'x-slack-signature': `v0=${signature}`,
        },
        body,
      });
    },
    async close() {
      outside.slack.setRequestUrl(null);
      await bot.stop();
      await outside.close();
    },
  };
  return world;
}
