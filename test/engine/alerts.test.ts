import { type Alert, alertAdmins } from '../../src/engine/alerts.ts';
import { PermanentError, TransientError } from '../../src/shared/errors.ts';
import { engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const alert = (more: Partial<Alert> = {}): Alert => ({
  tenantId: TENANT,
  key: 'test',
  text: 'Something is wrong.',
  lines: ['this', 'that'],
  releaseId: null,
  ...more,
});
const alerts = () => world.messenger.sent.filter(({ key }) => key.startsWith('alert:'));
const setAdmins = (admins: string[]) => world.persistence.repositories.tenants.setRoles(TENANT, { ADMIN: admins });

test('every admin is told once, those of a user group among them, however often it is said', async () => {
  await setAdmins(['U01ALICE', 'S0ADMINS']);
  world.messenger.groupMembers = async () => ['U01ALICE', 'U03CAROL'];
  await Promise.all([alertAdmins(world.deps, alert()), alertAdmins(world.deps, alert())]);
  await world.tick();
  await alertAdmins(world.deps, alert());
  await world.tick();
  expect(
    alerts()
      .map(({ channelId }) => channelId)
      .sort(),
  ).toEqual(['U01ALICE', 'U03CAROL']);
  expect(alerts()[0]?.versions).toEqual([{ text: 'Something is wrong.\nthis\nthat', blocks: [] }]);
  await alertAdmins(world.deps, alert({ key: 'other' }));
  await world.tick();
  expect(alerts()).toHaveLength(4);
});

test('an alert whose answer was lost is found again instead of sent twice', async () => {
  world.messenger.failNext(
    new TransientError({ provider: 'SLACK', operation: 'send', status: 500, detail: 'internal_error' }),
    'after',
  );
  await alertAdmins(world.deps, alert());
  await world.tick();
  await world.tick(60_000);
  expect(alerts()).toHaveLength(1);
});

test('an admin who cannot be reached keeps no other from being told, and the alert is parked without another alert', async () => {
  await setAdmins(['U01ALICE', 'U09GONE']);
  const { send } = world.messenger;
  world.messenger.send = async (message) => {
    if (message.channelId !== 'U09GONE') return send(message);
    throw new PermanentError({ provider: 'SLACK', operation: 'send', status: 200, detail: 'channel_not_found' });
  };
  await alertAdmins(world.deps, alert());
  await world.tick();
  expect(alerts().map(({ channelId }) => channelId)).toEqual(['U01ALICE']);
  for (let tries = 0; tries < 6; tries += 1) await world.tick(HOUR_MS);
  const { outbox } = world.persistence.repositories;
  expect(await outbox.find(TENANT, 'alert:test:U09GONE')).toMatchObject({ status: 'PARKED', attempts: 5 });
  expect(await outbox.backlog()).toMatchObject({ depth: 0, parked: 1 });
  expect(alerts()).toHaveLength(1);
});

test("without an admin who can be found the release's channel is told, and without a release nobody", async () => {
  await setAdmins(['S0ADMINS']);
  world.messenger.groupMembers = async () => {
    throw new PermanentError({ provider: 'SLACK', operation: 'groupMembers', status: 200, detail: 'no_such_subteam' });
  };
  const { id } = await world.create();
  await alertAdmins(world.deps, alert({ releaseId: id }));
  await alertAdmins(world.deps, alert({ key: 'lost' }));
  await world.tick();
  expect(alerts()).toMatchObject([{ key: 'alert:test:C01REL', channelId: 'C01REL', threadTs: null }]);
});

test('alerts that were sent long ago are forgotten', async () => {
  await alertAdmins(world.deps, alert());
  await world.tick();
  await world.tick(89 * 24 * HOUR_MS);
  const { outbox } = world.persistence.repositories;
  await world.engine.applyRetention();
  expect(await outbox.find(TENANT, 'alert:test:U01ALICE')).toMatchObject({ status: 'SENT', settled: true });
  await world.tick(2 * 24 * HOUR_MS);
  await world.engine.applyRetention();
  expect(await outbox.find(TENANT, 'alert:test:U01ALICE')).toBeNull();
});
