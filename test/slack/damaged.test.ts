import { HOUR_MS } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

/** What people see of a release that was damaged, over the real Slack app. */

let world: SlackWorld;
beforeAll(async () => {
  world = await slackWorld();
});
afterAll(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

async function damaged(version: string, damage: object, meanwhile: () => void = () => undefined): Promise<string> {
  const { id } = await world.create({ targets: [{ platform: 'ANDROID', version, store: null }] });
  await world.tick();
  meanwhile();
  const documents = world.persistence.connection.collection<{ _id: string }>('releases');
  await documents.updateOne({ _id: id }, { $set: { ...damage, nextWakeAt: world.now() } });
  await world.tick();
  return id;
}

async function say(text: string): Promise<string> {
  const ack = await world.slack.user('alice').slash('/release', text, { channel: 'releases' });
  expect(ack).toMatchObject({ status: 200, failure: null });
  await world.settle();
  const { text: said, blocks } = world.told('alice');
  return `${said} ${JSON.stringify(blocks)}`;
}

const directMessages = (user: string) => world.slack.messages(world.slack.user(user).dm());

test('admins get a direct message, everybody a sentence, and lists name it beside the others', async () => {
  const id = await damaged('7.1.0', { status: 'BROKEN' });
  expect(directMessages('alice')).toMatchObject([
    { text: expect.stringMatching(/Release Mobile Android 7\.1\.0 is damaged and was parked/) },
  ]);
  expect(JSON.stringify(directMessages('alice')[0]?.blocks)).toContain('Defect UNKNOWN_STATUS');
  expect(directMessages('bob')).toEqual([]);
  for (const words of ['status', 'why', 'status 7.1.0', `why ${id}`, 'pause 7.1.0', 'archive 7.1.0']) {
    expect(await say(words)).toMatch(/Release Mobile Android 7\.1\.0 .* is damaged, because .*\(UNKNOWN_STATUS\)/);
  }
  expect(await say('list')).toMatch(/1 release is damaged.*Mobile Android 7\.1\.0/s);
  expect(await say('help')).toContain('/release');
  const { id: sound } = await world.create({ targets: [{ platform: 'ANDROID', version: '7.2.0', store: null }] });
  await world.tick();
  const list = await say('list');
  expect(list).toContain('1 release is damaged');
  expect(list).toContain(sound);
  await world.slack.user('alice').openHome();
  await world.settle();
  expect(JSON.stringify(world.slack.user('alice').home())).toMatch(/1 release is damaged.*7\.1\.0/s);
});

test('an alert whose answer was lost is found again in the direct channel', async () => {
  const before = directMessages('alice').length;
  await damaged('7.3.0', { status: 'BROKEN' }, () =>
    world.slack.faults.next('chat.postMessage', { kind: 'reset', when: 'after' }),
  );
  await world.tick(HOUR_MS);
  expect(directMessages('alice')).toHaveLength(before + 1);
});

test('a release whose configuration is gone can be archived by its id', async () => {
  const id = await damaged('7.4.0', { releaseConfigId: 'cfg_gone' });
  await world.slack.user('alice').slash('/release', `archive ${id}`, { channel: 'releases' });
  await world.settle();
  const modal = world.slack.user('alice').modal();
  if (!modal) throw new Error('no modal');
  await world.slack.user('alice').submit(modal, { Reason: 'the configuration is gone' });
  await world.settle();
  expect((await world.release(id)).status).toBe('ARCHIVED');
});
