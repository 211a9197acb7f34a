import { findTask } from '../../src/domain/tasks.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

/** What an engine holds when it must stop, and what another one finds (Spec 7.3). */

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const LEASE_MS = 60_000;
const FILE = { tenantId: TENANT, key: 'slack-file:F1', payload: { fileId: 'F1' } };
const rows = (id: string) => world.persistence.repositories.outbox.listByRelease(TENANT, id);
const posted = (id: string) => world.messenger.sent.filter(({ key }) => key.startsWith(id)).map(({ key }) => key);

/** Something that hangs until it is let go. */
function hanging() {
  let letGo: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let began: () => void = () => undefined;
  const hangs = new Promise<void>((resolve) => {
    began = resolve;
  });
  return {
    hangs,
    letGo,
    async wait() {
      began();
      await until;
    },
  };
}

test('a message that waited for its sender is given back, sent at once by another instance, and once', async () => {
  const slack = hanging();
  const messengerFor = world.deps.messengerFor;
  world.deps.messengerFor = async (tenantId) => {
    await slack.wait();
    return messengerFor(tenantId);
  };
  const creating = world.create();
  await slack.hangs;
  await world.engine.stop(10);
  world.deps.messengerFor = messengerFor;
  const [live] = (await world.engine.queries.live(TENANT, { limit: 1 })).releases;
  const id = live?.id ?? '';
  const unsent = expect.objectContaining({ status: 'PENDING', attempts: 0, lease: null });
  expect(await rows(id)).toEqual([unsent, unsent]);
  const second = world.second();
  expect(await second.drainOutbox()).toBe(2);
  slack.letGo();
  await creating;
  const sent = expect.objectContaining({ status: 'SENT', lease: null });
  expect(await rows(id)).toEqual([sent, sent]);
  expect(posted(id)).toEqual([`${id}:root`, `${id}:pre-kick-off-reminder`]);
});

test('a message that may be at Slack already stays claimed, and is looked for before it is sent again', async () => {
  const { id } = await world.create();
  const slack = hanging();
  const { send } = world.messenger;
  world.messenger.send = async (message) => {
    const sent = await send(message);
    await slack.wait();
    return sent;
  };
  void world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice).catch(() => undefined);
  await slack.hangs;
  await world.engine.stop(10);
  world.messenger.send = send;
  const second = world.second();
  await second.drainOutbox();
  expect(posted(id).filter((key) => key.endsWith(':started'))).toHaveLength(1);
  world.setNow(new Date(world.now().getTime() + LEASE_MS));
  await second.drainOutbox();
  await second.idle();
  slack.letGo();
  await world.engine.idle();
  expect(posted(id).filter((key) => key.endsWith(':started'))).toHaveLength(1);
  expect((await rows(id)).map((row) => row.status)).toEqual((await rows(id)).map(() => 'SENT'));
});

test('a release is there for another instance at once, and so is each delivery that was not finished', async () => {
  const { id } = await world.create();
  const github = hanging();
  const { ensureBranch } = world.scm;
  world.scm.ensureBranch = async (input) => {
    await github.wait();
    return ensureBranch(input);
  };
  const { deliveries } = world.engine;
  const { delivery } = await deliveries.receive(FILE, LEASE_MS);
  const done = await deliveries.receive({ ...FILE, key: 'slack-file:F2' }, LEASE_MS);
  await deliveries.finish(done.delivery, 'DONE', {});
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
  const work = world.engine.advance(id);
  await github.hangs;
  await deliveries.renew(delivery, LEASE_MS);
  await world.engine.stop(10);
  const stored = await world.persistence.repositories.releases.load(id);
  expect(stored?.lease).toBeNull();
  expect(await world.persistence.repositories.releases.findDue(world.now(), 9)).toEqual([id]);

  const second = world.second();
  const taken = await second.deliveries.claimAbandoned('slack-file:', LEASE_MS);
  expect(taken).toMatchObject({ key: FILE.key, payload: FILE.payload, attempts: 2 });
  expect(await second.deliveries.claimAbandoned('slack-file:', LEASE_MS)).toBeNull();
  // Who handed it back neither ends it nor takes it again.
  expect(await deliveries.finish(delivery, 'FAILED', { error: 'broken off' })).toBe(false);
  world.setNow(new Date(world.now().getTime() + LEASE_MS));
  expect(await deliveries.claimAbandoned('slack-file:', LEASE_MS)).toBeNull();

  world.scm.ensureBranch = ensureBranch;
  await second.advanceDue();
  await second.idle();
  expect(findTask(await world.release(id), `${id}.s1.FORK_BRANCH`)?.status).toBe('COMPLETED');
  github.letGo();
  await work;
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
});

test('what arrives while it stops, or when it has, is there for another instance at once', async () => {
  const { deliveries } = world.engine;
  const arriving = deliveries.receive(FILE, LEASE_MS);
  await world.engine.stop(10);
  await arriving;
  await deliveries.receive({ ...FILE, key: 'slack-file:F2' }, LEASE_MS);
  const second = world.second();
  const keys = [1, 2].map(async () => (await second.deliveries.claimAbandoned('slack-file:', LEASE_MS))?.key);
  expect((await Promise.all(keys)).sort()).toEqual(['slack-file:F1', 'slack-file:F2']);
});
