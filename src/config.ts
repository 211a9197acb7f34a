import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import type { EnvName } from './config-variables.ts';
import { ENV_HELP, ENV_NAMES, EnvSchema } from './config-variables.ts';
import type { CredentialKey } from './shared/crypto.ts';
import { ConfigError } from './shared/errors.ts';

/** The environment as the bot uses it (Spec 8.1). */

export type Env = Readonly<Record<string, string | undefined>>;

/** How Slack is reached; `sandbox` = no Slack credentials at all. `apiUrl` ends with a slash; null = Slack's own. */
export type SlackConfig =
  | { mode: 'socket'; botToken: string; appToken: string; apiUrl: string | null }
  | { mode: 'http'; botToken: string; signingSecret: string; apiUrl: string | null }
  | {
      mode: 'oauth';
      clientId: string;
      clientSecret: string;
      signingSecret: string;
      stateSecret: string;
      apiUrl: string | null;
    }
  | { mode: 'sandbox'; apiUrl: string | null };

export type ArtifactsConfig =
  | { kind: 's3'; bucket: string; region: string; endpoint: string | null; prefix: string }
  | { kind: 'directory'; dir: string };

export interface Config {
  slack: SlackConfig;
  /** null = the embedded database (never in production) */
  mongodbUri: string | null;
  port: number;
  /** the address to listen on; null = loopback in the sandbox, every address otherwise */
  host: string | null;
  /** without a slash at the end; null = not told */
  publicUrl: string | null;
  /** newest first; null = a key file in `dataDir` is used (see `setup/credential-keys.ts`) */
  credentialKeys: CredentialKey[] | null;
  artifacts: ArtifactsConfig;
  allowedPrivateHosts: string[];
  logLevel: string;
  nodeEnv: string;
  isProduction: boolean;
  dataDir: string;
  tickMs: number;
  leaseMs: number;
  maxUploadBytes: number;
  maxUploadsAtOnce: number;
  apiRequestsPerMinute: number;
  /** how many proxies' `X-Forwarded-For` entries are believed */
  trustedProxies: number;
  /** things that are no mistake but were hardly meant; log them */
  warnings: string[];
}

const OUR_PREFIXES = ['SLIPWAY_', 'SLACK_', 'ARTIFACTS_'];
const OAUTH_NAMES = ['SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_SIGNING_SECRET', 'SLACK_STATE_SECRET'] as const;
const CREDENTIAL_NAMES = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', ...OAUTH_NAMES] as const;

type Values = z.output<typeof EnvSchema>;

/**
 * Throws `ConfigError` with every fault at once: name, what was expected, an example. Empty variables count as unset.
 * `toStart`: for the bot itself, which in production needs Slack; the commands beside it do not.
 */
export function parseConfig(env: Env, { toStart = false } = {}): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  );
  const isSet = (name: EnvName) => given[name] !== undefined;
  const faults: string[] = [];
  const warnings = unknownVariables(env);

  const parsed = EnvSchema.safeParse(given);
  if (!parsed.success) faults.push(...describeIssues(parsed.error, given));
  // What parsed is used to find the other faults too; nothing is returned unless there are none.
  const values: Values = parsed.success ? parsed.data : parseEach(given);

  const slack = slackConfig(given, values, isSet, faults);
  const isProduction = given['NODE_ENV'] === 'production';
  if (isProduction && !isSet('MONGODB_URI')) {
    faults.push(missing('MONGODB_URI', 'with NODE_ENV=production the embedded database is not used'));
  }
  const hasSlack = CREDENTIAL_NAMES.some(isSet);
  if (toStart && isProduction && !hasSlack) {
    faults.push(missing('SLACK_BOT_TOKEN', 'with NODE_ENV=production there is no sandbox'));
  }
  if (isProduction && (hasSlack || toStart) && !isSet('CREDENTIAL_KEYS')) {
    faults.push(missing('CREDENTIAL_KEYS', 'with NODE_ENV=production the keys are not made by the bot itself'));
  }
  const artifacts = artifactsConfig(values, isSet, given['AWS_REGION'], faults, warnings);
  if (!hasSlack) {
    const unused = (['SLACK_API_URL', 'MONGODB_URI'] as const).filter(isSet);
    for (const name of unused)
      warnings.push(`${name} is set but no Slack credentials are: the sandbox does not use it`);
  }
  if (faults.length > 0 || !slack || !artifacts) throw new ConfigError(faults);

  return {
    slack,
    mongodbUri: values.MONGODB_URI ?? null,
    port: values.PORT,
    host: values.SLIPWAY_HOST ?? null,
    publicUrl: values.PUBLIC_URL ?? null,
    credentialKeys: values.CREDENTIAL_KEYS ?? null,
    artifacts,
    allowedPrivateHosts: values.ALLOWED_PRIVATE_HOSTS,
    logLevel: values.LOG_LEVEL,
    nodeEnv: values.NODE_ENV,
    isProduction,
    dataDir: values.SLIPWAY_DATA_DIR,
    tickMs: values.SLIPWAY_TICK_SECONDS * 1000,
    leaseMs: values.SLIPWAY_LEASE_SECONDS * 1000,
    maxUploadBytes: values.SLIPWAY_MAX_UPLOAD_BYTES,
    maxUploadsAtOnce: values.SLIPWAY_MAX_UPLOADS_AT_ONCE,
    apiRequestsPerMinute: values.SLIPWAY_API_REQUESTS_PER_MINUTE,
    trustedProxies: values.SLIPWAY_TRUSTED_PROXIES,
    warnings,
  };
}

/** The environment with the `.env` file under it: what is really set wins. A file that is not there is no mistake. */
export function loadEnvFile(path = '.env', env: Env = process.env): Env {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isObject(error) && error['code'] === 'ENOENT') return env;
    throw new ConfigError([`${path} cannot be read: ${String(error)}`]);
  }
  return { ...parseEnv(text), ...env };
}

function slackConfig(
  given: Readonly<Record<string, string | undefined>>,
  values: Values,
  isSet: (name: EnvName) => boolean,
  faults: string[],
): SlackConfig | null {
  const apiUrl = values.SLACK_API_URL ?? null;
  if (!CREDENTIAL_NAMES.some(isSet)) return { mode: 'sandbox', apiUrl };
  const wantsOauth = isSet('SLACK_CLIENT_ID') || isSet('SLACK_CLIENT_SECRET') || isSet('SLACK_STATE_SECRET');
  if (wantsOauth && (isSet('SLACK_BOT_TOKEN') || isSet('SLACK_APP_TOKEN'))) {
    faults.push(
      'SLACK_BOT_TOKEN and SLACK_APP_TOKEN are for one workspace, SLACK_CLIENT_ID, SLACK_CLIENT_SECRET and ' +
        'SLACK_STATE_SECRET for many: set the ones or the others',
    );
    return null;
  }
  if (wantsOauth) {
    const absent = OAUTH_NAMES.filter((name) => !isSet(name));
    for (const name of absent) faults.push(missing(name, 'an installation in many workspaces needs it'));
    return absent.length > 0 ? null : oauthConfig(values, apiUrl);
  }
  if (!isSet('SLACK_BOT_TOKEN')) {
    const other = isSet('SLACK_APP_TOKEN') ? 'SLACK_APP_TOKEN' : 'SLACK_SIGNING_SECRET';
    faults.push(missing('SLACK_BOT_TOKEN', `${other} is set`));
    return null;
  }
  if (!isSet('SLACK_APP_TOKEN') && !isSet('SLACK_SIGNING_SECRET')) {
    const socket = `SLACK_APP_TOKEN (Socket Mode, e.g. SLACK_APP_TOKEN=${ENV_HELP.SLACK_APP_TOKEN.example})`;
    const http = `SLACK_SIGNING_SECRET (HTTP mode, e.g. SLACK_SIGNING_SECRET=${ENV_HELP.SLACK_SIGNING_SECRET.example})`;
    faults.push(`SLACK_BOT_TOKEN is set, but neither ${socket} nor ${http}: expected one of them`);
    return null;
  }
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, SLACK_SIGNING_SECRET: signingSecret } = values;
  if (!botToken) return null;
  if (given['SLACK_APP_TOKEN']) return appToken ? { mode: 'socket', botToken, appToken, apiUrl } : null;
  return signingSecret ? { mode: 'http', botToken, signingSecret, apiUrl } : null;
}

function oauthConfig(values: Values, apiUrl: string | null): SlackConfig | null {
  const { SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret } = values;
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_STATE_SECRET: stateSecret } = values;
  if (!clientId || !clientSecret || !signingSecret || !stateSecret) return null;
  return { mode: 'oauth', clientId, clientSecret, signingSecret, stateSecret, apiUrl };
}

function artifactsConfig(
  values: Values,
  isSet: (name: EnvName) => boolean,
  sdkRegion: string | undefined,
  faults: string[],
  warnings: string[],
): ArtifactsConfig | null {
  const parts = ['ARTIFACTS_S3_REGION', 'ARTIFACTS_S3_ENDPOINT', 'ARTIFACTS_S3_PREFIX'] as const;
  if (!isSet('ARTIFACTS_S3_BUCKET')) {
    const alone = parts.filter(isSet);
    if (alone.length > 0) faults.push(missing('ARTIFACTS_S3_BUCKET', `${alone.join(', ')} set`));
    return { kind: 'directory', dir: values.ARTIFACTS_DIR };
  }
  if (isSet('ARTIFACTS_DIR')) warnings.push('ARTIFACTS_DIR is not used: ARTIFACTS_S3_BUCKET is set');
  const endpoint = values.ARTIFACTS_S3_ENDPOINT ?? null;
  // Servers that merely speak S3 know no regions, but a signature needs one.
  const region = values.ARTIFACTS_S3_REGION ?? sdkRegion ?? (endpoint ? 'us-east-1' : null);
  if (region === null) faults.push(missing('ARTIFACTS_S3_REGION', 'the bucket is at AWS'));
  const bucket = values.ARTIFACTS_S3_BUCKET;
  if (!bucket || region === null) return null;
  return { kind: 's3', bucket, region, endpoint, prefix: values.ARTIFACTS_S3_PREFIX ?? '' };
}

function missing(name: EnvName, because: string): string {
  const { expected, example } = ENV_HELP[name];
  return `${name} is missing (${because}): expected ${expected}, e.g. ${name}=${example}`;
}

function describeIssues(error: z.ZodError, given: Readonly<Record<string, string | undefined>>): string[] {
  const names = new Set(error.issues.map((issue) => String(issue.path[0])));
  return [...names].filter(isKnown).map((name) => {
    const { expected, example, secret } = ENV_HELP[name];
    const shown = secret ? '' : `, not "${given[name]}"`;
    const own = error.issues.filter((issue) => issue.path[0] === name && issue.code === 'custom');
    const details = own.map((issue) => issue.message).filter((message) => message !== 'Invalid input');
    const why = details.length > 0 ? ` (${details.join('; ')})` : '';
    return `${name}: expected ${expected}${shown}${why}, e.g. ${name}=${example}`;
  });
}

function parseEach(given: Readonly<Record<string, string | undefined>>): Values {
  const good = Object.entries(given).filter(
    ([name, value]) => isKnown(name) && EnvSchema.shape[name].safeParse(value).success,
  );
  return EnvSchema.parse(Object.fromEntries(good));
}

function isKnown(name: string): name is EnvName {
  return Object.hasOwn(EnvSchema.shape, name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function unknownVariables(env: Env): string[] {
  const unknown = Object.keys(env).filter(
    (name) => OUR_PREFIXES.some((prefix) => name.startsWith(prefix)) && !isKnown(name),
  );
  return unknown.sort().map((name) => {
    const nearest = closest(name, ENV_NAMES);
    const hint = distance(name, nearest) <= 4 ? `; did you mean ${nearest}?` : '';
    return `${name} is not a variable of Slipway${hint}`;
  });
}
