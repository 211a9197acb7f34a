/** Longer than any test waits for one thing: what a timer of this length brings will not come here. */
const LONG_MS = 25_000;

/**
 * Agenda leaves a timer of half its lock behind every job that ran, and no way to clear it. Nothing needs it, but it would
 * keep the process of the tests alive for minutes: from here on long timers of this test file do not.
 */
export function letLongTimersGo(): void {
  const original = globalThis.setTimeout;
  const patched = ((run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
    const timer = original(run, ms, ...given);
    if ((ms ?? 0) > LONG_MS) timer.unref();
    return timer;
  }) as typeof setTimeout;
  globalThis.setTimeout = Object.assign(patched, original);
}
