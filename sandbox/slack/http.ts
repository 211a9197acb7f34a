import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ALL_SCOPES, METHODS } from './api/index.ts';
import { ApiError, badArguments, type Method } from './api/method.ts';
import { RateLimited } from './api/post-limit.ts';
import { sendFile } from './download.ts';
import type { Fault } from './faults.ts';
import { readArguments, readText, readUpload } from './http-body.ts';
import { postToResponseUrl } from './response-urls.ts';
import type { ApiCall, Json } from './types.ts';
import { recordViolation, tell, type World } from './world.ts';

interface Outcome {
  status: number;
  body: Json;
  headers?: Record<string, string>;
}

/** Errors that only a mistake in the bot's code can cause. */
const BUGS = new Set([
  'unknown_method',
  'invalid_arguments',
  'invalid_limit',
  'invalid_metadata_format',
  'invalid_thread_ts',
]);

function bearer(request: IncomingMessage, args: Json): string | null {
  const match = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '');
  if (match?.[1]) return match[1];
  return typeof args['token'] === 'string' ? args['token'] : null;
}

function checkToken(world: World, method: Method, token: string | null): void {
  if (token === null) throw new ApiError('not_authed');
  const { botToken, appToken } = world.options;
  if (token !== botToken && token !== appToken) throw new ApiError('invalid_auth');
  if (token !== (method.token === 'app' ? appToken : botToken)) throw new ApiError('not_allowed_token_type');
}

function checkScope(world: World, method: Method): void {
  const granted = world.options.scopes;
  if (!granted || !method.scope || method.scope.some((scope) => granted.includes(scope))) return;
  throw new ApiError('missing_scope', { needed: method.scope.join(','), provided: granted.join(',') });
}

async function carryOut(
  world: World,
  name: string,
  request: IncomingMessage,
  args: Json,
  json: boolean,
): Promise<Outcome> {
  const method = Object.hasOwn(METHODS, name) ? METHODS[name] : undefined;
  try {
    if (!method) throw new ApiError('unknown_method', { req_method: name });
    checkToken(world, method, bearer(request, args));
    checkScope(world, method);
    const read = method.formOnly && json ? {} : args;
    const missing = (method.required ?? []).filter((field) => [undefined, null, ''].includes(read[field] as never));
    if (missing.length > 0) throw badArguments(...missing.map((field) => `missing required field: ${field}`));
    return { status: 200, body: { ok: true, ...(await method.run(world, read)) } };
  } catch (error) {
    if (error instanceof RateLimited) return rateLimited(error.retryAfterS);
    if (!(error instanceof ApiError)) throw error;
    if (BUGS.has(error.code)) {
      const known = world.violations.at(-1)?.args === args;
      const messages = [JSON.stringify(error.extra)];
      if (!known) recordViolation(world, { where: name, error: error.code, messages, args });
    }
    return { status: 200, body: { ok: false, error: error.code, ...error.extra } };
  }
}

const rateLimited = (retryAfterS: number): Outcome => ({
  status: 429,
  body: { ok: false, error: 'ratelimited' },
  headers: { 'Retry-After': String(retryAfterS) },
});

/** A fault that keeps the call from being carried out: its answer, or `cut`. */
async function faultBefore(fault: Fault | null): Promise<Outcome | 'cut' | null> {
  if (!fault) return null;
  if (fault.kind === 'delay') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault.kind === 'hold') await fault.until;
  if (fault.kind === 'rate-limit') return rateLimited(fault.retryAfterS);
  if (fault.kind === 'error') return { status: 200, body: { ok: false, error: fault.error } };
  if (fault.kind === 'status' && !fault.carriedOut)
    return { status: fault.status, body: { ok: false, error: 'internal_error' } };
  return fault.kind === 'reset' && fault.when === 'before' ? 'cut' : null;
}

/** Writes the answer, spoiled as the fault says. */
function answer(response: ServerResponse, outcome: Outcome, fault: Fault | null): void {
  if (fault?.kind === 'reset') {
    response.socket?.resetAndDestroy();
    return;
  }
  const status = fault?.kind === 'status' ? fault.status : outcome.status;
  const text = fault?.kind === 'wrong-json' ? '<html>Bad gateway</html>' : JSON.stringify(outcome.body);
  const headers = { 'Content-Type': 'application/json; charset=utf-8', ...outcome.headers };
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(text) });
  if (fault?.kind === 'half-body') {
    response.write(text.slice(0, Math.ceil(text.length / 2)), () => response.socket?.resetAndDestroy());
    return;
  }
  response.end(text);
}

async function handleApi(
  world: World,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) {
  const { args, json, warning } = await readArguments(request, query);
  const fault = world.faults.take(name);
  const early = await faultBefore(fault);
  const outcome = early === 'cut' ? null : (early ?? (await carryOut(world, name, request, args, json)));
  if (outcome && warning) outcome.body['warning'] = outcome.body['warning'] ?? warning;
  const { token: _token, ...shown } = args;
  const error = outcome?.body['error'];
  const call: ApiCall = {
    method: name,
    args: shown,
    at: world.now(),
    httpStatus: outcome?.status ?? 0,
    answer: outcome?.body ?? null,
    error: typeof error === 'string' ? error : null,
    fault,
  };
  world.calls.push(call);
  tell(world, { kind: 'call', call });
  if (!outcome) {
    response.socket?.resetAndDestroy();
    return;
  }
  outcome.headers = {
    'X-OAuth-Scopes': (world.options.scopes ?? ALL_SCOPES).join(','),
    'X-Slack-Req-Id': `req-${world.calls.length}`,
    ...outcome.headers,
  };
  answer(response, outcome, early ? null : fault);
}

async function handleResponseUrl(world: World, token: string, request: IncomingMessage, response: ServerResponse) {
  const raw = await readText(request);
  const fault = world.faults.take('response_url');
  const early = await faultBefore(fault);
  if (early === 'cut') return void response.socket?.resetAndDestroy();
  if (early) return answer(response, early, null);
  const { status, text } = postToResponseUrl(world, token, raw);
  if (fault?.kind === 'reset') return void response.socket?.resetAndDestroy();
  response.writeHead(fault?.kind === 'status' ? fault.status : status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

async function handleUpload(world: World, id: string, request: IncomingMessage, response: ServerResponse) {
  const file = world.pendingUploads.get(id);
  const fault = world.faults.take('file_upload');
  const early = await faultBefore(fault);
  if (early === 'cut') return void response.socket?.resetAndDestroy();
  if (early) return answer(response, early, null);
  if (!file) {
    response.writeHead(404).end('not_found');
    return;
  }
  const { content, sizeBytes } = await readUpload(world, request);
  if (sizeBytes !== file.sizeBytes) {
    response.writeHead(400).end(`expected ${file.sizeBytes} bytes, got ${sizeBytes}`);
    return;
  }
  file.content = content;
  response.writeHead(200, { 'Content-Type': 'text/plain' });
  response.end(`OK - ${sizeBytes}`);
}

async function handleDownload(world: World, id: string, request: IncomingMessage, response: ServerResponse) {
  const fault = world.faults.take('file_download');
  const early = await faultBefore(fault);
  const call: ApiCall = {
    method: 'file_download',
    args: { file: id, range: request.headers.range ?? null },
    at: world.now(),
    httpStatus: early && early !== 'cut' ? early.status : 200,
    answer: null,
    error: null,
    fault,
  };
  world.calls.push(call);
  if (early === 'cut') return void response.socket?.resetAndDestroy();
  if (early) return answer(response, early, null);
  await sendFile(world, request, response, id, fault);
  tell(world, { kind: 'call', call });
}

async function route(world: World, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://local');
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const [first, second = '', third = ''] = parts;
  if (first === 'api') return handleApi(world, second, request, response, url.searchParams);
  if (first === 'actions' && request.method === 'POST') return handleResponseUrl(world, third, request, response);
  if (first === 'upload' && request.method === 'POST') return handleUpload(world, third, request, response);
  if (first === 'files-pri')
    return handleDownload(world, second.slice(world.options.teamId.length + 1), request, response);
  response.writeHead(404, { 'Content-Type': 'text/plain' });
  response.end('not found');
}

/** The HTTP face; while `isDown()` every connection is cut. */
export function createSlackServer(world: World, isDown: () => boolean): Server {
  return createServer((request, response) => {
    if (isDown()) {
      request.socket.destroy();
      return;
    }
    route(world, request, response).catch(() => {
      // A half-sent or malformed request; the connection cannot be trusted any further.
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { 'Content-Type': 'application/json' }).end('{"ok":false,"error":"invalid_json"}');
    });
  });
}
