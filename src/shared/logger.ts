import { types } from 'node:util';
import type { DestinationStream, Logger } from 'pino';
import pino from 'pino';
import { currentLogScope } from './log-scope.ts';

export type { Logger } from 'pino';

/**
 * pino, JSON, one line an event (Spec 8.5). What must never be in a log is taken out twice: by the name of the key, at
 * any depth of the logged object, and by its look (tokens, secrets in addresses, e-mail addresses) in the whole line.
 */

const CENSORED = '[redacted]';
const MAX_DEPTH = 8;
const MAX_TEXT = 8_000;
const MAX_ITEMS = 100;

const SECRET_KEY =
  /^(authorization|proxy-authorization|cookie|set-cookie|x-slack-signature|x-hub-signature(-256)?|signature|password|passwd|passphrase|credentials?|sealed_?credentials|private_?key|api_?key|access_?key|secret_?access_?key|.*secret|.*token|response_?url|upload_?url|email|e-mail|phone|real_?name|display_?name|avatar.*)$/i;
/** Whole bodies and files: named so because they are never needed to understand an event. */
const CONTENT_KEY = /^(body|raw_?body|bytes|file_?content|content_?bytes|buffer|chunk)$/i;
/** Names that end like a secret's but are none. */
const HARMLESS_KEY = /^(has_?token|token_?id|token_?name|lease_?token)$/i;

const SECRET_LOOKS: readonly [RegExp, string][] = [
  [/\bxox[a-z]?(?:\.xox[a-z])?-[A-Za-z0-9-]{3,}/g, CENSORED],
  [/\bxapp-[A-Za-z0-9-]{3,}/g, CENSORED],
  [/\b(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]{6,}/g, CENSORED],
  [/\bslw_[A-Za-z0-9_-]{8,}/g, CENSORED],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}/g, CENSORED],
  [/\b(Bearer|Basic|token)(\s+)[A-Za-z0-9._~+/=-]{8,}/gi, `$1$2${CENSORED}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, CENSORED],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----/gs, CENSORED],
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[^/\s"\\]*@/gi, `$1${CENSORED}@`],
  // Whoever has the address of an answer may answer.
  [/(:\/\/hooks\.slack(?:-gov)?\.com\/)[^\s"\\]+/gi, `$1${CENSORED}`],
  [/((?:token|secret|password|passwd|ticket|signature|credential|\bsig)=)[^&\s"\\]+/gi, `$1${CENSORED}`],
  [/\bv0=[0-9a-f]{16,}/gi, `v0=${CENSORED}`],
  [/\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b/g, '[e-mail]'],
  // Bindings of child loggers reach the line without passing `censor`.
  [
    /("(?:authorization|cookie|password|credentials|privateKey|[A-Za-z_]*[sS]ecret|[A-Za-z]*Token|token)":)"(?:[^"\\]|\\.)*"/g,
    `$1"${CENSORED}"`,
  ],
];

export interface LoggerOptions {
  /** trace, debug, info, warn, error, fatal or silent */
  level: string;
  /** default: standard output */
  destination?: DestinationStream;
}

export function createLogger({ level, destination }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: {},
    mixin: currentLogScope,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label) => ({ level: label }),
      log: (object) => censorObject(object, 0, new WeakSet()),
    },
    // `censor` has made it a plain object already.
    serializers: { err: (error: unknown) => error },
    hooks: { streamWrite: scrub },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Takes everything that looks like a secret out of a text. */
export function scrub(text: string): string {
  let clean = text;
  for (const [look, replacement] of SECRET_LOOKS) clean = clean.replace(look, replacement);
  return clean;
}

function censorObject(object: object, depth: number, seen: WeakSet<object>): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) clean[key] = censorEntry(key, value, depth, seen);
  return clean;
}

function censorEntry(key: string, value: unknown, depth: number, seen: WeakSet<object>): unknown {
  if (value === null || value === undefined) return value;
  if (SECRET_KEY.test(key) && !HARMLESS_KEY.test(key)) return CENSORED;
  if (CONTENT_KEY.test(key)) return '[content]';
  return censor(value, depth + 1, seen);
}

function censor(value: unknown, depth: number, seen: WeakSet<object>): unknown {
  if (typeof value === 'string') return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (seen.has(value)) return '[seen before]';
  if (depth > MAX_DEPTH) return '[too deep]';
  seen.add(value);
  if (types.isNativeError(value)) return censorError(value, depth, seen);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => censor(item, depth + 1, seen));
  if (value instanceof Map) return censorObject(Object.fromEntries(value), depth, seen);
  if (value instanceof Set) return [...value].slice(0, MAX_ITEMS).map((item) => censor(item, depth + 1, seen));
  if ('pipe' in value && typeof value.pipe === 'function') return '[stream]';
  return censorObject(value, depth, seen);
}

function censorError(error: Error, depth: number, seen: WeakSet<object>): Record<string, unknown> {
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...censorObject(error, depth, seen),
    ...(error.cause === undefined ? {} : { cause: censor(error.cause, depth + 1, seen) }),
  };
}
