import { isIP } from 'node:net';
import { z } from 'zod';
import { parseCredentialKeys } from './shared/crypto.ts';

/**
 * The environment variables (Spec 8.1): one schema each, with what was expected and an example for whoever got it wrong.
 * `.env.example` lists the same ones (a test holds the two together).
 */

const ROOT_HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

const word = z.string().regex(/^\S+$/);
const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
const httpUrl = z.url({ protocol: /^https?$/, hostname: /.+/ });
const privateHost = z.string().refine(isHostOrNetwork);

export const EnvSchema = z.object({
  SLACK_BOT_TOKEN: z
    .string()
    .regex(/^(xoxb-|xoxe\.xoxb-)\S+$/)
    .optional(),
  SLACK_APP_TOKEN: z
    .string()
    .regex(/^xapp-\S+$/)
    .optional(),
  SLACK_SIGNING_SECRET: word.optional(),
  SLACK_CLIENT_ID: word.optional(),
  SLACK_CLIENT_SECRET: word.optional(),
  SLACK_STATE_SECRET: word.optional(),
  SLACK_API_URL: httpUrl.transform((url) => (url.endsWith('/') ? url : `${url}/`)).optional(),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^\s/]+/)
    .optional(),
  PORT: integer(0, 65_535).default(3000),
  PUBLIC_URL: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
  CREDENTIAL_KEYS: z
    .string()
    .transform((text, context) => {
      const { keys, faults } = parseCredentialKeys(text);
      for (const message of faults) context.addIssue({ code: 'custom', message });
      return keys;
    })
    .optional(),
  ARTIFACTS_S3_BUCKET: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional(),
  ARTIFACTS_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .optional(),
  ARTIFACTS_S3_ENDPOINT: httpUrl.optional(),
  ARTIFACTS_S3_PREFIX: z
    .string()
    .regex(/^[^\s/][^\s]*$/)
    .transform((prefix) => prefix.replace(/\/+$/, ''))
    .optional(),
  ARTIFACTS_DIR: z.string().default('./data/artifacts'),
  ALLOWED_PRIVATE_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .pipe(z.array(privateHost))
    .default([]),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  NODE_ENV: word.default('development'),
  SLIPWAY_HOST: z
    .string()
    .refine((text) => isIP(text) > 0 || ROOT_HOST.test(text))
    .optional(),
  SLIPWAY_DATA_DIR: z.string().default('./data'),
  SLIPWAY_TICK_SECONDS: integer(1, 3600).default(60),
  SLIPWAY_LEASE_SECONDS: integer(2, 3600).default(60),
  SLIPWAY_MAX_UPLOAD_BYTES: integer(1, 2 ** 50).default(4 * 2 ** 30),
  SLIPWAY_MAX_UPLOADS_AT_ONCE: integer(1, 10_000).default(16),
  SLIPWAY_API_REQUESTS_PER_MINUTE: integer(1, 1_000_000).default(600),
  SLIPWAY_TRUSTED_PROXIES: integer(0, 20).default(0),
});
export type EnvName = keyof typeof EnvSchema.shape;
export const ENV_NAMES = Object.keys(EnvSchema.shape) as EnvName[];

/** `expected` ends the sentence "expected …"; a `secret` value is never repeated in a fault. */
export const ENV_HELP: Record<EnvName, { expected: string; example: string; secret?: true }> = {
  SLACK_BOT_TOKEN: { expected: 'a bot token of Slack, which begins with xoxb-', example: 'xoxb-1-2-abc', secret: true },
  SLACK_APP_TOKEN: {
    expected: 'an app-level token of Slack, which begins with xapp-',
    example: 'xapp-1-A1-2-abc',
    secret: true,
  },
  SLACK_SIGNING_SECRET: {
    expected: 'the signing secret of the Slack app, without spaces',
    example: '8f742231b10e8888abcd99yyyzzz85a5',
    secret: true,
  },
  SLACK_CLIENT_ID: { expected: 'the client id of the Slack app', example: '111.222' },
  SLACK_CLIENT_SECRET: { expected: 'the client secret of the Slack app', example: '0123abcd', secret: true },
  SLACK_STATE_SECRET: { expected: 'any long random text without spaces', example: 'f3c1b0e59a7d', secret: true },
  SLACK_API_URL: { expected: 'an http or https address', example: 'https://slack.com/api/' },
  MONGODB_URI: {
    expected: 'an address that begins with mongodb:// or mongodb+srv://',
    example: 'mongodb://127.0.0.1:27017/slipway',
    secret: true,
  },
  PORT: { expected: 'a port number from 0 (any free one) to 65535', example: '3000' },
  PUBLIC_URL: { expected: 'an http or https address', example: 'https://slipway.example.com' },
  CREDENTIAL_KEYS: {
    expected: 'id:base64key pairs of 32 bytes each, separated by commas, newest first',
    example: 'k2:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
    secret: true,
  },
  ARTIFACTS_S3_BUCKET: { expected: 'the name of an S3 bucket', example: 'acme-builds' },
  ARTIFACTS_S3_REGION: { expected: 'the region of the bucket', example: 'eu-north-1' },
  ARTIFACTS_S3_ENDPOINT: { expected: 'an http or https address', example: 'https://minio.example.com:9000' },
  ARTIFACTS_S3_PREFIX: { expected: 'a key prefix that does not begin with a slash', example: 'slipway' },
  ARTIFACTS_DIR: { expected: 'a directory', example: './data/artifacts' },
  ALLOWED_PRIVATE_HOSTS: {
    expected: 'host names, addresses or networks, separated by commas',
    example: 'jenkins.internal,10.0.0.0/8',
  },
  LOG_LEVEL: { expected: 'trace, debug, info, warn, error, fatal or silent', example: 'info' },
  NODE_ENV: { expected: 'one word: production, development or test', example: 'production' },
  SLIPWAY_HOST: { expected: 'the address or host name to listen on', example: '0.0.0.0' },
  SLIPWAY_DATA_DIR: { expected: 'a directory', example: './data' },
  SLIPWAY_TICK_SECONDS: { expected: 'a whole number of seconds from 1 to 3600', example: '60' },
  SLIPWAY_LEASE_SECONDS: { expected: 'a whole number of seconds from 2 to 3600', example: '60' },
  SLIPWAY_MAX_UPLOAD_BYTES: { expected: 'a whole number of bytes, at least 1', example: '4294967296' },
  SLIPWAY_MAX_UPLOADS_AT_ONCE: { expected: 'a whole number from 1 to 10000', example: '16' },
  SLIPWAY_API_REQUESTS_PER_MINUTE: { expected: 'a whole number from 1 to 1000000', example: '600' },
  SLIPWAY_TRUSTED_PROXIES: { expected: 'how many proxies stand before the bot, 0 to 20', example: '1' },
};

/** A host name (`*.` before it for its subdomains), an IP address, or a network in CIDR form. */
function isHostOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.replace(/^\[|\]$/g, '').split('/');
  if (rest.length > 0) return false;
  const family = isIP(address);
  if (bits === undefined) return family > 0 || ROOT_HOST.test(address);
  return family > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}
