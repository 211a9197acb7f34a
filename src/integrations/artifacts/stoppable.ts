import { TransientError } from '../../shared/errors.ts';
import { within } from '../../shared/within.ts';
import type { ArtifactStore } from './port.ts';

export interface StoppableStore extends ArtifactStore {
  /**
   * Breaks off what is being written and takes no more: each such `write` cleans up after itself and fails with
   * `TransientError`. Resolves when all have, or after `withinMs`. Safe to call twice.
   */
  stop(withinMs: number): Promise<void>;
}

/** A store whose writes end with the process, so that a stop leaves nothing half-written behind (Spec 3.3, 7.3, 8.3). */
export function stoppable(store: ArtifactStore): StoppableStore {
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  const refusal = () => {
    const detail = 'broken off, because Slipway is being stopped';
    return new TransientError({ provider: 'ARTIFACTS', operation: 'write', status: null, detail });
  };
  return {
    ...store,
    async write(path, bytes, options) {
      if (stopping.signal.aborted) {
        bytes.destroy();
        throw refusal();
      }
      const signals = [stopping.signal, ...(options.signal ? [options.signal] : [])];
      const writing = store.write(path, bytes, { ...options, signal: AbortSignal.any(signals) });
      underWay.add(writing);
      try {
        return await writing;
      } catch (error) {
        throw stopping.signal.aborted ? refusal() : error;
      } finally {
        underWay.delete(writing);
      }
    },
    async stop(withinMs) {
      stopping.abort();
      await within(withinMs, Promise.allSettled(underWay), undefined);
    },
  };
}
