/** Longer than any test: whoever waits so long waits for an end that will not come here. */
const LONG_MS = 25_000;

const original = globalThis.setTimeout;
/** Several bots may run at the same time: the last one that ends puts it back. */
let users = 0;

/**
 * Agenda leaves a timer of half its lock behind every job that ran. Nothing needs it, but it would keep the process of
 * the tests alive for minutes: long timers no longer do. Returns what undoes it.
 */
export function letLongTimersGo(): () => void {
  const patched = ((run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
    const timer = original(run, ms, ...given);
    if ((ms ?? 0) > LONG_MS) timer.unref();
    return timer;
  }) as typeof setTimeout;
  users += 1;
  if (users === 1) globalThis.setTimeout = Object.assign(patched, original);
  return () => {
    users -= 1;
    if (users === 0) globalThis.setTimeout = original;
  };
}
