import { type Logger as SlackLogger, WebClient, type WebClientOptions } from '@slack/web-api';

const TIMEOUT_MS = 10_000;

/**
 * Options every client of Slack has here: nothing is retried or held back inside (a lost answer to chat.postMessage would
 * post twice, a 429 would stop every other call); the outbox and the handlers decide when to try again. Spec 6.4, 7.2.
 */
export function slackClientOptions(options: {
  slackApiUrl?: string | undefined;
  logger?: SlackLogger | undefined;
  fetch?: WebClientOptions['fetch'] | undefined;
}): WebClientOptions {
  return {
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: TIMEOUT_MS,
    allowAbsoluteUrls: false,
    ...(options.slackApiUrl === undefined ? {} : { slackApiUrl: options.slackApiUrl }),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
    ...(options.fetch === undefined ? {} : { fetch: options.fetch }),
  };
}

export function createSlackClient(token: string, options: Parameters<typeof slackClientOptions>[0]): WebClient {
  return new WebClient(token, slackClientOptions(options));
}
