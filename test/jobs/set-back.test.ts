import { type Db, MongoClient } from 'mongodb';
import pino from 'pino';
import { createJobs, type JobDeps } from '../../jobs/index.ts';
import { bringForward, watchForSetBack } from '../../jobs/set-back.ts';
import { testDatabase } from '../support/database.ts';

const NOW = new Date('2026-12-01T08:00:00.000Z');
const HOUR_MS = 3_600_000;
const later = (ms: number) => new Date(NOW.getTime() + ms);
const logger = pino({ level: 'silent' });

/** Resolves with the instant that was found, going through these readings of the wall clock. */
function found(readings: number[], fail = 0): Promise<{ at: Date; calls: number }> {
  let last = NOW.getTime();
  let calls = 0;
  return new Promise((resolve) => {
    const watch = watchForSetBack(
      async (at) => {
        calls += 1;
        if (calls <= fail) throw new Error('no database');
        watch.stop();
        resolve({ at, calls });
      },
      logger,
      {
        lookEveryMs: 1,
        wallMs: () => {
          last = readings.shift() ?? last + 1;
          return last;
        },
      },
    );
  });
}

test('a clock that is set back by an hour is seen, one that is corrected by seconds is not', async () => {
  const at = (ms: number) => NOW.getTime() + ms;
  const seen = await found([at(0), at(5_000), at(2_000), at(7_000), at(7_000 - HOUR_MS)]);
  expect(seen.at).toEqual(later(7_000 - HOUR_MS));
});

test('what could not be brought forward is tried again', async () => {
  const seen = await found([NOW.getTime(), NOW.getTime() - HOUR_MS], 1);
  expect(seen.calls).toBe(2);
});

test('recurring jobs run at once, one-time jobs at their time, and no lock lies ahead', async () => {
  const database = await testDatabase();
  const client = await MongoClient.connect(database.uri);
  try {
    const jobs = client.db(database.name).collection('jobs');
    await jobs.insertMany([
      { name: 'tick', nextRunAt: later(HOUR_MS), lockedAt: null },
      { name: 'outbox', nextRunAt: later(-1_000), lockedAt: later(HOUR_MS) },
      { name: 'kick-off', nextRunAt: later(2 * HOUR_MS), lockedAt: null },
    ]);
    await bringForward(jobs, ['tick', 'outbox'], NOW);
    const stored = await jobs.find({}, { projection: { _id: 0 } }).toArray();
    expect(stored).toEqual([
      { name: 'tick', nextRunAt: NOW, lockedAt: null },
      { name: 'outbox', nextRunAt: later(-1_000), lockedAt: NOW },
      { name: 'kick-off', nextRunAt: later(2 * HOUR_MS), lockedAt: null },
    ]);
  } finally {
    await client.close();
    await database.close();
  }
});

test.each([
  ['set back by an hour while nothing ran: the tick runs at once and the engine is told by how much', HOUR_MS],
  ['not set back: the engine is told nothing', 0],
])('a clock that was %s', async (_, setBackMs) => {
  const database = await testDatabase();
  const client = await MongoClient.connect(database.uri);
  try {
    const jobs = client.db(database.name).collection('jobs');
    expect(await untilTick(client.db(database.name))).toEqual([]);
    // To set the clock back is to find all that is stored so much ahead.
    for (const { _id, ...job } of await jobs.find().toArray()) {
      const ahead = Object.entries(job).flatMap(([name, value]) =>
        value instanceof Date ? [[name, new Date(value.getTime() + setBackMs)]] : [],
      );
      await jobs.updateOne({ _id }, { $set: Object.fromEntries(ahead) });
    }
    if (setBackMs === 0) await jobs.updateOne({ name: 'tick' }, { $set: { nextRunAt: new Date() } });
    const told = await untilTick(client.db(database.name));
    expect(told.map((byMs) => Math.round(byMs / HOUR_MS))).toEqual(setBackMs > 0 ? [1] : []);
  } finally {
    await client.close();
    await database.close();
  }
});

/** Starts a scheduler, waits for its first tick and stops it; what the engine was told of the clock. */
async function untilTick(db: Db): Promise<number[]> {
  const told: number[] = [];
  const jobs = createJobs({ db, realTimeOf: (instant) => instant, logger });
  await new Promise<void>((ticked, failed) => {
    const engine = new Proxy({} as JobDeps['engine'], {
      get(_target, name) {
        if (name === 'clockWasSetBack') return (byMs: number) => told.push(byMs);
        return async () => {
          if (name === 'advanceDue') ticked();
          return 0;
        };
      },
    });
    const known = { engine, logger, tickMs: 60_000 };
    const deps = new Proxy(known as JobDeps, {
      get: (target, name) => (name in known ? Reflect.get(target, name) : async () => undefined),
    });
    jobs.start(deps).catch(failed);
  });
  await jobs.stop(5_000);
  return told;
}
