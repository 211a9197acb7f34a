import { AuthError, PermanentError, type ProviderFault, TransientError } from '../../shared/errors.ts';

/** Where Slack keeps files. The bot's token goes nowhere else (Spec 8.6). */
const SLACK_FILE_ORIGINS = ['https://files.slack.com', 'https://slack-files.com'];
const MAX_REDIRECTS = 3;

/**
 * Where files may come from: Slack's own file hosts, or, when `SLACK_API_URL` is set, its host and the `files.` host
 * beside it (GovSlack keeps them there), with the same scheme.
 */
export function slackFileOrigins(slackApiUrl: string | undefined): string[] {
  if (slackApiUrl === undefined) return SLACK_FILE_ORIGINS;
  const { origin, protocol, host } = new URL(slackApiUrl);
  return [origin, `${protocol}//files.${host}`];
}

/** A download under way. */
export interface SlackFile {
  readonly url: string;
  readonly token: string;
  readonly allowedOrigins: readonly string[];
  readonly fetch: typeof fetch;
  readonly idleMs: number;
  /** bytes handed on so far */
  offset: number;
  /** bytes to throw away because the server began from the start again */
  skip: number;
  /** the file's strong entity tag, where the server gives one */
  etag: string | null;
  /** its length; null = not known yet */
  total: number | null;
}

export interface Connection {
  reader: ReadableStreamDefaultReader<Uint8Array>;
  abort: AbortController;
}

/** Asks for the file from `offset` on. Throws `TransientError`, `AuthError` or `PermanentError`. */
export async function requestPart(file: SlackFile): Promise<Connection> {
  const abort = new AbortController();
  try {
    const response = await withinIdle(abort, file.idleMs, () => follow(file, abort.signal));
    checkStatus(response);
    checkPlace(file, response);
    if (response.body === null) throw new TransientError(describeFault(response.status, 'the answer has no body'));
    return { reader: response.body.getReader(), abort };
  } catch (error) {
    abort.abort();
    if (error instanceof AuthError || error instanceof PermanentError || error instanceof TransientError) throw error;
    throw new TransientError(describeFault(null, 'no answer'), null, { cause: error });
  }
}

/** Follows redirects by hand, so that the token is never sent to another host. */
async function follow(file: SlackFile, signal: AbortSignal): Promise<Response> {
  let url = allowedUrl(file.url, file.allowedOrigins);
  const { host } = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (url.host === host) headers['authorization'] = `Bearer ${file.token}`;
    if (file.offset > 0) headers['range'] = `bytes=${file.offset}-`;
    if (file.offset > 0 && file.etag !== null) headers['if-range'] = file.etag;
    const response = await file.fetch(url, { headers, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    url = allowedUrl(new URL(location, url).href, file.allowedOrigins);
  }
  throw new PermanentError(describeFault(null, `more than ${MAX_REDIRECTS} redirects`));
}

function allowedUrl(text: string, allowedOrigins: readonly string[]): URL {
  const url = new URL(text);
  if (allowedOrigins.includes(url.origin)) return url;
  // Slack sends a request with a bad token on to its sign-in page.
  if (url.host === 'slack.com' || url.host.endsWith('.slack.com')) {
    throw new AuthError(describeFault(null, 'Slack asks to sign in: the token is wrong or lacks files:read'));
  }
  throw new PermanentError(describeFault(null, `${url.host} is no host of Slack's files`));
}

function checkStatus(response: Response): void {
  const { status } = response;
  if (status === 401 || status === 403) throw new AuthError(describeFault(status, 'the bot may not read this file'));
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const fault = describeFault(status, 'Slack did not give the file');
    throw new TransientError(fault, seconds > 0 ? seconds * 1000 : null);
  }
  if (status !== 200 && status !== 206) throw new PermanentError(describeFault(status, 'the file cannot be had'));
  // With a token that is wrong or lacks files:read, Slack answers 200 and its sign-in page.
  if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
    const detail = 'Slack gave its sign-in page: the token is wrong or lacks files:read';
    throw new AuthError(describeFault(status, detail));
  }
}

/** Whether this answer goes on where we are; notes what is to be skipped, the tag and the length. */
function checkPlace(file: SlackFile, response: Response): void {
  const { status, headers } = response;
  const etag = headers.get('etag');
  if (file.offset > 0 && file.etag !== null && etag !== null && etag !== file.etag) {
    throw new PermanentError(describeFault(status, 'the file changed while it was read'));
  }
  // A weak tag does not promise the same bytes, and If-Range takes strong ones only.
  file.etag ??= etag !== null && !etag.startsWith('W/') ? etag : null;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const startsAt = status === 206 ? Number(range?.[1] ?? Number.NaN) : 0;
  if (Number.isNaN(startsAt) || startsAt > file.offset) {
    throw new TransientError(describeFault(status, `asked for bytes from ${file.offset}, got another part`));
  }
  file.skip = file.offset - startsAt;
  const told = toldLength(status, headers, range?.[2]);
  if (told === null) return;
  file.total ??= told;
  if (told !== file.total) {
    throw new PermanentError(describeFault(status, `the file has ${told} bytes, Slack told ${file.total} before`));
  }
}

function toldLength(status: number, headers: Headers, ofRange: string | undefined): number | null {
  if (status === 206) return ofRange === undefined || ofRange === '*' ? null : Number(ofRange);
  const length = headers.get('content-length');
  return length === null ? null : Number(length);
}

/** Runs `work`; after `idleMs` of silence aborts it. The clock runs while we wait, not while our reader does. */
export async function withinIdle<T>(abort: AbortController, idleMs: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => abort.abort(new Error('timed out')), idleMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}

export function describeFault(status: number | null, detail: string): ProviderFault {
  return { provider: 'SLACK', operation: 'openFile', status, detail };
}
