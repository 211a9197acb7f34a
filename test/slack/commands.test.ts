import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;

beforeAll(async () => {
  world = await slackWorld();
});
afterAll(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

async function say(user: string, text: string) {
  const ack = await world.slack.user(user).slash('/release', text, { channel: 'releases' });
  expect(ack.failure).toBeNull();
  await world.settle();
  return ack;
}

describe('/release', () => {
  it('answers nothing typed with what can be done', async () => {
    await say('alice', '');
    expect(JSON.stringify(world.told('alice').blocks)).toContain('/release new');
  });
  it('answers a typo with the nearest verb', async () => {
    await say('alice', 'stauts');
    expect(world.told('alice').text).toContain('/release status');
  });
});
