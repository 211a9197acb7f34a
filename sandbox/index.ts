import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { MongoClient } from 'mongodb';
import { parseConfig } from '../src/config.ts';
import { type Bot, startBot } from '../src/main.ts';
import { createLogger } from '../src/shared/logger.ts';
import { type SandboxClock, sandboxClock } from './clock.ts';
import { playDemo } from './demo.ts';
import { extraCommands } from './extra-commands.ts';
import { atPort, type KeptSandbox, keepIn, readKept } from './keep.ts';
import { startKeptMongo } from './kept-mongo.ts';
import { type EmbeddedMongo, startEmbeddedMongo } from './mongo/index.ts';
import { type GithubStandIn, startGithub } from './scm/index.ts';
import { setUp } from './set-up.ts';
import { type Slack, startSlack } from './slack/index.ts';
import { startTerminal } from './terminal/index.ts';

/** Everything outside the bot, on loopback, and the bot itself (Spec 8.1). */
export interface Sandbox {
  slack: Slack;
  github: GithubStandIn;
  bot: Bot;
  clock: SandboxClock;
  channelId: string;
  /** for whatever is made meanwhile; goes with the sandbox */
  directory: string;
  close(): Promise<void>;
}

/** As a shell tells them of a program that a signal ended. */
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const;

/** in the data directory, beside `mongo/` */
const KEPT_DIR = 'sandbox';
const DATABASE = 'sandbox';
const TEAM_ID = 'T01SANDBOX';
const GITHUB_TOKEN = 'ghp_sandbox';
const BOT_TOKEN = 'xoxb-sandbox';
const SIGNING_SECRET = 'sandbox-signing-secret';
const LEASE_SECONDS = 60;

export interface SandboxOptions {
  speed: number;
  logLevel: string;
  port: number;
  /** The directory that everything is kept in, for the next start; null = all in memory. */
  dataDir: string | null;
}

/** Throws where what was kept cannot be used, or is in use. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dataDir } = options;
  const keptDir = dataDir === null ? null : join(dataDir, KEPT_DIR);
  const kept = keptDir === null ? null : await readKept(keptDir);
  const clock = sandboxClock(options.speed, kept?.at);
  const directory = await mkdtemp(join(tmpdir(), 'slipway-sandbox-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.reverse().splice(0)) await end();
  };
  try {
    const database = await startDatabase(dataDir);
    closing.push(() => database.close());
    const github = await atPort(kept?.githubPort, (port) =>
      startGithub({
        owner: 'acme',
        repo: 'app',
        token: GITHUB_TOKEN,
        commits: 5,
        clock,
        port,
        ...(kept && { kept: kept.github }),
      }),
    );
    closing.push(() => github.close());
    const slack = await atPort(kept?.slackPort, (port) =>
      startSlack({
        signingSecret: SIGNING_SECRET,
        botToken: BOT_TOKEN,
        teamId: TEAM_ID,
        clock: () => clock.now(),
        port,
        ...(kept && { kept: kept.slack }),
      }),
    );
    closing.push(() => slack.close());
    if (!kept) await slack.inviteBot('releases');
    const channelId = slack.channels().find((channel) => channel.name === 'releases')?.id ?? '';

    const config = parseConfig({
      SLACK_BOT_TOKEN: BOT_TOKEN,
      SLACK_SIGNING_SECRET: SIGNING_SECRET,
      SLACK_API_URL: slack.apiUrl,
      MONGODB_URI: database.uri,
      PORT: String(options.port),
      SLIPWAY_HOST: '127.0.0.1',
      SLIPWAY_DATA_DIR: keptDir ?? directory,
      ARTIFACTS_DIR: join(keptDir ?? directory, 'artifacts'),
      SLIPWAY_TICK_SECONDS: '1',
      LOG_LEVEL: options.logLevel,
    });
    // A lease lasts a real minute, however fast the clock runs.
    const sped = { ...config, leaseMs: LEASE_SECONDS * 1000 * options.speed };
    await setUp({
      config: sped,
      databaseUri: database.uri,
      clock,
      teamId: TEAM_ID,
      channelId,
      githubApiUrl: github.apiUrl,
      githubToken: GITHUB_TOKEN,
      timeZone: localZone(),
    });
    const bot = await startBot(sped, {
      mongodbUri: database.uri,
      clock,
      logger: createLogger({ level: options.logLevel }),
    });
    if (keptDir !== null) {
      const look = (): KeptSandbox => ({
        at: clock.now(),
        slack: slack.keep(),
        slackPort: slack.port,
        github: github.keep(),
        githubPort: Number(new URL(github.apiUrl).port),
      });
      const keeper = await keepIn(keptDir, look);
      closing.push(() => keeper.stop());
    }
    closing.push(() => bot.stop());
    slack.setRequestUrl(`http://127.0.0.1:${bot.port}/slack/events`);
    return { slack, github, bot, clock, channelId, directory, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The sandbox's database lies beside that of a bot with Slack credentials, which must not find the sandbox's releases. */
async function startDatabase(dataDir: string | null): Promise<EmbeddedMongo> {
  if (dataDir === null) return startEmbeddedMongo({ port: 0 });
  const database = await startKeptMongo(join(dataDir, 'mongo'));
  return { ...database, uri: `${database.uri}${DATABASE}` };
}

/** Forgets what was kept, so that the next start begins anew. Throws while something runs there. */
export async function forgetKept(dataDir: string): Promise<void> {
  const database = await startDatabase(dataDir);
  try {
    const client = await MongoClient.connect(database.uri);
    await client.db(DATABASE).dropDatabase();
    await client.close();
    await rm(join(dataDir, KEPT_DIR), { recursive: true, force: true });
  } finally {
    await database.close();
  }
}

function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The sandbox for a person, or the demo; resolves with the exit code. */
export async function runSandbox(options: {
  demo: boolean;
  /** begins anew instead of going on from what was kept */
  fresh: boolean;
  dataDir: string;
  speed: number;
  /** the terminal belongs to the person: the bot's own log lines only where they were asked for */
  logLevel: string;
  input: Readable;
  output: Writable;
  /** resolves when the process is asked to end */
  stopped: Promise<keyof typeof EXIT_CODE>;
}): Promise<number> {
  const { output } = options;
  const say = (line: string) => void output.write(`${line}\n`);
  const { speed, logLevel, demo } = options;
  if (options.fresh) await forgetKept(options.dataDir);
  const sandbox = await startSandbox({ speed, logLevel, port: 0, dataDir: demo ? null : options.dataDir });
  try {
    const interrupted = options.stopped.then((signal) => EXIT_CODE[signal]);
    if (demo) return await Promise.race([interrupted, playDemo(sandbox, say)]);
    say('This is a sandbox: a local Slack, a local GitHub and an embedded database, all on this machine only.');
    say(`Nothing leaves it. HTTP API: http://127.0.0.1:${sandbox.bot.port}/api/v1/openapi.json`);
    say(`It is kept in ${options.dataDir} until "npm start -- --fresh"; while nothing runs, its clock stands still.`);
    const { releases } = await sandbox.bot.engine.queries.live(TEAM_ID, { limit: 100 });
    if (releases.length > 0)
      say(
        `Welcome back: it is ${sandbox.clock.now().toLocaleString()} here, and "/release list" shows where you were.`,
      );
    say('Take a release through all its stages: type "/release new", or "help" for everything else.');
    const terminal = startTerminal({
      slack: sandbox.slack,
      input: options.input,
      output,
      user: 'alice',
      channel: 'releases',
      extraCommands: extraCommands(sandbox),
    });
    return await Promise.race([interrupted, terminal.done.then(() => 0)]);
  } finally {
    await sandbox.close();
  }
}
