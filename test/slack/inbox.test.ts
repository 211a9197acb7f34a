import { makeApk } from '../fixtures/build-files.ts';
import { TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

/** What Slack hears was taken is stored before: nothing that was acknowledged is lost, and nothing is done twice. */

class MongoServerSelectionError extends Error {
  override readonly name = 'MongoServerSelectionError';
}
const away = () => new MongoServerSelectionError('connect ECONNREFUSED');

let world: SlackWorld;
let releaseId: string;
beforeEach(async () => {
  world = await slackWorld();
  releaseId = (await world.create()).id;
  await world.tick();
  later(1_000);
});
afterEach(async () => {
  for (const end of ending.splice(0)) end();
  await world.close();
});

const ending: (() => void)[] = [];
/** Until the test is over. */
function neverEnding(): Promise<never> {
  return new Promise((_, reject) => ending.push(() => reject(new Error('the test is over'))));
}

const apk = () => makeApk({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 7 });
const uploads = () => world.engine.queries.uploads(TENANT, releaseId);
const status = async () => (await world.release(releaseId)).status;
const later = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));
const rootCard = () => {
  const card = world.slack.messages('releases').find(({ metadata }) => JSON.stringify(metadata).includes(':root'));
  if (!card) throw new Error('no card');
  return card;
};
/** From here on the process is as good as dead: what it was asked is stored, and nothing is done. */
function dieAfterTheAcknowledgement(): { mockRestore(): void } {
  return jest.spyOn(world.engine.queries, 'liveInChannel').mockReturnValue(neverEnding());
}
const kept = async () => {
  const { connection } = world.persistence;
  return connection
    .collection('deliveries')
    .find({ key: /^slack-inbox:/ })
    .toArray();
};

test('a file that is shared while the database is away is not acknowledged, and taken when Slack repeats it', async () => {
  const { deliveries } = world.persistence.repositories;
  const spy = jest.spyOn(deliveries, 'receive').mockRejectedValue(away());
  await world.slack
    .user('alice')
    .shareFile('releases', { name: 'app.apk', bytes: await apk() }, { events: ['message'] });
  expect(world.slack.deliveries.at(-1)).toMatchObject({ kind: 'event', status: 503 });
  spy.mockRestore();
  await world.slack.flushRetries();
  await world.settle();
  expect(await uploads()).toHaveLength(1);
  expect(await kept()).toEqual([]);
});

test("an event that could not be stored by Slack's last repeat is worked on all the same", async () => {
  const { deliveries } = world.persistence.repositories;
  const real = deliveries.receive.bind(deliveries);
  jest
    .spyOn(deliveries, 'receive')
    .mockImplementation((given, ...rest) =>
      given.key.startsWith('slack-inbox:') ? Promise.reject(away()) : real(given, ...rest),
    );
  await world.slack
    .user('alice')
    .shareFile('releases', { name: 'app.apk', bytes: await apk() }, { events: ['message'] });
  await world.slack.flushRetries();
  await world.settle();
  expect(await uploads()).toHaveLength(1);
});

test('a repeat of an event that is being worked on is acknowledged and does nothing', async () => {
  const dead = dieAfterTheAcknowledgement();
  await world.slack
    .user('alice')
    .shareFile('releases', { name: 'app.apk', bytes: await apk() }, { events: ['message'] });
  expect(dead).toHaveBeenCalledTimes(1);
  const eventId = world.slack.deliveries.at(-1)?.eventId ?? '';
  expect(await world.slack.resend(eventId)).toMatchObject({ status: 200 });
  expect(dead).toHaveBeenCalledTimes(1);
});

test('a file whose share was acknowledged and lost is taken up, once', async () => {
  const dead = dieAfterTheAcknowledgement();
  await world.slack
    .user('alice')
    .shareFile('releases', { name: 'app.apk', bytes: await apk() }, { events: ['message'] });
  dead.mockRestore();
  expect(await world.inbox.resume()).toBe(0);
  later(61_000);
  expect(await world.inbox.resume()).toBe(1);
  expect(await uploads()).toHaveLength(1);
  expect(await kept()).toEqual([]);
});

test('a click that was acknowledged and lost counts, as the one who clicked', async () => {
  const dead = jest.spyOn(world.engine, 'startRelease').mockReturnValueOnce(neverEnding());
  await world.slack.user('alice').click(rootCard(), 'Start now');
  await until(() => dead.mock.calls.length > 0);
  expect(await status()).toBe('PENDING');
  later(61_000);
  expect(await world.inbox.resume()).toBe(1);
  await world.engine.idle();
  expect(await status()).toBe('IN_PROGRESS');
});

test('a click whose decision was stored before the death is not made again', async () => {
  const real = world.engine.startRelease.bind(world.engine);
  const dead = jest.spyOn(world.engine, 'startRelease').mockImplementationOnce(async (...given) => {
    await real(...given);
    return neverEnding();
  });
  await world.slack.user('alice').click(rootCard(), 'Start now');
  await until(async () => (await status()) === 'IN_PROGRESS');
  later(61_000);
  expect(await world.inbox.resume()).toBe(1);
  expect(dead).toHaveBeenCalledTimes(1);
  expect(world.slack.user('alice').ephemerals()).toEqual([]);
  expect(await kept()).toEqual([]);
});

test('a click that is minutes old is not made any more; its person is told', async () => {
  const dead = jest.spyOn(world.engine, 'startRelease').mockReturnValueOnce(neverEnding());
  await world.slack.user('alice').click(rootCard(), 'Start now');
  await until(() => dead.mock.calls.length > 0);
  later(301_000);
  expect(await world.inbox.resume()).toBe(1);
  expect(await status()).toBe('PENDING');
  const direct = world.slack.allMessages().filter(({ text }) => text.includes('It may not be done'));
  expect(direct).toHaveLength(1);
});

test('a command that was cut short is not repeated; its person is told to look', async () => {
  const dead = jest.spyOn(world.engine, 'addSlot').mockReturnValue(neverEnding());
  await world.slack.user('alice').slash('/release', 'slot add 2026-12-05 10:00', { channel: 'releases' });
  await until(() => dead.mock.calls.length > 0);
  later(61_000);
  expect(await world.inbox.resume()).toBe(1);
  expect(dead).toHaveBeenCalledTimes(1);
  expect(world.told('alice').text).toContain('I was restarted');
});

test('what only shows something costs no write', async () => {
  const spy = jest.spyOn(world.persistence.repositories.deliveries, 'receive');
  await world.slack.user('alice').slash('/release', 'status', { channel: 'releases' });
  await world.slack.user('alice').say('releases', 'nothing to take');
  await world.settle();
  expect(spy).not.toHaveBeenCalled();
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
