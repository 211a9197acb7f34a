import { MongoBackend } from '@agendajs/mongo-backend';
import { Agenda } from 'agenda';
import type { Db } from 'mongodb';
import { type PlannedWake, RECURRING_JOBS } from '../src/engine/index.ts';
import { newId } from '../src/shared/ids.ts';
import type { JobDeps } from './deps.ts';
import { defineDoctor } from './doctor.ts';
import { defineHomes } from './homes.ts';
import { LOCK_MS } from './keep-lock.ts';
import { defineOutbox } from './outbox.ts';
import { defineRetention } from './retention.ts';
import { bringForward, type SetBackWatch, setBackWhileStopped, watchForSetBack } from './set-back.ts';
import { defineSlackFiles } from './slack-files.ts';
import { defineTick } from './tick.ts';
import { defineVerification } from './verification.ts';
import { defineWakes, planWakes } from './wakes.ts';

export type { JobDeps } from './deps.ts';

const COLLECTION = 'jobs';
const POLL_EVERY_MS = 1_000;

export interface Jobs {
  /** Connects, defines and schedules everything; from here on jobs run. */
  start(deps: JobDeps): Promise<void>;
  /** Makes the one-time jobs of a release exactly these. */
  planWakes(releaseId: string, wakes: readonly PlannedWake[]): Promise<void>;
  /** Between `start` and `stop`; whether the database answers is asked of the database. */
  isRunning(): boolean;
  /** Takes no new job and waits for those at work, at most `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/** Agenda over the product's own connection (Spec 7.3). */
export function createJobs(options: {
  db: Db;
  /** the real time of an instant of the injected clock */
  realTimeOf: (instant: Date) => Date;
  logger: JobDeps['logger'];
}): Jobs {
  const { db, realTimeOf, logger } = options;
  // Its mark on what it locks; process ids are the same in every container.
  const name = `slipway-${newId('instance')}`;
  const backend = new MongoBackend({ mongo: db, collection: COLLECTION });
  // Agenda's constructor connects (which makes indexes) and looks at no failure, which would end the process: `start` does.
  const connected = backend.connect();
  backend.connect = () => connected.catch(() => undefined);
  const agenda = new Agenda({
    backend,
    name,
    processEvery: POLL_EVERY_MS,
    maxConcurrency: 20,
    defaultConcurrency: 5,
    defaultLockLimit: 10,
    defaultLockLifetime: LOCK_MS,
    removeOnComplete: true,
  });
  let running = false;
  let watch: SetBackWatch | null = null;
  // Agenda's own listener is silent: without this one a lost database would not be seen.
  agenda.on('error', (error: unknown) => logger.warn({ err: error }, 'scheduler fault'));
  agenda.on('fail', (error: unknown, { attrs }) => {
    logger.error({ err: error, job: attrs.name, ...(attrs.data as object | undefined) }, 'job failed; it runs again');
  });

  return {
    async start(deps) {
      await connected;
      const jobs = db.collection(COLLECTION);
      await jobs.createIndex({ 'data.releaseId': 1 });
      const setBackMs = await setBackWhileStopped(jobs, RECURRING_JOBS, new Date());
      if (setBackMs > 0) {
        logger.warn({ setBackMs }, 'the clock was set back while nothing ran');
        deps.engine.clockWasSetBack(setBackMs);
      }
      defineTick(agenda, deps);
      defineWakes(agenda, deps);
      defineOutbox(agenda, deps);
      defineHomes(agenda, deps);
      defineSlackFiles(agenda, deps);
      defineRetention(agenda, deps);
      defineVerification(agenda, deps);
      defineDoctor(agenda, deps);
      await agenda.start();
      await agenda.every(`${deps.tickMs / 1000} seconds`, 'tick');
      await agenda.every('2 seconds', 'outbox');
      await agenda.every('5 seconds', 'homes');
      await agenda.every('10 seconds', 'slack-files');
      await agenda.every('30 3 * * *', 'retention');
      await agenda.every('0 4 * * *', 'verification');
      await agenda.every('17 * * * *', 'doctor');
      if (setBackMs > 0) await bringForward(jobs, RECURRING_JOBS, new Date());
      watch = watchForSetBack((now) => bringForward(jobs, RECURRING_JOBS, now), logger);
      running = true;
    },
    planWakes: (releaseId, wakes) => planWakes(agenda, releaseId, wakes, realTimeOf),
    isRunning: () => running,
    async stop(timeoutMs) {
      running = false;
      watch?.stop();
      await agenda.drain({ timeout: timeoutMs, closeConnection: false });
      // Agenda leaves what it had locked and not begun; the next instance would wait for those locks to run out.
      const own = { lastModifiedBy: name, lockedAt: { $ne: null } };
      while ((await db.collection(COLLECTION).updateMany(own, { $set: { lockedAt: null } })).modifiedCount > 0);
    },
  };
}
