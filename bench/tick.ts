import { setTimeout as delay } from 'node:timers/promises';
import pino from 'pino';
import { createRelease } from '../src/domain/changes/create.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import { createEngine, type Deps } from '../src/engine/index.ts';
import { connectPersistence, type Persistence } from '../src/persistence/index.ts';
import { createMetrics } from '../src/shared/metrics.ts';
import { startServer } from './support/child.ts';
import { benchConfig } from './support/config.ts';
import { median, type Result } from './support/numbers.ts';

/** A tick with 20 due releases, among 100 and among 20,000 sleeping ones, in turns in one run. */
const DUE = 20;
const SLEEPING = [100, 20_000] as const;
const ROUNDS = 15;
const WARM_UP_ROUNDS = 3;
const HOUR_MS = 3_600_000;
const START = new Date('2026-12-01T08:00:00.000Z');
const FAR = new Date('2027-12-01T08:00:00.000Z');

interface Field {
  tick(): Promise<number>;
  close(): Promise<void>;
}

export async function benchTick(): Promise<Result[]> {
  const database = await startServer('bin/embedded-mongo.ts', ['--port', '0'], {});
  const fields: Field[] = [];
  try {
    for (const sleeping of SLEEPING) fields.push(await prepare(database.port, sleeping));
    const times = fields.map((): number[] => []);
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      for (const [index, field] of fields.entries()) {
        const tookMs = await field.tick();
        if (round >= WARM_UP_ROUNDS) times[index]?.push(tookMs);
      }
    }
    const [few = Number.NaN, many = Number.NaN] = times.map(median);
    const ratio = many / few;
    return [
      {
        what: `a tick with ${DUE} due releases among ${SLEEPING[1]} sleeping ones`,
        figure: `${ratio.toFixed(2)} times (${many.toFixed(0)} ms against ${few.toFixed(0)} ms among ${SLEEPING[0]}, median)`,
        bound: 'within 1.5 times',
        holds: ratio <= 1.5,
      },
    ];
  } finally {
    for (const field of fields) await field.close();
    await database.stop();
  }
}

/** Releases whose reminder comes anew each round stay PENDING: each tick does the same work on the same 20. */
async function prepare(port: number, sleeping: number): Promise<Field> {
  const uri = `mongodb://127.0.0.1:${port}/bench_${sleeping}`;
  let now = START;
  const clock = { now: () => now, realTimeOf: (instant: Date) => instant };
  const persistence = await connectPersistence({ uri, clock });
  await persistence.ensureIndexes();
  const config = await persistence.repositories.configs.upsert(benchConfig('T01BENCH'));
  const engine = createEngine(depsOf(persistence, clock));
  const due = await makeReleases(persistence, config, DUE, 0);
  await makeReleases(persistence, config, sleeping, DUE);
  while ((await engine.advanceDue()) > 0) await engine.idle();
  await delay(0);
  return {
    async tick() {
      now = new Date(now.getTime() + 60_000);
      // What a person's fact does to a release: stored, and due now.
      for (const id of due) await touch(persistence, id, now);
      const startedAt = performance.now();
      const advanced = await engine.advanceDue();
      const tookMs = performance.now() - startedAt;
      if (advanced !== DUE) throw new Error(`${advanced} releases were due, not ${DUE}`);
      await engine.idle();
      return tookMs;
    },
    close: () => persistence.close(),
  };
}

async function touch(persistence: Persistence, releaseId: string, now: Date): Promise<void> {
  const stored = await persistence.repositories.releases.load(releaseId);
  if (!stored) throw new Error(`${releaseId} is gone`);
  await persistence.repositories.releases.save({ release: stored.release, messages: [], audit: [] }, now);
}

async function makeReleases(
  persistence: Persistence,
  config: ReleaseConfig,
  count: number,
  from: number,
): Promise<string[]> {
  const ids: string[] = [];
  for (let index = from; index < from + count; index += 1) {
    const change = createRelease(
      {
        id: `rel_bench${index}`,
        type: 'PLANNED',
        targets: [{ platform: 'ANDROID', version: `${index + 1}.0.0`, store: null }],
        baseBranch: 'main',
        kickOffDate: FAR,
        targetReleaseDate: null,
        slotDates: [new Date(FAR.getTime() + HOUR_MS)],
        hasManualBuildUpload: true,
        releasePilot: 'U1',
        freezeOverrideReason: null,
      },
      config,
      { actor: 'U1', origin: 'API' },
      START,
    );
    await persistence.repositories.releases.create(change);
    ids.push(change.release.id);
  }
  return ids;
}

function depsOf(persistence: Persistence, clock: Deps['clock']): Deps {
  const never = async (): Promise<never> => {
    throw new Error('the tick of this benchmark needs no provider');
  };
  return {
    clock,
    logger: pino({ level: 'error' }),
    metrics: createMetrics(),
    repositories: persistence.repositories,
    scmFor: never,
    // Sending is no part of the tick: every message is taken at once.
    messengerFor: async () => ({
      send: async ({ channelId }) => ({ ts: '1.0', channelId }),
      update: async () => undefined,
      findByKey: async () => null,
      keyAt: async () => null,
      permalink: async () => null,
      groupMembers: async () => [],
      verify: never,
    }),
    artifacts: { write: never, read: never, head: never, delete: never, signedLink: never, verify: never },
    inspectBuild: never,
    renderMessage: () => ({ text: '', blocks: [], settled: true }),
    renderAlert: () => ({ text: '', blocks: [], settled: true }),
    planWakes: async () => undefined,
    isDatabaseError: () => false,
    maxUploadBytes: 0,
    leaseMs: 60_000,
  };
}
