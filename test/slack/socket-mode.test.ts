import { makeApk } from '../fixtures/build-files.ts';
import { TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;

beforeEach(async () => {
  world = await slackWorld({ mode: 'socket' });
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

describe('Socket Mode', () => {
  it('serves commands, modals, clicks and files as HTTP does', async () => {
    expect(world.bot.isConnected()).toBe(true);
    const release = await world.create();
    await world.tick();
    const ack = await world.slack.user('alice').slash('/release', 'status', { channel: 'releases' });
    expect(ack.failure).toBeNull();
    await world.settle();
    expect(JSON.stringify(world.told('alice').blocks)).toContain('Not Started');
    const bytes = await makeApk({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 7 });
    await world.slack.user('alice').shareFile('releases', { name: 'app.apk', bytes });
    await world.settle();
    expect(await world.engine.queries.uploads(TENANT, release.id)).toHaveLength(1);
    await world.slack.user('alice').click(world.told('alice'), 'Start now');
    await world.settle();
    expect((await world.release(release.id)).status).toBe('IN_PROGRESS');
    const transports = world.slack.deliveries.filter(({ kind }) => kind !== 'event').map(({ transport }) => transport);
    expect(new Set(transports)).toEqual(new Set(['socket']));
  });

  it('comes back by itself when Slack drops the socket, also when Slack is down then', async () => {
    world.slack.faults.next('apps.connections.open', { kind: 'status', status: 503 });
    world.slack.socketMode.drop();
    await until(() => !world.bot.isConnected());
    await until(() => world.bot.isConnected());
    expect(world.slack.calls('apps.connections.open').length).toBeGreaterThanOrEqual(3);
    const ack = await world.slack.user('alice').slash('/release', 'help', { channel: 'releases' });
    expect(ack.failure).toBeNull();
  });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
