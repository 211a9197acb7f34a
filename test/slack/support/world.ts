import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import helmet from 'helmet';
import { parse } from 'yaml';
import { z } from 'zod';
import { isDeed, registerCommands } from '../../../commands/index.ts';
import { type Slack, type SlackEphemeral, startSlack } from '../../../sandbox/slack/index.ts';
import { createSlackFiles, createSlackMessenger } from '../../../src/integrations/messenger/index.ts';
import { createLogger } from '../../../src/shared/logger.ts';
import { createSlackApp, SLACK_EVENTS_PATH, type SlackApp } from '../../../src/slack-app.ts';
import type { FaceDeps } from '../../../views/deps.ts';
import { createInbox, registerViews } from '../../../views/index.ts';
import { renderAlert, renderMessage } from '../../../views/messages/index.ts';
import { engineWorld, START, TENANT, type World } from '../../support/engine-world.ts';

export const SIGNING_SECRET = 'a secret of 32 characters, about';
export const BOT_TOKEN = 'xoxb-1-test';
export const RELEASES = 'C0RELEASES';

const Manifest = z.object({
  features: z.object({ slash_commands: z.array(z.object({ command: z.string() })) }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({ event_subscriptions: z.object({ bot_events: z.array(z.string()) }) }),
});

/** The whole bot behind signed HTTP, with an engine on a real database and a local Slack as narrow as the manifest. */
export interface SlackWorld extends World {
  slack: Slack;
  bot: SlackApp;
  faces: FaceDeps;
  inbox: ReturnType<typeof createInbox>;
  /** where Slack sends to, in HTTP mode */
  requestUrl: string;
  /** what was logged at info and above, one JSON object a line */
  logs: string[];
  /** waits that handlers asked for; they take no time here */
  waits: number[];
  /** All handlers, the engine and the outbox are still. */
  settle(): Promise<void>;
  /** The newest message that only this person sees. */
  told(user: string): SlackEphemeral;
}

export async function slackWorld(options: { mode?: 'http' | 'socket' } = {}): Promise<SlackWorld> {
  const world = await engineWorld();
  const manifest = Manifest.parse(parse(readFileSync(join(__dirname, '../../../manifest.yml'), 'utf8')));
  const slack = await startSlack({
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: 'xapp-1-test',
    teamId: TENANT,
    clock: () => world.now(),
    // A loaded machine may be late; being late is a test of its own.
    ackTimeoutMs: 20_000,
    scopes: manifest.oauth_config.scopes.bot,
    events: manifest.settings.event_subscriptions.bot_events,
    commands: manifest.features.slash_commands.map(({ command }) => command),
  });
  await slack.inviteBot('releases');
  await world.saveConfig({ comms: { releases: RELEASES, builds: RELEASES, approvals: RELEASES } });
  const { tenants } = world.persistence.repositories;
  await tenants.setRoles(TENANT, { ADMIN: ['U01ALICE'], RELEASE_PILOT: ['U01ALICE'], APPROVER: ['U02BOB'] });

  const logs: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line: string) => void logs.push(line) } });
  const web = express();
  web.use(helmet());
  const common = { botToken: BOT_TOKEN, slackApiUrl: slack.apiUrl, logger };
  const bot = await createSlackApp(
    options.mode === 'socket'
      ? { ...common, mode: 'socket', appToken: 'xapp-1-test', clientPingTimeoutMs: 200 }
      : { ...common, mode: 'http', signingSecret: SIGNING_SECRET, web },
  );
  const messenger = createSlackMessenger({
    client: bot.client,
    botUserId: bot.identity.botUserId,
    clock: world.deps.clock,
  });
  Object.assign(world.deps, { messengerFor: async () => messenger, renderMessage, renderAlert });
  const waits: number[] = [];
  const wait = async (ms: number) => void waits.push(ms);
  const files = createSlackFiles({ client: bot.client, token: BOT_TOKEN, slackApiUrl: slack.apiUrl, wait });
  const { botUserId } = bot.identity;
  const faces: FaceDeps = { engine: world.engine, client: bot.client, botUserId, files, logger, now: world.now, wait };
  registerCommands(bot.app, faces);
  registerViews(bot.app, faces);
  const inbox = createInbox(faces, { process: bot.process, isDeed });
  bot.keepFirst(inbox.keep);
  const server = createServer(web);
  await listen(server);
  if (options.mode !== 'socket') slack.setRequestUrl(urlOf(server));
  await bot.start();

  const settle = async () => {
    const deadline = performance.now() + 20_000;
    do {
      await slack.idle();
      while (bot.inFlight() > 0) {
        if (performance.now() > deadline) throw new Error(`${bot.inFlight()} handlers do not end`);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await world.engine.idle();
    } while (bot.inFlight() > 0);
  };
  return Object.assign(Object.create(world) as World, {
    slack,
    bot,
    faces,
    requestUrl: urlOf(server),
    logs,
    waits,
    inbox,
    settle,
    told(user: string) {
      const last = slack.user(user).ephemerals().at(-1);
      if (!last) throw new Error(`${user} was told nothing`);
      return last;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await bot.stop(5_000);
      await slack.close();
      await world.close();
    },
  });
}

export const KICK_OFF = new Date(START.getTime() + 3_600_000);

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${SLACK_EVENTS_PATH}`;
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
}
