import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import express from 'express';
import helmet from 'helmet';
import { isDeed, registerCommands } from '../commands/index.ts';
import { createJobs, type Jobs } from '../jobs/index.ts';
import type { FaceDeps } from '../views/deps.ts';
import { createInbox, refreshStaleHomes, registerViews, resumeAbandonedFiles } from '../views/index.ts';
import { renderAlert, renderMessage } from '../views/messages/index.ts';
import type { Config, SlackConfig } from './config.ts';
import { createEngine, type Engine } from './engine/index.ts';
import { answerTheRest, createHttpApi, DEFAULT_HTTP_LIMITS, limitServer } from './http/index.ts';
import { artifactConfigOf, createArtifactStore } from './integrations/artifacts/index.ts';
import { inspectBuildFile } from './integrations/artifacts/inspect/index.ts';
import { type StoppableStore, stoppable } from './integrations/artifacts/stoppable.ts';
import { createSlackFiles, createSlackMessenger } from './integrations/messenger/index.ts';
import { connectPersistence, type Persistence } from './persistence/index.ts';
import { createProviders } from './providers.ts';
import { loadCredentialKeys } from './setup/credential-keys.ts';
import { type Clock, systemClock } from './shared/clock.ts';
import { createSealer } from './shared/crypto.ts';
import { isDatabaseError } from './shared/database-errors.ts';
import { ConfigError } from './shared/errors.ts';
import { createLogger, type Logger } from './shared/logger.ts';
import { measuredFetch } from './shared/measured-fetch.ts';
import { createMetrics, type Metrics } from './shared/metrics.ts';
import { within } from './shared/within.ts';
import { measureAcknowledgements } from './slack-acks.ts';
import { createSlackApp, type SlackApp } from './slack-app.ts';

/** The composition root: connects, wires, starts, shuts down (Spec 8.1). */

/** Everything is out by then; what is held is handed back (Spec 7.3). */
const STOP_WITHIN_MS = 10_000;
const HANDLERS_STOP_MS = 4_000;
const ENGINE_STOP_MS = 4_000;
/** for uploads that did not end in that time to clean up */
const CLEAN_UP_MS = 2_000;
const LAST_ANSWERS_MS = 500;
/** less than `/readyz` waits altogether */
const PING_WITHIN_MS = 2_000;

export interface BotOptions {
  /** where the database is; `config.mongodbUri`, or the embedded one that was started for it */
  mongodbUri: string;
  clock?: Clock;
  logger?: Logger;
  /** of this bot alone; default: without those of the process */
  metrics?: Metrics;
}

export interface Bot {
  /** where it really listens */
  port: number;
  engine: Engine;
  /** Stops within 10 s. Safe to call twice. */
  stop(): Promise<void>;
}

type OneWorkspace = Extract<SlackConfig, { botToken: string }>;

/** Starts the real bot. Throws `ConfigError` where a setting turns out wrong, and the driver's error without a database. */
export async function startBot(config: Config, options: BotOptions): Promise<Bot> {
  const slackConfig = oneWorkspace(config.slack);
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const clock = options.clock ?? systemClock;
  for (const warning of config.warnings) logger.warn({ warning }, 'configuration warning');
  const { keys } = await loadCredentialKeys(config);
  const persistence = await connectPersistence({ uri: options.mongodbUri, logger, clock });
  try {
    await persistence.ensureIndexes();
    const metrics = options.metrics ?? createMetrics();
    return await wire(config, slackConfig, persistence, createSealer(keys), clock, logger, metrics);
  } catch (error) {
    await persistence.close();
    throw error;
  }
}

/** Throws `ConfigError` for what the bot cannot be started with. */
export function oneWorkspace(slack: SlackConfig): OneWorkspace {
  if (slack.mode === 'socket' || slack.mode === 'http') return slack;
  throw new ConfigError([
    slack.mode === 'oauth'
      ? 'SLACK_CLIENT_ID: many workspaces by OAuth are not available yet; use SLACK_BOT_TOKEN with SLACK_SIGNING_SECRET or SLACK_APP_TOKEN'
      : 'SLACK_BOT_TOKEN: without Slack credentials only the sandbox can be started',
  ]);
}

async function wire(
  config: Config,
  slackConfig: OneWorkspace,
  persistence: Persistence,
  sealer: ReturnType<typeof createSealer>,
  clock: Clock,
  logger: Logger,
  metrics: Metrics,
): Promise<Bot> {
  const { repositories, connection } = persistence;
  if (!connection.db) throw new ConfigError(['MONGODB_URI: the connection has no database']);
  const web = express();
  web.disable('x-powered-by');
  web.set('trust proxy', config.trustedProxies);
  web.use(helmet());
  const slackApiUrl = slackConfig.apiUrl ?? undefined;
  const slack = await createSlackApp({
    ...slackConfig,
    slackApiUrl,
    logger,
    fetch: measuredFetch(metrics, 'SLACK', slackMethod),
    ...(slackConfig.mode === 'http'
      ? { mode: 'http', signingSecret: slackConfig.signingSecret, web }
      : { mode: 'socket', appToken: slackConfig.appToken }),
  });
  measureAcknowledgements(slack.app, metrics);
  const { teamId, teamName, botUserId } = slack.identity;
  await repositories.tenants.ensure({ id: teamId, name: teamName }, clock.now());

  // Before anything works on the database: a port that is taken ends it here. No request comes before the next await, and
  // by then everything is mounted.
  const server = createServer(web);
  limitServer(server, DEFAULT_HTTP_LIMITS);
  const port = await listen(server, config);

  const messenger = createSlackMessenger({ client: slack.client, botUserId, clock });
  const artifacts = stoppable(createArtifactStore(artifactConfigOf(config.artifacts), metrics));
  const jobs = createJobs({ db: connection.db, realTimeOf: clock.realTimeOf, logger });
  const engine = createEngine({
    clock,
    logger,
    metrics,
    repositories,
    ...createProviders(repositories, sealer, metrics, clock),
    messengerFor: async () => messenger,
    artifacts,
    inspectBuild: (input) => inspectBuildFile({ ...input, store: artifacts }),
    renderMessage,
    renderAlert,
    planWakes: (releaseId, wakes) => jobs.planWakes(releaseId, wakes),
    isDatabaseError,
    maxUploadBytes: config.maxUploadBytes,
    leaseMs: config.leaseMs,
  });

  const files = createSlackFiles({
    client: slack.client,
    token: slackConfig.botToken,
    slackApiUrl,
    fetch: measuredFetch(metrics, 'SLACK', () => 'file'),
  });
  const faces: FaceDeps = {
    engine,
    client: slack.client,
    botUserId,
    files,
    logger,
    now: () => new Date(),
    wait: (ms) => delay(ms),
  };
  registerCommands(slack.app, faces);
  registerViews(slack.app, faces);
  const inbox = createInbox(faces, { process: slack.process, isDeed });
  slack.keepFirst(inbox.keep);
  web.use(
    createHttpApi({
      engine,
      logger,
      metrics,
      maxUploadBytes: config.maxUploadBytes,
      readiness: () => readiness(persistence, jobs.isRunning(), slack),
      publicUrl: config.publicUrl,
      now: () => clock.now(),
      limits: { uploadsAtOnce: config.maxUploadsAtOnce, requestsPerMinute: config.apiRequestsPerMinute },
    }),
  );

  web.use(answerTheRest(logger));

  await slack.start();
  await jobs.start({
    engine,
    logger,
    tickMs: config.tickMs,
    refreshHomes: () => refreshStaleHomes(faces),
    resumeRequests: async () => {
      await inbox.resume();
      await resumeAbandonedFiles(faces);
    },
  });
  logger.info({ port, mode: slackConfig.mode, tenantId: teamId }, 'Slipway is up');

  return { port, engine, stop: createStop({ server, slack, jobs, engine, artifacts, persistence, logger }) };
}

interface Stoppable {
  server: Server;
  slack: SlackApp;
  jobs: Jobs;
  engine: Engine;
  artifacts: StoppableStore;
  persistence: Persistence;
  logger: Logger;
}

/** Nothing new begins, what is at work ends or is broken off, and the connections go last. */
function createStop({ server, slack, jobs, engine, artifacts, persistence, logger }: Stoppable): () => Promise<void> {
  let stopped: Promise<void> | null = null;
  const shutDown = async () => {
    logger.info({}, 'stopping');
    server.close();
    server.closeIdleConnections();
    await Promise.allSettled([slack.stop(HANDLERS_STOP_MS), jobs.stop(HANDLERS_STOP_MS), engine.stop(ENGINE_STOP_MS)]);
    await artifacts.stop(CLEAN_UP_MS);
    await engine.stop(CLEAN_UP_MS);
    // What was broken off is answered; its sender needs a moment to read that.
    server.closeIdleConnections();
    if (await isOpen(server)) await delay(LAST_ANSWERS_MS);
    server.closeAllConnections();
    await persistence.close();
    logger.info({}, 'stopped');
  };
  return () => {
    stopped ??= within(STOP_WITHIN_MS, shutDown(), undefined);
    return stopped;
  };
}

/** `chat.postMessage` and its like: the end of the address. */
function slackMethod({ pathname }: URL): string {
  // All else that is called is an address to answer to, whose end is a secret of that one answer.
  return /\/([a-z]+(?:\.[a-zA-Z0-9]+)+)$/.exec(pathname)?.[1] ?? 'response_url';
}

async function readiness(persistence: Persistence, jobsRun: boolean, slack: SlackApp) {
  // A database that hangs must not keep the others from being named.
  const silent = { ok: false, detail: 'no answer' };
  const answered = persistence.ping().then(
    () => ({ ok: true }),
    () => silent,
  );
  const database = await within(PING_WITHIN_MS, answered, silent);
  const connected = slack.isConnected();
  return {
    database,
    agenda: jobsRun ? { ok: true } : { ok: false, detail: 'not running' },
    slack: connected ? { ok: true } : { ok: false, detail: 'not connected' },
  };
}

function isOpen(server: Server): Promise<boolean> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error === null && count > 0)));
}

function listen(server: Server, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => {
      const why = error.code ?? error.message;
      reject(
        new ConfigError([
          why === 'EADDRNOTAVAIL' || why === 'ENOTFOUND'
            ? `SLIPWAY_HOST: cannot listen on ${config.host} (${why}); expected an address of this machine, e.g. SLIPWAY_HOST=0.0.0.0`
            : `PORT: cannot listen on ${config.port} (${why}); expected a free port, e.g. PORT=3001`,
        ]),
      );
    };
    server.once('error', refused);
    server.listen({ port: config.port, ...(config.host && { host: config.host }) }, () => {
      server.off('error', refused);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : config.port);
    });
  });
}
