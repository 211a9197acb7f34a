import type { Clock } from '../src/shared/clock.ts';

/** The sandbox's time: runs `factor` times as fast as the world's and can be moved ahead. */
export interface SandboxClock extends Clock {
  /** Moves on by so much at once. */
  skip(ms: number): void;
  readonly factor: number;
}

/** Begins now, or at `notBefore` where that is later: time that was lived through once does not come again. */
export function sandboxClock(factor: number, notBefore = new Date(0)): SandboxClock {
  const realStart = Date.now();
  const start = Math.max(realStart, notBefore.getTime());
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
