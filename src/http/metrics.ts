import { z } from 'zod';
import type { Engine } from '../engine/index.ts';
import type { Backlog, Metrics } from '../shared/metrics.ts';
import { within } from '../shared/within.ts';
import { type AnyEndpoint, endpoint } from './endpoint.ts';

/**
 * `/metrics` for Prometheus (Spec 8.4, 8.5). Numbers alone, so nobody is asked for a token. What comes from the database is left
 * out when it does not answer in time: the rest is then needed most.
 */
export function metricsEndpoints(engine: Engine, metrics: Metrics, timeoutMs: number): AnyEndpoint[] {
  // However many ask, the database is asked once at a time.
  let asked: Promise<Backlog | null> | null = null;
  const read = () => {
    asked ??= within(timeoutMs, engine.backlog(), null)
      .catch(() => null)
      .finally(() => {
        asked = null;
      });
    return asked;
  };
  return [
    endpoint({
      method: 'get',
      path: '/metrics',
      summary: 'Numbers to watch, in the text format of Prometheus',
      scope: null,
      answer: { status: 200, schema: z.string(), contentType: 'text/plain' },
      async handle() {
        metrics.showBacklog(await read());
        return { status: 200, body: await metrics.text(), headers: { 'Content-Type': metrics.contentType } };
      },
    }),
  ];
}
