import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response, Router } from 'express';
import express from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Engine } from '../engine/index.ts';
import { addToLogScope, inLogScope, keepLogScope } from '../shared/log-scope.ts';
import type { Metrics } from '../shared/metrics.ts';
import { actionEndpoints } from './actions.ts';
import { authenticate } from './auth.ts';
import { buildEndpoints } from './builds.ts';
import type { Answer, AnyEndpoint, Caller, EndpointInput, Recovery } from './endpoint.ts';
import type { Readiness } from './health.ts';
import { healthEndpoints } from './health.ts';
import type { Idempotency } from './idempotency.ts';
import { createIdempotency, fingerprintOf, idempotencyKeyOf } from './idempotency.ts';
import type { HttpLimits } from './limits.ts';
import { bodyDeadline, DEFAULT_HTTP_LIMITS, limitFailedAuth, limitPerToken } from './limits.ts';
import { metricsEndpoints } from './metrics.ts';
import { buildOpenApi } from './openapi.ts';
import { answerOf, HttpProblem, logProblem } from './problems.ts';
import { releaseEndpoints } from './releases.ts';
import { tokenEndpoints } from './tokens.ts';
import { parseInput } from './validate.ts';

export type { Readiness } from './health.ts';
export type { HttpLimits } from './limits.ts';
export { DEFAULT_HTTP_LIMITS, limitServer } from './limits.ts';

export interface HttpApiDeps {
  engine: Engine;
  logger: Logger;
  maxUploadBytes: number;
  readiness: Readiness;
  metrics: Metrics;
  /** for the OpenAPI document; null = not told */
  publicUrl: string | null;
  now: () => Date;
  limits?: Partial<HttpLimits>;
}

const ONE_RELEASE = '/api/v1/releases/{id}';

/**
 * Everything HTTP that is not Slack's (Spec 8.4), to be mounted at `/` beside Bolt. It touches only `/api/`, `/healthz`,
 * `/readyz` and `/metrics`: Bolt needs the raw bodies of all else. Addresses are `request.ip`: set express's `trust proxy` behind one.
 */
export function createHttpApi(deps: HttpApiDeps): Router {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...deps.limits };
  const idempotency = createIdempotency({ engine: deps.engine, logger: deps.logger, limits });
  const failures = limitFailedAuth(limits);
  const perToken = limitPerToken(limits, (request) => seenOf(request).caller?.token.id ?? 'nobody');
  const endpoints = listEndpoints(deps, idempotency, limits);

  const router = express.Router();
  const ours = ['/api', '/healthz', '/readyz', '/metrics'];
  router.use(ours, helmet(), begin(deps.logger));
  for (const endpoint of endpoints) {
    const guards: RequestHandler[] = [];
    const { scope } = endpoint;
    if (scope !== null) {
      guards.push(async (request, _response, next) => {
        const seen = seenOf(request);
        seen.caller = await authenticate(request, scope, { engine: deps.engine, failures, requestId: seen.requestId });
        const { tenantId, actor } = seen.caller.context;
        const releaseId = endpoint.path.startsWith(ONE_RELEASE) ? { releaseId: String(request.params['id']) } : {};
        addToLogScope({ tenantId, actor: actor.id, ...releaseId });
        next();
      }, perToken);
    }
    if (endpoint.body)
      guards.push(acceptJson(endpoint), bodyDeadline(limits), express.json({ limit: limits.bodyBytes, strict: false }));
    router[endpoint.method](endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'), ...guards, async (request, response) => {
      send(response, await run(endpoint, request, idempotency));
    });
  }
  const openApi = buildOpenApi(endpoints, deps.publicUrl);
  router.get('/api/v1/openapi.json', (_request, response) => void response.json(openApi));
  router.use(ours, (request) => {
    throw notFound(request, endpoints);
  });
  router.use(ours, (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const { requestId } = seenOf(request);
    const answer = answerOf(error, requestId);
    logProblem(deps.logger, error, answer.status);
    // Nobody is there any more, or all was said.
    if (response.headersSent || response.destroyed) return;
    send(response, answer);
  });
  return router;
}

/** What nobody else answers, mounted last: a sentence instead of express's page, which may show a stack. */
export function answerTheRest(logger: Logger): [RequestHandler, ErrorRequestHandler] {
  const nothing: RequestHandler = () => {
    throw new HttpProblem(404, 'There is nothing at this address.');
  };
  const failed: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    const requestId = randomUUID();
    const answer = answerOf(error, requestId);
    if (answer.status !== 404) inLogScope({ requestId }, () => logProblem(logger, error, answer.status));
    if (response.headersSent) next(error);
    else send(response, answer);
  };
  return [nothing, failed];
}

/** Every endpoint there is; what `createHttpApi` routes and the OpenAPI document shows. */
function listEndpoints(deps: HttpApiDeps, idempotency: Idempotency, limits: HttpLimits): AnyEndpoint[] {
  const { engine, now, maxUploadBytes } = deps;
  return [
    ...releaseEndpoints(engine, now),
    ...buildEndpoints({ engine, idempotency, limits, maxUploadBytes }),
    ...actionEndpoints(engine, now),
    ...tokenEndpoints(engine),
    ...healthEndpoints(deps.readiness, limits.readinessTimeoutMs),
    ...metricsEndpoints(engine, deps.metrics, limits.metricsTimeoutMs),
  ];
}

async function run(endpoint: AnyEndpoint, request: Request, idempotency: Idempotency): Promise<Answer> {
  const { requestId, caller } = seenOf(request);
  const isStream = endpoint.multipart !== undefined && Boolean(request.is('multipart/form-data'));
  const input: EndpointInput<unknown, unknown> = {
    caller: caller ?? openCaller(requestId),
    params: Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)])),
    query: endpoint.query ? parseInput(endpoint.query, request.query) : undefined,
    body: endpoint.body && !isStream ? parseInput(endpoint.body, request.body ?? {}) : undefined,
    raw: request,
  };
  const key = endpoint.idempotent === true ? idempotencyKeyOf(request.get('idempotency-key')) : null;
  if (key === null) return await endpoint.handle(input);
  const fingerprint = fingerprintOf(endpoint.method, endpoint.path, input.params, request.body ?? {});
  const recover = async (recovery: Recovery | null) =>
    recovery && endpoint.recover ? await endpoint.recover(input, recovery) : null;
  return await idempotency.once({ caller: input.caller, key, fingerprint }, async ({ recovery, contested }) => {
    const earlier = await recover(recovery);
    if (earlier) return { answer: earlier };
    try {
      return { answer: await endpoint.handle(input) };
    } catch (error) {
      const other = answerOf(error, requestId).status === 409 ? await recover(await contested()) : null;
      if (other) return { answer: other };
      throw error;
    }
  });
}

interface Seen {
  requestId: string;
  caller?: Caller;
}
const SEEN = Symbol('what is known of a request');

function seenOf(request: Request): Seen {
  const seen: unknown = Reflect.get(request, SEEN);
  return seen as Seen;
}

/** Gives every request its id and one line in the log. */
function begin(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const requestId = randomUUID();
    const seen: Seen = { requestId };
    Reflect.set(request, SEEN, seen);
    response.set({ 'X-Request-Id': requestId, 'Cache-Control': 'no-store' });
    const startedMs = performance.now();
    const answered = () => {
      const line = {
        method: request.method,
        path: request.originalUrl.split('?', 1)[0],
        // a client that left before it was answered got no status
        status: response.headersSent ? response.statusCode : null,
        isComplete: response.writableFinished,
        durationMs: Math.round(performance.now() - startedMs),
      };
      const isProbe = !request.originalUrl.startsWith('/api') && response.statusCode === 200;
      logger[isProbe ? 'debug' : 'info'](line, 'request answered');
    };
    inLogScope({ requestId }, () => {
      // Closing is the connection's, which knows of no request.
      response.once('close', keepLogScope(answered));
      next();
    });
  };
}

/** A body that is there must be JSON (or the form, where one is taken); none at all counts as `{}`. */
function acceptJson(endpoint: AnyEndpoint): RequestHandler {
  const types = endpoint.multipart ? ['application/json', 'multipart/form-data'] : ['application/json'];
  return (request, _response, next) => {
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
    if (!hasBody || request.is(types)) return next();
    next(
      new HttpProblem(
        415,
        `Send ${types.join(' or ')}, not ${request.get('content-type') ?? 'a body without a type'}.`,
      ),
    );
  };
}

function notFound(request: Request, endpoints: readonly AnyEndpoint[]): HttpProblem {
  const path = request.originalUrl.split('?', 1)[0] ?? '';
  const methods = endpoints
    .filter((endpoint) => new RegExp(`^${endpoint.path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`).test(path))
    .map((endpoint) => endpoint.method.toUpperCase());
  if (methods.length === 0) return new HttpProblem(404, 'There is nothing at this address.');
  return new HttpProblem(405, `${request.method} is not done here; possible: ${methods.join(', ')}.`, {
    Allow: methods.join(', '),
  });
}

function send(response: Response, { status, body, headers }: Answer): void {
  response.status(status).set(headers ?? {});
  if (typeof body === 'string') response.send(body);
  else response.json(body);
}

/** Open endpoints have nobody who asks; what they do needs nobody. */
function openCaller(requestId: string): Caller {
  const never = new Date(0);
  const token = { id: '', tenantId: '', name: '', hash: '', scopes: [], createdBy: '', createdAt: never };
  const actor = { kind: 'TOKEN' as const, id: 'nobody', roles: [] };
  return {
    token: { ...token, lastUsedAt: null, revokedAt: null },
    context: { tenantId: '', actor, origin: 'API' },
    requestId,
  };
}
