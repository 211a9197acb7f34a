import type { Octokit } from '@octokit/rest';
import { CutAnswer, isRateLimit, isTransient, readFailure, retryAfterMs } from './failure.ts';

const MAX_RETRIES = 2;
const BASE_DELAY_MS = 250;
/** a longer wish goes to the engine, which comes back later by itself */
const MAX_RETRY_AFTER_MS = 5_000;

export interface RetryWaits {
  sleep(ms: number): Promise<void>;
  /** 0 up to 1 */
  random(): number;
}

interface RequestOptions {
  method: string;
  /** `attempts` is counted here: the throttle sets `retryCount` back to 0 on 403 and 429 */
  request: { attempts?: number; repeatable?: boolean };
}

/** Half fixed, half by chance, so that many callers that failed together do not come back together. */
export function backOffMs(attempt: number, random: () => number): number {
  const full = BASE_DELAY_MS * 2 ** attempt;
  return Math.round(full / 2 + (full / 2) * random());
}

function waitMs(error: unknown, options: RequestOptions, random: () => number): number | null {
  const failure = readFailure(error);
  const attempt = options.request.attempts ?? 0;
  if (!failure || !isTransient(failure) || attempt >= MAX_RETRIES) return null;
  const limited = isRateLimit(failure);
  const isSafe = options.method === 'GET' || options.method === 'HEAD' || options.request.repeatable === true;
  // a create call that broke may have been carried out: the caller looks before it tries again
  if (!limited && !isSafe) return null;
  const asked = retryAfterMs(failure);
  if (asked !== null) return asked <= MAX_RETRY_AFTER_MS ? asked : null;
  return limited ? null : backOffMs(attempt, random);
}

/**
 * The one place that decides whether a call is tried again; the retry plugin then does it. A plugin of Octokit, to be
 * named between `throttling` and `retry`: inside retry's loop, and outside the throttle so that waiting holds no place.
 */
export function retryPolicy(waits: RetryWaits) {
  return (octokit: Pick<Octokit, 'hook'>): Record<string, never> => {
    octokit.hook.wrap('request', async (request, options) => {
      const response = await request(options);
      // every call made here is answered with JSON; a cut body arrives as a string, an unlabelled one as bytes
      const isJson = typeof response.data === 'object' && !(response.data instanceof ArrayBuffer);
      if (response.status !== 204 && !isJson) throw new CutAnswer(options);
      return response;
    });
    octokit.hook.error('request', async (error, options) => {
      const plan = waitMs(error, options as RequestOptions, waits.random);
      if (plan === null) throw error;
      const { request: counted } = options as RequestOptions;
      counted.attempts = (counted.attempts ?? 0) + 1;
      await waits.sleep(plan);
      // the plugin reads the number of retries and its own delay (none: the wait is over) off the error
      const request = (error as unknown as { request: { request?: object } }).request;
      request.request = { ...request.request, retries: MAX_RETRIES, retryAfter: 0 };
      throw error;
    });
    return {};
  };
}
