import { TransientError } from './errors.ts';

/** Remembers how long a provider asked to be left alone, so that nobody else asks it before (Spec 4.5). */
export interface QuietTime {
  /** Throws what the provider said, with what is left of the time, while that lasts. */
  keep(operation: string): void;
  /** Takes note of a fault that names a time. Anything else is let be. */
  note(fault: unknown): void;
}

/** Who asks for more is asked again after an hour: the wish may be a mistake. */
const LONGEST_MS = 3_600_000;

export function createQuietTime(now: () => Date): QuietTime {
  let asked: TransientError | null = null;
  let untilMs = 0;
  return {
    keep(operation) {
      const leftMs = untilMs - now().getTime();
      if (asked && leftMs > 0) throw new TransientError({ ...asked.fault, operation }, leftMs);
    },
    note(fault) {
      if (!(fault instanceof TransientError) || fault.retryAfterMs === null) return;
      const endsMs = now().getTime() + Math.min(fault.retryAfterMs, LONGEST_MS);
      if (endsMs <= untilMs) return;
      asked = fault;
      untilMs = endsMs;
    },
  };
}
