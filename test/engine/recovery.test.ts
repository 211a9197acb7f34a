import { findGate } from '../../src/domain/gate-rules.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { TransientError } from '../../src/shared/errors.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';
import { atPreReleaseGate } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const documents = () => world.persistence.connection.collection<{ _id: string }>('releases');
const targets = (minor: number) => [{ platform: 'ANDROID' as const, version: `7.${minor}.0`, store: null }];
const messagesOf = (id: string, part: string) =>
  world.messenger.sent.filter(({ key }) => key.startsWith(id) && key.includes(part));

test('one tick looks at every release that is due, however many there are', async () => {
  const { id } = await world.create();
  const one = await documents().findOne({ _id: id });
  if (!one) throw new Error('no document');
  const copies = Array.from({ length: 230 }, (_, index) => ({
    ...one,
    _id: `rel_copy${index}`,
    liveKeys: [`cfg:ANDROID:${index}`],
    status: 'ARCHIVED',
    pendingMessages: [],
    pendingAudit: [],
    unflushed: false,
    nextWakeAt: world.now(),
  }));
  await documents().insertMany(copies);
  await world.engine.advanceDue();
  expect(await world.persistence.repositories.releases.findDue(world.now(), 500)).toEqual([]);
});

test('releases that somebody else holds do not keep a tick going', async () => {
  const { id } = await world.create();
  await world.persistence.repositories.releases.wake(id, world.now(), 60_000);
  await documents().updateOne({ _id: id }, { $set: { nextWakeAt: world.now() } });
  expect(await world.engine.advanceDue()).toBe(1);
});

test('after days of silence one approval reminder is sent, and the next a day later', async () => {
  const id = await atPreReleaseGate(world);
  await world.tick(10 * 24 * HOUR_MS + 5 * HOUR_MS);
  expect(messagesOf(id, ':reminder:')).toHaveLength(1);
  await world.tick(HOUR_MS);
  expect(messagesOf(id, ':reminder:')).toHaveLength(1);
  await world.tick(23 * HOUR_MS);
  expect(messagesOf(id, ':reminder:')).toHaveLength(2);
});

test('a gate whose credential does not open says so on its card instead of failing out of sight', async () => {
  const id = await atPreReleaseGate(world);
  world.deps.scmFor = async () => {
    throw new Error('The credential was sealed with an unknown key');
  };
  await world.tick(60_000);
  const checks = findGate(await world.release(id), 'preRelease')?.checks;
  expect(checks).toContainEqual({ id: 'SCM', passed: false, text: expect.stringContaining('unknown key') });
});

test('an instance that must stop in the middle of a task hands its release back for another one', async () => {
  const { id } = await world.create();
  const ensureBranch = world.scm.ensureBranch;
  let go: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    go = resolve;
  });
  const began = new Promise<void>((resolve) => {
    world.scm.ensureBranch = async (input) => {
      resolve();
      await slow;
      return ensureBranch(input);
    };
  });
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  const work = world.engine.advance(id);
  await began;
  await world.engine.stop(10);
  world.scm.ensureBranch = ensureBranch;
  const second = world.second();
  await second.advanceDue();
  await second.idle();
  expect(findTask(await world.release(id), `${id}.s1.FORK_BRANCH`)?.status).toBe('COMPLETED');
  go();
  await work;
  const trail = await world.persistence.repositories.audit.list(TENANT, id, { limit: 100 });
  const subject = `${id}.s1.FORK_BRANCH`;
  expect(trail.filter((entry) => entry.subject === subject).map((entry) => entry.action)).toEqual([
    'TASK_COMPLETED',
    'TASK_STARTED',
  ]);
});

test('a damaged release is left out of lists, which show the others', async () => {
  const { id } = await world.create({ targets: targets(1) });
  const { id: sound } = await world.create({ targets: targets(2) });
  await documents().updateOne({ _id: id }, { $set: { status: 'BROKEN' } });
  const page = await world.engine.queries.live(TENANT, { limit: 10 });
  expect(page.releases.map((release) => release.id)).toEqual([sound]);
  expect((await world.engine.queries.liveInChannel(TENANT, 'C01REL')).map((release) => release.id)).toEqual([sound]);
});

test('a release whose configuration is gone can still be archived, and what it said is still sent', async () => {
  const { id } = await world.create();
  await world.persistence.repositories.configs.remove(TENANT, 'cfg_mobile');
  await world.tick(HOUR_MS);
  expect((await world.release(id)).status).toBe('PENDING');
  await world.engine.archiveRelease({ releaseId: id, reason: 'gone' }, alice);
  await world.tick();
  expect((await world.release(id)).status).toBe('ARCHIVED');
  expect(messagesOf(id, ':archived')).toHaveLength(1);
  const due = await world.persistence.repositories.releases.findDue(
    new Date(world.now().getTime() + 30 * 86_400_000),
    9,
  );
  expect(due).toEqual([]);
});

test('a message that cannot be rendered is parked after a few tries and the rest of the thread goes on', async () => {
  const { id } = await world.create();
  const render = world.deps.renderMessage;
  world.deps.renderMessage = (content, context) => {
    if (content.kind === 'STARTED') throw new TypeError('a mistake of ours');
    return render(content, context);
  };
  await world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice);
  for (let tries = 0; tries < 8; tries += 1) await world.tick(60_000);
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT, id);
  expect(rows.find((row) => row.key.endsWith(':started'))).toMatchObject({
    status: 'PARKED',
    lastError: expect.stringContaining('a mistake of ours'),
  });
  expect(messagesOf(id, ':missing')).toHaveLength(1);
});

test('a sender that slept past its claim does not send what another one has sent', async () => {
  const { id } = await world.create();
  await world.tick();
  const render = world.deps.renderMessage;
  const second = world.second();
  world.messenger.down = new TransientError({ provider: 'SLACK', operation: 'send', status: 503, detail: 'down' });
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice).catch(() => undefined);
  await world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice);
  await world.engine.idle();
  world.messenger.down = null;
  const { outbox } = world.persistence.repositories;
  const find = outbox.find;
  let slept = false;
  outbox.find = async (tenantId, key) => {
    if (!slept && key.endsWith(':root')) {
      slept = true;
      world.setNow(new Date(world.now().getTime() + 120_000));
      await second.drainOutbox();
      await second.idle();
    }
    return find(tenantId, key);
  };
  await world.tick(HOUR_MS);
  world.deps.renderMessage = render;
  expect(slept).toBe(true);
  expect(messagesOf(id, ':started')).toHaveLength(1);
});

test('a freeze that an admin takes away holds the kick-off no longer', async () => {
  const { id } = await world.create();
  const freeze = { startsAt: world.now(), endsAt: new Date(world.now().getTime() + 90 * 24 * HOUR_MS), reason: 'rest' };
  await world.saveConfig({ freezeWindows: [freeze] });
  await world.tick(2 * HOUR_MS);
  expect((await world.release(id)).status).toBe('PENDING');
  await world.saveConfig({ freezeWindows: [] });
  await world.tick();
  expect((await world.release(id)).status).toBe('IN_PROGRESS');
});

test('what people and providers write at length does not swell the release', async () => {
  const { id } = await world.create();
  world.scm.push('main', 'x'.repeat(100_000));
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  await world.tick(4 * HOUR_MS);
  const stored = await documents().findOne({ _id: id });
  expect(JSON.stringify(stored).length).toBeLessThan(40_000);
  expect(findTask(await world.release(id), `${id}.c1.CREATE_RELEASE_NOTES`)?.status).toBe('COMPLETED');
});

test('a release takes at most a hundred slots, at its creation and after', async () => {
  const slots = Array.from({ length: 101 }, (_, index) => new Date(world.now().getTime() + (2 + index) * HOUR_MS));
  await expect(world.create({ regressionSlots: slots })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    fields: { regressionSlots: expect.stringContaining('at most 100') },
  });
  const { id } = await world.create({ regressionSlots: slots.slice(1) });
  await expect(world.engine.addSlot({ releaseId: id, at: slots[0] ?? world.now() }, alice)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
});

test('whoever takes a release over plans its one-time jobs anew: its last holder may have died between planning and storing', async () => {
  const { id } = await world.create();
  let plans = 0;
  world.deps.planWakes = async () => {
    plans += 1;
  };
  await world.engine.advance(id);
  expect(plans).toBe(0);
  await world.persistence.repositories.releases.wake(id, world.now(), world.deps.leaseMs);
  await world.tick(world.deps.leaseMs);
  expect(plans).toBe(1);
});
