import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Delivery, Engine } from '../engine/index.ts';
import { sha256Hex } from '../shared/crypto.ts';
import { Refusal } from '../shared/errors.ts';
import type { Answer, Caller, Recovery } from './endpoint.ts';
import type { HttpLimits } from './limits.ts';
import { answerOf, HttpProblem } from './problems.ts';

/**
 * `Idempotency-Key` (Spec 3.5): the first answer again, also for repeats that arrive while the first is worked on, and
 * after a process died over it. Kept: every answer that would be the same again, refusals included. Not kept, so that the
 * key may be used again: 400, 401, 403, 408, 429; and everything from 500, after which the same request looks for what was done.
 */
export interface KeyedRequest {
  caller: Caller;
  /** the header's value */
  key: string;
  /** two requests with one key must have the same; a hash of what was asked */
  fingerprint: string;
}

export interface Attempt {
  /** the same for every attempt with this key, and for no other */
  dedupeKey: string;
  /** set when an earlier attempt may have done it already */
  recovery: Recovery | null;
  /** set when another attempt may be doing it at this moment: whoever stops hands its key back, and works on for a moment */
  contested(): Promise<Recovery | null>;
}

export interface Outcome {
  answer: Answer;
  /** kept beside the answer, to compare with later bodies */
  sha256?: string;
}

export interface Idempotency {
  /**
   * Does `work` once for the key. A repeat waits for the first one with its own body unread, so that it can still take the
   * work over. `sha256OfRepeat` reads that body to its end when the first answer is there; null = there is none. Throws `HttpProblem` 409 when the first takes too long and
   * `Refusal` INVALID_INPUT when the key was used for something else.
   */
  once(
    request: KeyedRequest,
    work: (attempt: Attempt) => Promise<Outcome>,
    sha256OfRepeat?: () => Promise<string | null>,
  ): Promise<Answer>;
}

const POLL_MS = 250;
const KEPT_REFUSALS = new Set([404, 409, 413, 415, 422]);

export function createIdempotency(deps: { engine: Engine; logger: Logger; limits: HttpLimits }): Idempotency {
  const { limits, logger } = deps;
  const { deliveries } = deps.engine;

  async function perform(
    delivery: Delivery,
    request: KeyedRequest,
    recovery: Recovery | null,
    work: (attempt: Attempt) => Promise<Outcome>,
  ): Promise<Answer> {
    const renewal = setInterval(() => {
      deliveries
        .renew(delivery, limits.idempotencyLeaseMs)
        .catch((err: unknown) => logger.warn({ err }, 'idempotency lease not renewed'));
    }, limits.idempotencyLeaseMs / 3);
    const contested = async () =>
      recovery ??
      ((await deliveries.renew(delivery, limits.idempotencyLeaseMs)) ? null : { since: delivery.createdAt });
    try {
      const outcome = await work({ dedupeKey: delivery.key, recovery, contested });
      await keep(delivery, 'DONE', outcome);
      return outcome.answer;
    } catch (error) {
      const answer = answerOf(error, request.caller.requestId);
      // Kept or not, the client gets the error that the work raised.
      if (KEPT_REFUSALS.has(answer.status)) await keep(delivery, 'FAILED', { answer });
      // What failed on our side may be done all the same: the repeat looks for it.
      else if (answer.status >= 500) await handBack(delivery);
      else await forget(delivery);
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  // The work is done: that it cannot be written down must not turn the answer into a failure.
  async function keep(delivery: Delivery, status: 'DONE' | 'FAILED', { answer, sha256 }: Outcome): Promise<void> {
    const result = { status: answer.status, body: answer.body, headers: answer.headers ?? {}, sha256: sha256 ?? null };
    await deliveries
      .finish(delivery, status, result)
      .catch((err: unknown) => logger.warn({ err }, 'idempotent answer not kept'));
  }
  async function handBack(delivery: Delivery): Promise<void> {
    await deliveries
      .handBack(delivery)
      .catch((err: unknown) => logger.warn({ err }, 'idempotency key not handed back'));
  }
  async function forget(delivery: Delivery): Promise<void> {
    await deliveries.forget(delivery).catch((err: unknown) => logger.warn({ err }, 'idempotency key not freed'));
  }

  return {
    async once(request, work, sha256OfRepeat = async () => null) {
      const { tenantId } = request.caller.context;
      // Hashed: a key may be long, and what a client puts in it is not ours to keep.
      const key = `idempotency:${request.caller.token.id}:${sha256Hex(request.key)}`;
      const payload = { fingerprint: request.fingerprint };
      const deadline = performance.now() + limits.idempotencyWaitMs;
      for (;;) {
        const { claimed, delivery } = await deliveries.receive({ tenantId, key, payload }, limits.idempotencyLeaseMs);
        // Also where this claim took it over: then the lease runs out again, and the right repeat finds it.
        if (delivery.payload['fingerprint'] !== request.fingerprint) throw usedOtherwise();
        if (claimed) {
          const recovery = delivery.attempts > 1 ? { since: delivery.createdAt } : null;
          return await perform(delivery, request, recovery, work);
        }
        if (delivery.status !== 'RECEIVED') return replay(delivery, await sha256OfRepeat());
        if (performance.now() > deadline) {
          const sentence = 'The first request with this Idempotency-Key is still being worked on.';
          throw new HttpProblem(409, sentence, { 'Retry-After': '5' });
        }
        await sleep(POLL_MS);
      }
    },
  };
}

/** The header's value; null when it was not sent. Throws `HttpProblem` 400 for one that is no key. */
export function idempotencyKeyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (!/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new HttpProblem(400, 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  }
  return header;
}

/** The same for the same request, in whatever order its fields were written. */
export function fingerprintOf(...parts: unknown[]): string {
  return sha256Hex(JSON.stringify(parts.map(sorted)));
}

function replay(delivery: Delivery, sha256: string | null): Answer {
  const { status, body, headers, sha256: first } = delivery.result ?? {};
  if (typeof first === 'string' && sha256 !== null && first !== sha256) throw usedOtherwise();
  return {
    status: Number(status),
    body: isObject(body) ? body : {},
    headers: { ...(isObject(headers) ? (headers as Record<string, string>) : {}), 'Idempotency-Replayed': 'true' },
  };
}

function usedOtherwise(): Refusal {
  return new Refusal('INVALID_INPUT', 'This Idempotency-Key was used for a different request.', {
    'Idempotency-Key': 'was used for a different request',
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value) || value instanceof Date) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
