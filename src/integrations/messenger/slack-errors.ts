import { WebAPIHTTPError, WebAPIPlatformError, WebAPIRateLimitedError, WebAPIRequestError } from '@slack/web-api';
import { AuthError, PermanentError, ProviderError, type ProviderFault, TransientError } from '../../shared/errors.ts';

/** Slack's words for a credential that is wrong, gone or not enough. */
const AUTH_WORDS = new Set([
  'access_denied',
  'account_inactive',
  'ekm_access_denied',
  'invalid_auth',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'token_expired',
  'token_revoked',
]);

/** Slack's words for a fault of its own that passes. */
const PASSING_WORDS = new Set([
  'fatal_error',
  'internal_error',
  'ratelimited',
  'request_timeout',
  'rollup_error',
  'service_unavailable',
  'team_added_to_org',
]);

/**
 * What a call of the Web API threw, as one of the provider errors of Spec 4.5; told apart by class and by Slack's error
 * word, never by message text. No token and no message text is in it.
 */
export function mapSlackError(error: unknown, operation: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const cause = { cause: error };
  const fault = (status: number | null, detail: string): ProviderFault => ({
    provider: 'SLACK',
    operation,
    status,
    detail,
  });
  if (error instanceof WebAPIRateLimitedError) {
    const detail = `rate limited, try again in ${error.retryAfter} s`;
    return new TransientError(fault(429, detail), error.retryAfter * 1000, cause);
  }
  if (error instanceof WebAPIPlatformError) return mapWord(error, fault, cause);
  if (error instanceof WebAPIHTTPError) {
    const { statusCode } = error;
    const made = fault(statusCode, error.statusMessage || 'HTTP error');
    if (statusCode === 401 || statusCode === 403) return new AuthError(made, cause);
    if (statusCode === 408 || statusCode === 429 || statusCode >= 500) return new TransientError(made, null, cause);
    return new PermanentError(made, cause);
  }
  if (error instanceof WebAPIRequestError) {
    return new TransientError(fault(null, `no answer (${codeOf(error.original)})`), null, cause);
  }
  // What is left: a body that broke off while it was read, or a 429 without a usable Retry-After.
  return new TransientError(fault(null, 'the answer broke off'), null, cause);
}

function mapWord(
  error: WebAPIPlatformError,
  fault: (status: number | null, detail: string) => ProviderFault,
  cause: ErrorOptions,
): ProviderError {
  const word = error.data.error;
  // An answer that is not JSON arrives here as a "word": some proxy's page, not Slack.
  if (typeof word !== 'string' || !/^[\w.:-]{1,80}$/.test(word)) {
    return new TransientError(fault(200, 'the answer was not JSON'), null, cause);
  }
  const detail = detailOf(error, word);
  if (AUTH_WORDS.has(word)) return new AuthError(fault(200, detail), cause);
  if (PASSING_WORDS.has(word)) return new TransientError(fault(200, detail), null, cause);
  return new PermanentError(fault(200, detail), cause);
}

function detailOf(error: WebAPIPlatformError, word: string): string {
  const needed = 'needed' in error.data ? error.data.needed : null;
  const messages = error.data.response_metadata?.messages ?? [];
  const extra = typeof needed === 'string' ? `needs ${needed}` : messages.slice(0, 3).join('; ');
  return extra ? `${word}: ${extra}` : word;
}

function codeOf(error: Error): string {
  const cause = error.cause;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name === 'TimeoutError' ? 'timed out' : error.name;
}

/** Slack's error word of what a call threw; null when Slack did not answer with one. */
export function slackErrorWord(error: unknown): string | null {
  if (error instanceof WebAPIPlatformError) return error.data.error;
  if (error instanceof ProviderError && error.cause !== undefined) return slackErrorWord(error.cause);
  return null;
}
