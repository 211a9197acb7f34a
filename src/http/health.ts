import { within } from '../shared/within.ts';
import { HealthAnswer, ReadyAnswer } from './answers.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { endpoint } from './endpoint.ts';

/** Each dependency by name; `detail` is shown to anybody who asks, so no secrets in it. */
export type Readiness = () => Promise<Record<string, { ok: boolean; detail?: string }>>;

/** `/healthz`: the process answers. `/readyz`: what it needs answers too; 503 when one does not (Spec 8.4). */
export function healthEndpoints(readiness: Readiness, timeoutMs: number): AnyEndpoint[] {
  // Nobody is asked for a token here, so however many ask, the dependencies are asked once at a time.
  let asked: ReturnType<Readiness> | null = null;
  const late = { readiness: { ok: false, detail: `no answer within ${timeoutMs} ms` } };
  const failed = () => ({ readiness: { ok: false, detail: 'the check itself failed' } });
  const check = () => {
    asked ??= within(timeoutMs, readiness().catch(failed), late).finally(() => {
      asked = null;
    });
    return asked;
  };
  return [
    endpoint({
      method: 'get',
      path: '/healthz',
      summary: 'The process is alive',
      scope: null,
      answer: { status: 200, schema: HealthAnswer },
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    endpoint({
      method: 'get',
      path: '/readyz',
      summary: 'Whether it can work: every dependency by name; 503 when one is not ready',
      scope: null,
      answer: { status: 200, schema: ReadyAnswer },
      async handle() {
        const checks = await check();
        const isReady = Object.values(checks).every(({ ok }) => ok);
        return { status: isReady ? 200 : 503, body: { status: isReady ? 'ok' : 'unavailable', checks } };
      },
    }),
  ];
}
