import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { inspect } from 'node:util';
import { parseConfig } from '../src/config.ts';
import { type Bot, startBot } from '../src/main.ts';
import { createLogger } from '../src/shared/logger.ts';
import { type SandboxClock, sandboxClock } from './clock.ts';
import { playDemo } from './demo.ts';
import { extraCommands } from './extra-commands.ts';
import { atPort, KEPT_DIR, type KeptSandbox, keepIn, readKept } from './keep.ts';
import { forgetKept, mustBelongTogether, startDatabase } from './kept-database.ts';
import type { Logger } from './mongo/index.ts';
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
  /** goes on from what an earlier one kept */
  isResumed: boolean;
  close(): Promise<void>;
}

/** As a shell tells them of a program that a signal ended. */
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const;

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
  /** what the embedded database has to say */
  databaseLogger?: Logger;
}

/** Throws where what was kept cannot be used, or is in use. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { dataDir } = options;
  const keptDir = dataDir === null ? null : join(dataDir, KEPT_DIR);
  const kept = dataDir === null ? null : await readKept(dataDir);
  const clock = sandboxClock(options.speed, kept?.at);
  const directory = await mkdtemp(join(tmpdir(), 'slipway-sandbox-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.reverse().splice(0)) await end();
  };
  try {
    const database = await startDatabase(dataDir, options.databaseLogger);
    closing.push(() => database.close());
    if (dataDir !== null) await mustBelongTogether(database.uri, dataDir, kept !== null);
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
    if (dataDir !== null) {
      const look = (): KeptSandbox => ({
        at: clock.now(),
        slack: slack.keep(),
        slackPort: slack.port,
        github: github.keep(),
        githubPort: Number(new URL(github.apiUrl).port),
      });
      const keeper = await keepIn(dataDir, look);
      closing.push(() => keeper.stop());
    }
    closing.push(() => bot.stop());
    slack.setRequestUrl(`http://127.0.0.1:${bot.port}/slack/events`);
    return { slack, github, bot, clock, channelId, directory, isResumed: kept !== null, close };
  } catch (error) {
    await close();
    throw error;
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
  const { output, dataDir, speed, logLevel, demo } = options;
  const say = (line: string) => void output.write(`${line}\n`);
  if (options.fresh) await forgetKept(dataDir);
  const databaseLogger: Logger = {
    info: () => undefined,
    warn: (fields, message) => say(`warning: ${message} (${inspect(fields, { breakLength: Infinity })})`),
  };
  const sandbox = await startSandbox({ speed, logLevel, port: 0, dataDir: demo ? null : dataDir, databaseLogger });
  let isOver = false;
  try {
    const interrupted = options.stopped.then((signal) => EXIT_CODE[signal]);
    // What breaks off because it is stopped is not told.
    if (demo) return await Promise.race([interrupted, playDemo(sandbox, (line) => isOver || say(line))]);
    say('This is a sandbox: a local Slack, a local GitHub and an embedded database, all on this machine only.');
    say(`Nothing leaves it. HTTP API: http://127.0.0.1:${sandbox.bot.port}/api/v1/openapi.json`);
    say(`It is kept in ${dataDir} until "npm start -- --fresh".`);
    if (sandbox.isResumed)
      say('Welcome back: "/release list all" shows the releases, "channel releases" the messages that were there.');
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
    isOver = true;
    await sandbox.close();
    if (!demo) say(`Stopped. "npm start" goes on from here (it is kept in ${dataDir}).`);
  }
}
