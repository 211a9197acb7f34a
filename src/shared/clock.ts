/** Where the time comes from; injected everywhere so that tests and the sandbox can move it (Spec 7.3). */
export interface Clock {
  now(): Date;
  /** The real instant at which `now()` will be `instant`; the same thing unless the clock runs faster than the world's. */
  realTimeOf(instant: Date): Date;
}

export const systemClock: Clock = {
  now: () => new Date(),
  realTimeOf: (instant) => instant,
};
