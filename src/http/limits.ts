import type { IncomingMessage, Server } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { HttpProblem } from './problems.ts';

/** How much of everything one instance takes (Spec 8.4). Counts are kept per instance: they protect it, nothing else. */
export interface HttpLimits {
  /** of a JSON body */
  bodyBytes: number;
  /** until a JSON body must be complete */
  bodyTimeoutMs: number;
  /** by one token */
  requestsPerMinute: number;
  /** requests without a valid token from one address */
  failedAuthPerMinute: number;
  uploadsAtOnce: number;
  /** an upload that sends nothing for so long is given up */
  uploadIdleMs: number;
  /** how long a repeated request waits for the first one's answer */
  idempotencyWaitMs: number;
  /** after which a repeated request may take over from a first one that died */
  idempotencyLeaseMs: number;
  /** until a dependency that does not answer counts as not ready */
  readinessTimeoutMs: number;
  /** until metrics are told without what the database knows; Prometheus waits ten seconds */
  metricsTimeoutMs: number;
  /** how much of a refused body is still taken in, so that the client gets to read the answer */
  drainBytes: number;
  drainMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  bodyBytes: 64 * 1024,
  bodyTimeoutMs: 15_000,
  requestsPerMinute: 600,
  failedAuthPerMinute: 30,
  uploadsAtOnce: 16,
  uploadIdleMs: 60_000,
  idempotencyWaitMs: 30_000,
  idempotencyLeaseMs: 20_000,
  readinessTimeoutMs: 5_000,
  metricsTimeoutMs: 3_000,
  drainBytes: 64 * 1024 * 1024,
  drainMs: 10_000,
};

const MINUTE_MS = 60_000;
const TOO_MANY = 'Too many requests: try again in a minute.';

/**
 * Limits of the listening server, which no route can set. Headers are bounded by Node itself (16 KiB, then 431). The time
 * for a whole request is long because builds are big; idle connections and slow headers end much earlier. What was answered
 * before its body was all there, at whatever door, is drained.
 */
export function limitServer(server: Server, limits: HttpLimits): void {
  server.headersTimeout = 30_000;
  server.requestTimeout = 6 * 60 * 60_000;
  server.setTimeout(5 * MINUTE_MS);
  server.on('request', (request, response) => response.once('finish', () => drain(request, limits)));
}

/** Answers 429 to a token that asks too often; `keyOf` gives the token's id. */
export function limitPerToken(limits: HttpLimits, keyOf: (request: Request) => string): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: limits.requestsPerMinute,
    keyGenerator: keyOf,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    validate: false,
    handler: (_request, _response, next) => next(tooMany()),
  });
}

export interface FailedAuthLimit {
  /** Throws the 429 when this address failed too often, before anything is looked up. */
  check(request: Request): Promise<void>;
  /** Counts a failure. */
  count(request: Request): Promise<void>;
}

export function limitFailedAuth(limits: HttpLimits): FailedAuthLimit {
  const keyOf = (request: Request) => ipKeyGenerator(request.ip ?? 'unknown');
  const counter = rateLimit({
    windowMs: MINUTE_MS,
    limit: Number.MAX_SAFE_INTEGER, // `check` does the refusing
    keyGenerator: keyOf,
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
  });
  return {
    async check(request) {
      const seen = await counter.getKey(keyOf(request));
      if (seen && seen.totalHits >= limits.failedAuthPerMinute && (seen.resetTime?.getTime() ?? 0) > Date.now()) {
        throw tooMany();
      }
    },
    async count(request) {
      await counter(request, request.res as never, () => undefined);
    },
  };
}

/** At most so many at the same time; the next one is refused, not queued: its client holds the bytes. */
export function limitConcurrency(max: number, refusal: string): { enter(): () => void } {
  let inside = 0;
  return {
    enter() {
      if (inside >= max) throw new HttpProblem(429, refusal, { 'Retry-After': '10' });
      inside += 1;
      let left = false;
      return () => {
        if (!left) inside -= 1;
        left = true;
      };
    },
  };
}

/**
 * Takes in the rest of a body that nobody reads, within bounds, and then cuts the connection: a client that is still
 * sending would otherwise see a reset connection instead of the answer, or could send for ever; and its next request on the
 * connection would never be heard.
 */
function drain(request: IncomingMessage, limits: HttpLimits): void {
  if (request.complete || request.destroyed) return;
  let left = limits.drainBytes;
  const { socket } = request;
  const cut = () => socket.destroy();
  const timer = setTimeout(cut, limits.drainMs);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.on('error', () => undefined);
  const done = () => {
    clearTimeout(timer);
    socket.off('close', done);
  };
  request.once('end', done);
  // An answered request is not told that its connection closed; the connection is.
  socket.once('close', done);
  request.resume();
}

/**
 * Gives an upload up when its sender is silent for so long; while we are the slow ones (the request is paused because the
 * store takes no more) it may wait. The returned function ends the watch.
 */
export function watchIdle(request: Request, idleMs: number): () => void {
  const onTimeout = () => {
    if (!request.complete && !request.isPaused()) request.destroy();
    else request.socket.setTimeout(idleMs);
  };
  request.socket.setTimeout(idleMs);
  request.socket.on('timeout', onTimeout);
  return () => {
    request.socket.off('timeout', onTimeout);
    request.socket.setTimeout(0);
  };
}

/** A JSON body must be complete in time; a streamed one has `watchIdle`. */
export function bodyDeadline(limits: HttpLimits): RequestHandler {
  return (request, _response, next) => {
    if (!request.is('application/json')) return next();
    const timer = setTimeout(
      () => next(new HttpProblem(408, 'The body did not arrive in time.')),
      limits.bodyTimeoutMs,
    );
    const done = () => clearTimeout(timer);
    request.once('end', done);
    request.once('close', done);
    next();
  };
}

function tooMany(): HttpProblem {
  return new HttpProblem(429, TOO_MANY, { 'Retry-After': '60' });
}
