import type { Logger } from 'pino';
import { isDatabaseError } from '../shared/database-errors.ts';
import type { RefusalCode } from '../shared/errors.ts';
import { NotConfiguredError, ProviderError, Refusal, TransientError } from '../shared/errors.ts';
import type { Answer } from './endpoint.ts';

/** What HTTP itself refuses: no token, no such path, a body that is none. `message` is a sentence for a person. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HttpProblem';
    this.status = status;
    this.headers = headers;
  }
}

/** The one sentence for a closed window over HTTP (Spec 3.2). */
const WINDOW_CLOSED_ERROR = 'Upload window closed for this stage/cycle';

const REFUSAL_STATUS: Record<RefusalCode, number> = {
  NOT_FOUND: 404,
  DAMAGED: 409,
  FORBIDDEN: 403,
  INVALID_INPUT: 422,
  CONFLICT: 409,
  ACTION_NOT_AVAILABLE: 409,
  STALE: 409,
  WINDOW_CLOSED: 409,
  INVALID_BUILD: 422,
  TOO_LARGE: 413,
  UNSUPPORTED_FILE: 415,
  RATE_LIMITED: 429,
};

/** express and body-parser mark their errors so. */
const BODY_ERRORS: Record<string, string> = {
  'entity.parse.failed': 'The body is not valid JSON.',
  'entity.too.large': 'The body is too large.',
  'encoding.unsupported': 'This content encoding is not supported.',
  'charset.unsupported': 'This character set is not supported; send UTF-8.',
  'request.aborted': 'The connection was closed before the body was complete.',
  'request.size.invalid': 'The body is not as long as Content-Length says.',
};

/** The answer that an error makes: `{ success: false, error, fields? }`, never a stack (Spec 3.5, 8.4). */
export function answerOf(error: unknown, requestId: string): Answer {
  if (error instanceof Refusal) return refusalAnswer(error);
  if (error instanceof HttpProblem) return answer(error.status, error.message, error.headers);
  if (error instanceof NotConfiguredError) return answer(422, error.message);
  if (isDatabaseError(error)) {
    return answer(503, 'The database cannot be reached at the moment. Try again in a minute.', { 'Retry-After': '30' });
  }
  if (error instanceof TransientError) {
    const seconds = Math.ceil((error.retryAfterMs ?? 30_000) / 1000);
    return answer(503, `${error.message}. Try again later.`, { 'Retry-After': String(seconds) });
  }
  if (error instanceof ProviderError) return answer(502, error.message);
  const known = knownHttpError(error);
  if (known) return known;
  return answer(500, `Something went wrong on our side; it was logged as ${requestId}.`);
}

/** A refusal is info, a fault of others warn, our own bug error (style of the logs). */
export function logProblem(logger: Logger, error: unknown, status: number): void {
  if (status >= 500 && !isDatabaseError(error) && !(error instanceof ProviderError)) {
    logger.error({ err: error }, 'request failed');
  } else if (status >= 500) logger.warn({ err: error }, 'request failed for now');
  else logger.info({ status, reason: error instanceof Error ? error.message : String(error) }, 'request refused');
}

function refusalAnswer(refusal: Refusal): Answer {
  const status = REFUSAL_STATUS[refusal.code];
  if (refusal.code === 'WINDOW_CLOSED') {
    const detail = refusal.message === WINDOW_CLOSED_ERROR ? {} : { detail: withoutMentions(refusal.message) };
    return { status, body: { success: false, error: WINDOW_CLOSED_ERROR, ...detail } };
  }
  const fields = Object.keys(refusal.fields).length > 0 ? { fields: refusal.fields } : {};
  const headers = refusal.code === 'RATE_LIMITED' ? { 'Retry-After': '30' } : {};
  return { status, body: { success: false, error: withoutMentions(refusal.message), ...fields }, headers };
}

/** Sentences are written for Slack, where an id in `<@…>` becomes a name; here the id alone says more. */
function withoutMentions(sentence: string): string {
  return sentence.replace(/<(?:@|!subteam\^)([A-Z0-9]+)>/g, '$1');
}

function knownHttpError(error: unknown): Answer | null {
  if (!(typeof error === 'object' && error !== null)) return null;
  const status = 'status' in error ? Number(error.status) : 0;
  if (!(status >= 400 && status < 500)) return null;
  const type = 'type' in error ? String(error.type) : '';
  return answer(status, BODY_ERRORS[type] ?? 'The request cannot be understood.');
}

function answer(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: { success: false, error }, headers };
}
