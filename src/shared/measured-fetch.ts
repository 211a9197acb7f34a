import type { Metrics } from './metrics.ts';

/**
 * `fetch` that tells the metrics of each request: its status and the time until its answer began. `operationOf` must give
 * few different words.
 */
export function measuredFetch(
  metrics: Metrics,
  provider: string,
  operationOf: (url: URL, method: string) => string,
): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const operation = operationOf(url, method);
    const startedMs = performance.now();
    const done = (status: string) =>
      metrics.providerCalled({ provider, operation, status }, (performance.now() - startedMs) / 1000);
    try {
      const response = await fetch(input, init);
      done(statusClass(response.status));
      return response;
    } catch (error) {
      done('none');
      throw error;
    }
  };
}

/** Being asked to slow down is worth a class of its own. */
function statusClass(status: number): string {
  return status === 429 ? '429' : `${Math.floor(status / 100)}xx`;
}
