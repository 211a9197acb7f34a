import type { Collection } from 'mongodb';
import type { JobDeps } from './deps.ts';

/**
 * Agenda keeps the next run of a job as an instant: were the clock set back by an hour, the tick would stand still for that
 * hour. Timers do not follow the wall clock, so that one of them can see it.
 */

const LOOK_EVERY_MS = 5_000;
/** a clock that goes back by less was only corrected */
const SET_BACK_MS = 30_000;

export interface SetBackWatch {
  stop(): void;
}

/** Calls `onSetBack` whenever the wall clock is found behind where it was a moment ago. */
export function watchForSetBack(
  onSetBack: (now: Date) => Promise<void>,
  logger: JobDeps['logger'],
  { wallMs = Date.now, lookEveryMs = LOOK_EVERY_MS }: { wallMs?: () => number; lookEveryMs?: number } = {},
): SetBackWatch {
  let before = wallMs();
  const look = () => {
    const now = wallMs();
    const setBack = before - now > SET_BACK_MS;
    before = now;
    if (!setBack) return;
    logger.warn({ now: new Date(now) }, 'the clock was set back: recurring jobs run now');
    onSetBack(new Date(now)).catch((error: unknown) => {
      logger.warn({ err: error }, 'recurring jobs were not brought forward');
      // What failed once is tried at the next look.
      before = now + SET_BACK_MS + 2 * lookEveryMs;
    });
  };
  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/**
 * By how many ms the clock was set back while no bot ran: what ran last ran in what is the future now. 0 = it was not, or by
 * less than nothing ran, which leaves nothing in the future.
 */
export async function setBackWhileStopped(jobs: Collection, names: readonly string[], now: Date): Promise<number> {
  const ran = await jobs.find({ name: { $in: [...names] } }, { projection: { lastRunAt: 1 } }).toArray();
  const lastMs = Math.max(...ran.map(({ lastRunAt }) => (lastRunAt instanceof Date ? lastRunAt.getTime() : 0)), 0);
  const aheadMs = lastMs - now.getTime();
  return aheadMs > SET_BACK_MS ? aheadMs : 0;
}

/** Recurring jobs that would wait for what is now far ahead run at once; a lock of that time is one of now. */
export async function bringForward(jobs: Collection, names: readonly string[], now: Date): Promise<void> {
  await jobs.updateMany({ name: { $in: [...names] }, nextRunAt: { $gt: now } }, { $set: { nextRunAt: now } });
  await jobs.updateMany({ lockedAt: { $gt: now } }, { $set: { lockedAt: now } });
}
