import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGithub } from '../../sandbox/scm/index.ts';
import { setUp } from '../../sandbox/set-up.ts';
import { startSlack } from '../../sandbox/slack/index.ts';
import { parseConfig } from '../../src/config.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { startServer } from './child.ts';

export const SIGNING_SECRET = 'bench-signing-secret';
export const BOT_TOKEN = 'xoxb-bench';
export const TEAM_ID = 'T01BENCH';
export const BUCKET = 'bench';
export const S3_KEYS = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench-secret' };

/** The real bot in its own process, the database in another, the stand-ins here. */
export async function startWorld(env: Record<string, string> = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-bench-'));
  const database = await startServer('bin/embedded-mongo.ts', ['--port', '0'], {});
  const databaseUri = process.env['MONGODB_URI'] ?? `mongodb://127.0.0.1:${database.port}/`;
  const github = await startGithub({ owner: 'acme', repo: 'app', token: 'ghp_bench', commits: 5 });
  const slack = await startSlack({ signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN, teamId: TEAM_ID });
  await slack.inviteBot('releases');
  const channelId = slack.channels().find((channel) => channel.name === 'releases')?.id ?? '';
  const botEnv = {
    SLACK_BOT_TOKEN: BOT_TOKEN,
    SLACK_SIGNING_SECRET: SIGNING_SECRET,
    SLACK_API_URL: slack.apiUrl,
    MONGODB_URI: databaseUri,
    PORT: '0',
    SLIPWAY_HOST: '127.0.0.1',
    SLIPWAY_DATA_DIR: directory,
    ARTIFACTS_DIR: join(directory, 'artifacts'),
    SLIPWAY_API_REQUESTS_PER_MINUTE: '100000',
    LOG_LEVEL: 'info',
    ...env,
  };
  await setUp({
    config: parseConfig(botEnv),
    databaseUri,
    clock: systemClock,
    teamId: TEAM_ID,
    channelId,
    githubApiUrl: github.apiUrl,
    githubToken: 'ghp_bench',
    timeZone: 'UTC',
  });
  const bot = await startServer('bin/start.ts', [], botEnv);
  slack.setRequestUrl(`http://127.0.0.1:${bot.port}/slack/events`);
  return {
    directory,
    databaseUri,
    slack,
    channelId,
    bot,
    async close() {
      await bot.stop();
      await slack.close();
      await github.close();
      await database.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
