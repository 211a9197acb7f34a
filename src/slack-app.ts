import { setTimeout as delay } from 'node:timers/promises';
import {
  type AnyMiddlewareArgs,
  App,
  type Context,
  ExpressReceiver,
  type Middleware,
  type Receiver,
  SocketModeReceiver,
} from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import type { Application } from 'express';
import { createSlackClient, mapSlackError, slackClientOptions } from './integrations/messenger/index.ts';
import { ConfigError, TransientError } from './shared/errors.ts';
import { newId } from './shared/ids.ts';
import { inLogScope, type LogScope } from './shared/log-scope.ts';
import type { Logger } from './shared/logger.ts';
import { within } from './shared/within.ts';
import { slackLogger } from './slack-logger.ts';

/** Where Slack sends events, commands and interactions in HTTP mode. */
export const SLACK_EVENTS_PATH = '/slack/events';

/** Slack closes each socket now and then; the client reconnects after this long (its default is 5 s). */
const CLIENT_PING_TIMEOUT_MS = 2_000;
/**
 * A reconnect that fails for good ends the process with an unhandled rejection: while Slack is down it is tried for ever.
 * Refused tokens are not retried.
 */
const SOCKET_RETRIES = { forever: true, retries: 10, factor: 1.5, maxTimeout: 30_000, unref: true };
const START_TRIES = 5;
/** Work waits this long after its acknowledgement, so that requests that came together are all acknowledged before any is worked on. */
const WORK_AFTER_MS = 20;

interface CommonOptions {
  botToken: string;
  /** another base than Slack's, e.g. GovSlack or a local stand-in */
  slackApiUrl?: string | undefined;
  logger: Logger;
  fetch?: typeof fetch | undefined;
  wait?: ((ms: number) => Promise<void>) | undefined;
}
export type SlackAppOptions = CommonOptions &
  (
    | {
        mode: 'http';
        signingSecret: string;
        /** helmet and the like must be on it already; no body parser before it */
        web: Application;
      }
    | { mode: 'socket'; appToken: string; clientPingTimeoutMs?: number | undefined }
  );

export interface SlackIdentity {
  teamId: string;
  teamName: string;
  botUserId: string;
  botId: string | undefined;
}

/**
 * Called with every request before it is acknowledged. null: nothing is to be kept. `isNew` false: it was worked on
 * already and is only acknowledged; `done` is called when it was worked on. When it throws, the request is not acknowledged, and
 * Slack repeats it if it is an event.
 */
export type KeepRequest = (
  body: unknown,
  retryNum: number,
) => Promise<{ isNew: boolean; done(): Promise<void> } | null>;

export interface SlackApp {
  app: App;
  receiver: Receiver;
  /** nothing is retried inside; handlers and messenger share it */
  client: WebClient;
  identity: SlackIdentity;
  /** From now on requests are stored by this before they are acknowledged. */
  keepFirst(keep: KeepRequest): void;
  /** Works on a request that was kept, as if it had just come. */
  process(body: Record<string, unknown>): Promise<void>;
  /** Socket Mode: connects (`ConfigError` naming SLACK_APP_TOKEN when it is refused). HTTP: `web` listens, nothing to do. */
  start(): Promise<void>;
  /**
   * Closes the socket and waits for the handlers at work, at most `timeoutMs`; true when all of them ended. In HTTP mode
   * the server must have stopped listening before.
   */
  stop(timeoutMs: number): Promise<boolean>;
  /** HTTP: always. Socket Mode: while the socket is open. */
  isConnected(): boolean;
  /** Handlers at work now. */
  inFlight(): number;
}

/**
 * Bolt for one workspace. Everything is acknowledged before it is worked on (modals by their handlers, which may answer
 * with errors). Throws `ConfigError` naming the variable when a token is refused. Spec 6.2, 6.6, 8.1.
 */
export async function createSlackApp(options: SlackAppOptions): Promise<SlackApp> {
  const boltLogger = slackLogger(options.logger);
  const clientOptions = { slackApiUrl: options.slackApiUrl, logger: boltLogger, fetch: options.fetch };
  const client = createSlackClient(options.botToken, clientOptions);
  const identity = await identify(client, options);
  const receiver = createReceiver(options, boltLogger);
  const app = new App({
    receiver,
    token: options.botToken,
    // With both known Bolt does not ask auth.test for every event.
    botUserId: identity.botUserId,
    ...(identity.botId === undefined ? {} : { botId: identity.botId }),
    tokenVerificationEnabled: false,
    deferInitialization: true,
    logger: boltLogger,
    clientOptions: slackClientOptions(clientOptions),
    convoStore: false,
    extendedErrorHandler: true,
  });
  await app.init();
  const work = trackWork();
  app.use(acknowledgeFirst);
  app.error(errorHandler(options.logger));
  const socket = receiver instanceof SocketModeReceiver ? watchSocket(receiver) : null;
  const handle = app.processEvent.bind(app);
  let keep: KeepRequest = async () => null;
  // Bolt acknowledges events before a listener or a middleware sees them: only here is it early enough.
  app.processEvent = (event) =>
    work.track(scopeOf(event.body), async () => {
      const kept = await keep(event.body, event.retryNum ?? 0);
      if (kept?.isNew === false) return event.ack();
      await handle(event);
      await kept?.done();
    });
  return {
    app,
    receiver,
    client,
    identity,
    keepFirst(given) {
      keep = given;
    },
    process: (body) => work.track(scopeOf(body), () => handle({ body, ack: async () => undefined })),
    async start() {
      if (receiver instanceof SocketModeReceiver) await startSocket(receiver);
    },
    async stop(timeoutMs) {
      if (receiver instanceof SocketModeReceiver) await receiver.stop();
      return work.settled(timeoutMs);
    },
    isConnected: () => socket?.isConnected() ?? true,
    inFlight: () => work.count(),
  };
}

/** Who we are at Slack. A token that is refused is a mistake of set-up; a Slack that is down is waited for a little. */
async function identify(client: WebClient, options: CommonOptions): Promise<SlackIdentity> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.auth.test();
      if (!answer.team_id || !answer.user_id) throw refusedToken('SLACK_BOT_TOKEN', 'auth.test names no team and user');
      return {
        teamId: answer.team_id,
        teamName: answer.team ?? answer.team_id,
        botUserId: answer.user_id,
        botId: answer.bot_id,
      };
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      const fault = mapSlackError(error, 'auth.test');
      if (!(fault instanceof TransientError)) throw refusedToken('SLACK_BOT_TOKEN', fault.fault.detail);
      if (attempt === START_TRIES) throw fault;
      options.logger.warn({ err: fault, attempt }, 'Slack does not answer yet');
      await (options.wait ?? delay)(fault.retryAfterMs ?? 500 * 2 ** attempt);
    }
  }
}

function refusedToken(variable: string, word: string): ConfigError {
  const kind = variable === 'SLACK_APP_TOKEN' ? 'app-level token (xapp-...)' : 'bot token (xoxb-...)';
  return new ConfigError([`${variable}: Slack refuses it (${word}); expected a valid ${kind} of the installed app`]);
}

function createReceiver(options: SlackAppOptions, logger: ReturnType<typeof slackLogger>) {
  if (options.mode === 'http') {
    return new ExpressReceiver({
      app: options.web,
      signingSecret: options.signingSecret,
      endpoints: SLACK_EVENTS_PATH,
      processBeforeResponse: false,
      processEventErrorHandler: async ({ error, response }) => {
        options.logger.warn({ err: error }, 'a request of Slack was not taken');
        if (!response.headersSent) response.writeHead(503).end();
        return true;
      },
      logger,
    });
  }
  return new SocketModeReceiver({
    appToken: options.appToken,
    clientPingTimeout: options.clientPingTimeoutMs ?? CLIENT_PING_TIMEOUT_MS,
    processEventErrorHandler: async ({ error }) => {
      options.logger.warn({ err: error }, 'a request of Slack was not taken');
      return false;
    },
    logger,
    installerOptions: { clientOptions: { ...slackClientOptions({ ...options, logger }), retryConfig: SOCKET_RETRIES } },
  });
}

async function startSocket(receiver: SocketModeReceiver): Promise<void> {
  try {
    await receiver.start();
  } catch (error) {
    const fault = mapSlackError(error, 'apps.connections.open');
    if (fault instanceof TransientError) throw fault;
    throw refusedToken('SLACK_APP_TOKEN', fault.fault.detail);
  }
}

function watchSocket(receiver: SocketModeReceiver): { isConnected(): boolean } {
  let connected = false;
  receiver.client.on('connected', () => {
    connected = true;
  });
  for (const state of ['close', 'disconnected', 'reconnecting', 'disconnecting']) {
    receiver.client.on(state, () => {
      connected = false;
    });
  }
  return { isConnected: () => connected };
}

/** Commands, buttons and shortcuts wait three seconds at most for an answer: they get it before anything else happens. */
const acknowledgeFirst: Middleware<AnyMiddlewareArgs> = async (args) => {
  const answersItself = args.body.type === 'view_submission' || args.body.type === 'block_suggestion';
  if ('ack' in args && args.ack && !answersItself) {
    await args.ack();
    await delay(WORK_AFTER_MS);
  }
  await args.next();
};

/** Slack's own id of a request is the same for every repeat of it. */
function scopeOf(body: Record<string, unknown>): LogScope {
  const id = body['event_id'] ?? body['trigger_id'];
  return { requestId: typeof id === 'string' ? id : newId('req') };
}

/** Remembers the requests at work, so that stopping can wait for them. */
function trackWork() {
  const running = new Set<Promise<void>>();
  return {
    async track(scope: LogScope, handle: () => Promise<void>): Promise<void> {
      const work = inLogScope(scope, handle);
      running.add(work);
      try {
        await work;
      } finally {
        running.delete(work);
      }
    },
    count: () => running.size,
    async settled(timeoutMs: number): Promise<boolean> {
      const all = async () => {
        while (running.size > 0) await Promise.allSettled(running);
        return true;
      };
      return within(timeoutMs, all(), false);
    },
  };
}

type ExtendedErrorHandler = Parameters<App['error']>[0];

/** The last resort: handlers answer people themselves. What arrives here is logged without the payload. */
function errorHandler(logger: Logger): ExtendedErrorHandler {
  return async ({ error, context }: { error: Error; context: Context }) => {
    logger.warn({ err: innermost(error), tenantId: context.teamId }, 'a Slack handler failed');
  };
}

function innermost(error: Error): unknown {
  return 'original' in error && error.original instanceof Error ? error.original : error;
}
