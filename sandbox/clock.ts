import type { Clock } from '../src/shared/clock.ts';

/** The sandbox's time: runs `factor` times as fast as the world's and can be moved ahead. */
export interface SandboxClock extends Clock {
  /** Moves on by so much at once. */
  skip(ms: number): void;
  readonly factor: number;
}

export function sandboxClock(factor: number): SandboxClock {
  const realStart = Date.now();
  const start = realStart;
  let skippedMs = 0;
  return {
    factor,
    now: () => new Date(start + (Date.now() - realStart) * factor + skippedMs),
    realTimeOf: (instant) => new Date(realStart + (instant.getTime() - start - skippedMs) / factor),
    skip(ms) {
      skippedMs += ms;
    },
  };
}
