import { createEngine, type Engine } from '../../src/engine/index.ts';
import { PermanentError, TransientError } from '../../src/shared/errors.ts';
import { createMetrics } from '../../src/shared/metrics.ts';
import { engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';
import { countsOf } from '../support/metrics.ts';

/** What is counted is what happened: once each, by the instance that did it. */

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const LEASE_MS = 60_000;
const fault = { provider: 'GITHUB', operation: 'ensureBranch', status: 503, detail: 'unavailable' };
const counted = async (beginning: string, { metrics } = world.deps) => countsOf(await metrics.text(), beginning);
const forks = async () =>
  Object.fromEntries(
    Object.entries(await counted('slipway_task_runs_total{type="FORK_BRANCH"')).map(([name, count]) => [
      /outcome="([^"]+)"/.exec(name)?.[1],
      count,
    ]),
  );

/** Another instance on the same database, with counts of its own. */
function another(): { engine: Engine; deps: World['deps'] } {
  const deps = { ...world.deps, metrics: createMetrics() };
  return { engine: createEngine(deps), deps };
}

test('a task that meets a transient fault is one delayed run, and one that is done', async () => {
  await world.create();
  world.scm.failNext('ensureBranch', new TransientError(fault));
  await world.tick(HOUR_MS);
  expect(await forks()).toEqual({ delayed: 1 });
  await world.tick(5_000);
  expect(await forks()).toEqual({ delayed: 1, done: 1 });
  expect(await counted('slipway_recoveries')).toEqual({});
});

test('a task that is refused is one failed run', async () => {
  await world.create();
  world.scm.failNext('ensureBranch', new PermanentError({ ...fault, status: 422 }));
  await world.tick(HOUR_MS);
  await world.tick(HOUR_MS);
  expect(await forks()).toEqual({ failed: 1 });
});

test('a task whose integration is not there is passed over, and is no fault', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  const runs = Object.keys(await counted('slipway_task_runs_total'));
  expect(runs).toContain('slipway_task_runs_total{type="CREATE_PROJECT_MANAGEMENT_TICKET",outcome="passed-over"}');
  expect(runs.filter((name) => /delayed|failed/.test(name))).toEqual([]);
});

test('a release that another instance died with is one takeover and one task taken up again, by who did it', async () => {
  const { id } = await world.create();
  const { repositories } = world.deps;
  const lost = async (): Promise<never> => {
    throw new Error('the process is dead');
  };
  const dying = another();
  dying.deps.repositories = { ...repositories, releases: { ...repositories.releases, renew: lost } };
  const cut = new Promise<void>((resolve) => {
    dying.deps.scmFor = async () => {
      resolve();
      return new Promise(() => undefined);
    };
  });
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  void dying.engine.advance(id);
  await cut;
  await world.tick(LEASE_MS - 1);
  expect(await counted('slipway_lease_takeovers')).toEqual({});
  await world.tick(1);
  expect(await counted('slipway_lease_takeovers')).toEqual({ slipway_lease_takeovers_total: 1 });
  expect(await counted('slipway_recoveries')).toEqual({ 'slipway_recoveries_total{what="task"}': 1 });
  expect(await forks()).toEqual({ done: 1 });
  expect(await counted('slipway_lease_takeovers', dying.deps)).toEqual({});
});

test('an advance is counted by what came of it', async () => {
  const { id } = await world.create();
  const before = await counted('slipway_advances');
  const grown = async () =>
    Object.fromEntries(
      Object.entries(await counted('slipway_advances')).flatMap(([name, count]) =>
        count === before[name] ? [] : [[/result="([^"]+)"/.exec(name)?.[1], count - (before[name] ?? 0)]],
      ),
    );
  await world.engine.advance(id);
  expect(await grown()).toEqual({ settled: 1 });
  const { releases } = world.persistence.repositories;
  await releases.wake(id, world.now(), LEASE_MS);
  await world.engine.advance(id);
  expect(await grown()).toEqual({ settled: 1, busy: 1 });
  world.deps.repositories.releases.load = async () => {
    throw new Error('the database is away');
  };
  world.setNow(new Date(world.now().getTime() + LEASE_MS));
  await expect(world.engine.advance(id)).rejects.toThrow('away');
  expect(await grown()).toEqual({ settled: 1, busy: 1, failed: 1 });
});

test('a message is counted when it was delayed, sent, and taken up from a claim that ran out', async () => {
  const gone = { provider: 'SLACK', operation: 'send', status: 503, detail: 'down' };
  world.messenger.failNext(new TransientError(gone));
  const { id } = await world.create();
  expect(await counted('slipway_messages')).toEqual({ 'slipway_messages_total{outcome="delayed"}': 1 });
  const { outbox } = world.persistence.repositories;
  world.setNow(new Date(world.now().getTime() + 10_000));
  // What a killed process leaves: a claim that nobody ends.
  expect(await outbox.claimNext(id, world.now(), LEASE_MS)).toMatchObject({ takenOver: false });
  await world.tick(LEASE_MS - 1);
  expect(await counted('slipway_recoveries')).toEqual({});
  await world.tick(1);
  expect(await counted('slipway_recoveries')).toEqual({ 'slipway_recoveries_total{what="message"}': 1 });
  expect(await counted('slipway_messages')).toEqual({
    'slipway_messages_total{outcome="delayed"}': 1,
    'slipway_messages_total{outcome="sent"}': world.messenger.sent.length,
  });
  expect((await world.engine.backlog()).outbox).toEqual({ depth: 0, oldestAgeSeconds: 0, parked: 0 });
});

test('a delivery that another instance left is taken up again once', async () => {
  const delivery = { tenantId: TENANT, key: 'slack-file:F1', payload: {} };
  const { engine, deps } = another();
  await engine.deliveries.receive(delivery, LEASE_MS);
  expect(await world.engine.deliveries.claimAbandoned('slack-file:', LEASE_MS)).toBeNull();
  world.setNow(new Date(world.now().getTime() + LEASE_MS));
  expect(await world.engine.deliveries.claimAbandoned('slack-file:', LEASE_MS)).not.toBeNull();
  expect(await counted('slipway_recoveries')).toEqual({ 'slipway_recoveries_total{what="delivery"}': 1 });
  expect(await counted('slipway_recoveries', deps)).toEqual({});
});

test('an upload is counted with its bytes when it counts, and not when it is refused or comes again', async () => {
  const { id } = await world.create();
  const { sizeBytes } = await world.upload(id, 'ANDROID');
  await expect(world.upload(id, 'ANDROID', { stage: 'PRE_RELEASE' })).rejects.toThrow();
  expect(await counted('slipway_upload')).toEqual({
    'slipway_uploads_total{source="API",platform="ANDROID"}': 1,
    'slipway_upload_bytes_total{source="API",platform="ANDROID"}': sizeBytes,
  });
});

test('what waits is told with its age, and a release is late when it was due for five minutes', async () => {
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  const { id } = await world.create();
  const depth = (await world.persistence.repositories.outbox.listByRelease(TENANT, id)).length;
  expect(depth).toBeGreaterThan(0);
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  expect(await world.engine.backlog()).toEqual({
    outbox: { depth, oldestAgeSeconds: 3600, parked: 0 },
    releases: { due: 1, late: 0 },
  });
  world.setNow(new Date(world.now().getTime() + 300_000 - 1));
  expect((await world.engine.backlog()).releases).toEqual({ due: 1, late: 0 });
  world.setNow(new Date(world.now().getTime() + 1));
  expect((await world.engine.backlog()).releases).toEqual({ due: 1, late: 1 });
});
