import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { parseConfig } from '../src/config.ts';
import { type Bot, startBot } from '../src/main.ts';
import { createLogger } from '../src/shared/logger.ts';
import { type SandboxClock, sandboxClock } from './clock.ts';
import { playDemo } from './demo.ts';
import { extraCommands } from './extra-commands.ts';
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

const TEAM_ID = 'T01SANDBOX';
const GITHUB_TOKEN = 'ghp_sandbox';
const BOT_TOKEN = 'xoxb-sandbox';
const SIGNING_SECRET = 'sandbox-signing-secret';
const LEASE_SECONDS = 60;

export async function startSandbox(options: { speed: number; logLevel: string; port: number }): Promise<Sandbox> {
  const clock = sandboxClock(options.speed);
  const directory = await mkdtemp(join(tmpdir(), 'slipway-sandbox-'));
  const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async () => {
    for (const end of closing.reverse().splice(0)) await end();
  };
  try {
    const database: EmbeddedMongo = await startEmbeddedMongo({ port: 0 });
    closing.push(() => database.close());
    const github = await startGithub({ owner: 'acme', repo: 'app', token: GITHUB_TOKEN, commits: 5, clock });
    closing.push(() => github.close());
    const slack = await startSlack({
      signingSecret: SIGNING_SECRET,
      botToken: BOT_TOKEN,
      teamId: TEAM_ID,
      clock: () => clock.now(),
    });
    closing.push(() => slack.close());
    await slack.inviteBot('releases');
    const channelId = slack.channels().find((channel) => channel.name === 'releases')?.id ?? '';

    const config = parseConfig({
      SLACK_BOT_TOKEN: BOT_TOKEN,
      SLACK_SIGNING_SECRET: SIGNING_SECRET,
      SLACK_API_URL: slack.apiUrl,
      MONGODB_URI: database.uri,
      PORT: String(options.port),
      SLIPWAY_HOST: '127.0.0.1',
      SLIPWAY_DATA_DIR: directory,
      ARTIFACTS_DIR: join(directory, 'artifacts'),
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
    closing.push(() => bot.stop());
    slack.setRequestUrl(`http://127.0.0.1:${bot.port}/slack/events`);
    return { slack, github, bot, clock, channelId, directory, close };
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
  const sandbox = await startSandbox({ speed: options.speed, logLevel: options.logLevel, port: 0 });
  try {
    const interrupted = options.stopped.then((signal) => EXIT_CODE[signal]);
    if (options.demo) return await Promise.race([interrupted, playDemo(sandbox, say)]);
    say('This is a sandbox: a local Slack, a local GitHub and a database in memory, all on this machine only.');
    say(`Nothing leaves it and nothing is kept. HTTP API: http://127.0.0.1:${sandbox.bot.port}/api/v1/openapi.json`);
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
