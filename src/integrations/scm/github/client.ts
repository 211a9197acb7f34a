import { setTimeout as delay } from 'node:timers/promises';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import type { z } from 'zod';
import { ProviderError, TransientError } from '../../../shared/errors.ts';
import { createQuietTime } from '../../../shared/quiet-time.ts';
import { type AppTokens, createAppTokens, isTokenRequest } from './app-tokens.ts';
import { PROVIDER, readFailure, scrub, toProviderError } from './failure.ts';
import { type RetryWaits, retryPolicy } from './retry-policy.ts';
import type { GithubCredentials, GithubSettings } from './schemas.ts';

const DEFAULT_TIMEOUT_MS = 15_000;

export interface GithubOptions {
  settings: GithubSettings;
  credentials: GithubCredentials;
  /** of one attempt; default 15 s */
  timeoutMs?: number;
  /** default the global one; how outgoing calls are kept off private hosts (Spec 8.6) */
  fetch?: typeof globalThis.fetch;
  /** `now`: of the time that GitHub asks to be left alone; default the real one */
  clock?: { sleep?(ms: number): Promise<void>; now?(): Date };
  /** false: no second between two writes, as GitHub asks for (for servers that do not mind) */
  paceWrites?: boolean;
}

export interface Answer<T> {
  data: T;
  headers: Readonly<Record<string, string | number | undefined>>;
}

export interface GithubClient {
  owner: string;
  repo: string;
  waits: RetryWaits;
  /**
   * One call, `route` being e.g. `GET /repos/{owner}/{repo}/commits/{ref}`. The answer is checked by `schema`; every
   * failure comes as one of the provider errors of Spec 4.5, named after `operation`.
   */
  call<T>(
    operation: string,
    route: string,
    schema: z.ZodType<T>,
    parameters?: Record<string, unknown>,
  ): Promise<Answer<T>>;
  /** What the app was given on this installation; null for a personal token, which does not say. */
  appPermissions(operation: string): Promise<Record<string, string> | null>;
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

// stands in for the throttle's queues of writes where pacing is off
const unpaced = { key: () => ({ schedule: (_options: unknown, task: () => unknown) => task() }) };

function createOctokit(options: GithubOptions, waits: RetryWaits): Octokit {
  const { settings, credentials } = options;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const fetch = options.fetch ?? globalThis.fetch;
  const Client = Octokit.plugin(throttling, retryPolicy(waits), retry);
  const pacing = options.paceWrites === false ? { write: unpaced, notifications: unpaced } : {};
  return new Client({
    baseUrl: settings.apiUrl,
    userAgent: 'slipway',
    log: silent,
    ...('token' in credentials ? { auth: credentials.token } : {}),
    request: {
      // a time-out of each attempt: a signal in the options would be spent by the first one
      fetch: (url: string, init: RequestInit) => fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    },
    // only for pacing: what to do about a limit is decided in one place, the retry policy
    throttle: {
      id: `${settings.apiUrl} ${settings.owner}/${settings.repo}`,
      onRateLimit: () => false,
      onSecondaryRateLimit: () => false,
      ...(pacing as object),
    },
    // the plugin's own rules would repeat a POST that broke; the policy says what is tried again
    retry: { doNotRetry: Array.from({ length: 200 }, (_, index) => 400 + index), retryAfterBaseValue: 1 },
  });
}

/** Without a `request` of its own a call shares the client's, and with it the count of attempts of earlier calls. */
function ownRequest(parameters: { request?: unknown }): object {
  return { ...(parameters.request as object | undefined), attempts: 0 };
}

/** Octokit with pacing, bounded retries, a time-out and the credential; answers checked, faults mapped. */
export function createGithubClient(options: GithubOptions): GithubClient {
  const { settings, credentials } = options;
  const waits: RetryWaits = { sleep: options.clock?.sleep ?? ((ms) => delay(ms)), random: Math.random };
  const octokit = createOctokit(options, waits);
  const quiet = createQuietTime(options.clock?.now ?? (() => new Date()));
  let tokens: AppTokens | null = null;
  if ('appId' in credentials) {
    const made = createAppTokens(octokit, credentials);
    tokens = made;
    octokit.hook.before('request', async (request) => {
      if (!isTokenRequest(request.url)) request.headers.authorization = `token ${(await made.get()).token}`;
    });
  }
  const secrets = (): string[] =>
    'token' in credentials ? [credentials.token] : [credentials.privateKey, ...(tokens?.secrets() ?? [])];

  async function guarded<T>(operation: string, work: () => Promise<T>): Promise<T> {
    quiet.keep(operation);
    try {
      return await work();
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      const failure = readFailure(error);
      if (!failure) throw error;
      if (failure.status === 401) tokens?.drop();
      // no `cause`: Octokit's error carries the request and the answer, which no log should see
      const fault = toProviderError(failure, operation, secrets());
      quiet.note(fault);
      throw fault;
    }
  }

  return {
    owner: settings.owner,
    repo: settings.repo,
    waits,
    call: (operation, route, schema, parameters = {}) =>
      guarded(operation, async () => {
        const names = { owner: settings.owner, repo: settings.repo };
        const answer = await octokit.request(route, { ...names, ...parameters, request: ownRequest(parameters) });
        const parsed = schema.safeParse(answer.data);
        if (parsed.success) return { data: parsed.data, headers: answer.headers };
        const detail = scrub(
          `the answer is not what was asked for: ${parsed.error.issues[0]?.path.join('.')}`,
          secrets(),
        );
        throw new TransientError({ provider: PROVIDER, operation, status: answer.status, detail });
      }),
    appPermissions: async (operation) =>
      tokens ? guarded(operation, async () => (await tokens.get()).permissions) : null,
  };
}
