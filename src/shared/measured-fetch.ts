import type { Metrics } from './metrics.ts';

/** Sends one request and tells the metrics of its status and of the time until its answer began. */
export async function measured<T>(
  metrics: Pick<Metrics, 'providerCalled'>,
  call: { provider: string; operation: string },
  send: () => Promise<T>,
  statusOf: (answer: T) => number,
): Promise<T> {
  const startedMs = performance.now();
  const done = (status: string) => metrics.providerCalled({ ...call, status }, (performance.now() - startedMs) / 1000);
  try {
    const answer = await send();
    done(statusClass(statusOf(answer)));
    return answer;
  } catch (error) {
    done('none');
    throw error;
  }
}

/** `fetch` that is measured. `operationOf` must give few different words. */
export function measuredFetch(
  metrics: Metrics,
  provider: string,
  operationOf: (url: URL, method: string) => string,
): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const call = { provider, operation: operationOf(url, method) };
    return measured(
      metrics,
      call,
      () => fetch(input, init),
      ({ status }) => status,
    );
  };
}

/** Being asked to slow down is worth a class of its own. */
function statusClass(status: number): string {
  return status === 429 ? '429' : `${Math.floor(status / 100)}xx`;
}
