import {
  AuthError,
  ConflictError,
  PermanentError,
  type ProviderFault,
  TransientError,
} from '../../../shared/errors.ts';

export const PROVIDER = 'GITHUB';
const MAX_DETAIL = 300;
/** What GitHub wants at least where a limit names no time. */
const UNSAID_LIMIT_MS = 60_000;
const TOKEN_SHAPED = /\b(?:gh[a-z]_[\w.-]+|github_pat_\w+|eyJ[\w-]+\.[\w-]+\.[\w-]+)/g;
const PEM = /-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g;

/** A failed call, read once from whatever Octokit threw. */
export interface Failure {
  /** null when there was no answer at all, or only a part of one */
  status: number | null;
  /** GitHub's own words, or what became of the connection */
  words: string;
  headers: Readonly<Record<string, string>>;
  /** GitHub names the reason of a refusal in this address, more steadily than in its sentence */
  documentationUrl: string;
}

/** An answer of 2xx that is not the JSON it should be; Octokit hands it over as a string. */
export class CutAnswer extends Error {
  override readonly name = 'CutAnswer';
  /** the retry plugin looks for its own counters here */
  readonly request: unknown;
  constructor(request: unknown) {
    super('the answer was cut short or is not JSON');
    this.request = request;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function wordsOf(data: unknown): string {
  const message = field(data, 'message');
  const errors = field(data, 'errors');
  if (typeof message !== 'string') return 'answered with an error';
  const parts = (Array.isArray(errors) ? errors : []).map((error: unknown) => {
    if (typeof error === 'string') return error;
    const said = field(error, 'message') ?? [field(error, 'field'), field(error, 'code')].filter(Boolean).join(' ');
    return String(said);
  });
  return [message.split('\n')[0], ...parts].filter(Boolean).join(': ');
}

function connectionWords(error: unknown): string {
  for (
    let cause: unknown = error, depth = 0;
    cause !== undefined && depth < 5;
    cause = field(cause, 'cause'), depth += 1
  ) {
    if (field(cause, 'name') === 'TimeoutError') return 'no answer in time';
    const code = field(cause, 'code');
    if (typeof code === 'string') return `no answer (${code})`;
  }
  return 'no answer';
}

/** Null for what Octokit did not throw: our own errors and bugs go on as they are. */
export function readFailure(error: unknown): Failure | null {
  if (error instanceof CutAnswer) return { status: null, words: error.message, headers: {}, documentationUrl: '' };
  const status = field(error, 'status');
  if (typeof status !== 'number' || field(error, 'request') === undefined) return null;
  const response = field(error, 'response');
  // Octokit says 500 for a connection that broke; only an answer has a `response`
  if (response === undefined) return { status: null, words: connectionWords(error), headers: {}, documentationUrl: '' };
  const data = field(response, 'data');
  return {
    status,
    words: wordsOf(data),
    headers: (field(response, 'headers') ?? {}) as Record<string, string>,
    documentationUrl: String(field(data, 'documentation_url') ?? ''),
  };
}

/** How long GitHub asks to wait, in ms: `Retry-After`, else the reset of an exhausted limit, on GitHub's own clock. */
export function retryAfterMs({ headers }: Failure): number | null {
  const asked = headers['retry-after'];
  const date = Date.parse(headers['date'] ?? '');
  const now = Number.isNaN(date) ? Date.now() : date;
  if (asked !== undefined) {
    const at = Date.parse(asked);
    if (/^\d+$/.test(asked)) return Number(asked) * 1000;
    return Number.isNaN(at) ? null : Math.max(0, at - now);
  }
  const reset = Number(headers['x-ratelimit-reset']);
  return headers['x-ratelimit-remaining'] === '0' && reset > 0 ? Math.max(0, reset * 1000 - now) : null;
}

/** 429, or a 403 that says by header or by its documentation address that it is about the rate. */
export function isRateLimit(failure: Failure): boolean {
  if (failure.status === 429) return true;
  if (failure.status !== 403) return false;
  return retryAfterMs(failure) !== null || /rate-?limit/.test(failure.documentationUrl);
}

export function isTransient(failure: Failure): boolean {
  const { status } = failure;
  return status === null || status === 408 || status >= 500 || isRateLimit(failure);
}

function missingPermission({ headers, status }: Failure): string {
  const permissions = headers['x-accepted-github-permissions'];
  if (permissions)
    return `; the token needs the permission ${permissions.replaceAll(';', ' or ').replaceAll(',', ' and ')}`;
  const accepted = headers['x-accepted-oauth-scopes']?.split(/,\s*/).filter(Boolean) ?? [];
  const held = headers['x-oauth-scopes']?.split(/,\s*/) ?? null;
  if (held && accepted.length > 0 && !accepted.some((scope) => held.includes(scope))) {
    return `; the token lacks the scope ${accepted.join(' or ')}`;
  }
  return status === 401 ? '; the credential is wrong, expired or revoked' : '';
}

/** Takes every secret, and everything that looks like one, out of a text that a person will see. */
export function scrub(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length > 0)
    .reduce((rest, secret) => rest.replaceAll(secret, '••••'), text);
  return known.replace(PEM, '••••').replace(TOKEN_SHAPED, '••••').slice(0, MAX_DETAIL);
}

/** The error the engine understands (Spec 4.5). Decided by status and headers, never by what the message says. */
export function toProviderError(failure: Failure, operation: string, secrets: readonly string[]): Error {
  const { status } = failure;
  const refused = status === 401 || status === 403 || status === 404;
  const detail = scrub(`${failure.words}${refused ? missingPermission(failure) : ''}`, secrets);
  const fault: ProviderFault = { provider: PROVIDER, operation, status, detail };
  if (isTransient(failure))
    return new TransientError(fault, retryAfterMs(failure) ?? (isRateLimit(failure) ? UNSAID_LIMIT_MS : null));
  if (status === 401 || status === 403) return new AuthError(fault);
  return status === 409 ? new ConflictError(fault) : new PermanentError(fault);
}
