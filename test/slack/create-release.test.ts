import { START, TENANT } from '../support/engine-world.ts';
import { KICK_OFF, RELEASES, type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;

beforeEach(async () => {
  world = await slackWorld();
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

const SLOTS = '2026-12-01 14:00\n2026-12-02 09:00';

async function openNew(text = 'new', user = 'alice') {
  const ack = await world.slack.user(user).slash('/release', text, { channel: 'releases' });
  expect(ack.status).toBe(200);
  return ack.opened();
}

async function live() {
  return (await world.engine.queries.live(TENANT, { limit: 10 })).releases;
}

describe('the creation modal', () => {
  it('makes a release whose root card appears in its channel, and says where', async () => {
    const modal = await openNew();
    const result = await world.slack.user('alice').submit(modal, {
      'Android version': '7.0.0',
      'iOS version': '6.7.0',
      'Kick-off': KICK_OFF,
      'Regression slots': SLOTS,
    });
    expect(result.outcome).toBe('closed');
    await world.settle();
    const [release] = await live();
    expect(release).toMatchObject({
      status: 'PENDING',
      createdBy: 'U01ALICE',
      releasePilot: 'U01ALICE',
      hasManualBuildUpload: true,
      kickOffDate: KICK_OFF,
      channelId: RELEASES,
    });
    expect(release?.slots.map(({ at }) => at.toISOString())).toEqual([
      '2026-12-01T14:00:00.000Z',
      '2026-12-02T09:00:00.000Z',
    ]);
    const card = world.slack.messages('releases').find(({ fromBot }) => fromBot);
    expect(card?.text).toContain('7.0.0');
    expect(card?.metadata).toEqual({
      event_type: 'slipway_message',
      event_payload: { key: `${release?.id}:root` },
    });
    expect(world.told('alice').text).toContain('is created');
  });

  it('is filled in with what was typed after new', async () => {
    const modal = await openNew('new staged ANDROID=7.1.0 IOS=6.9.0');
    const result = await world.slack.user('alice').submit(modal, { 'Kick-off': KICK_OFF, 'Regression slots': SLOTS });
    expect(result.outcome).toBe('closed');
    const [release] = await live();
    expect(release?.targets.map(({ version }) => version)).toEqual(['7.1.0', '6.9.0']);
  });

  it('shows what is wrong under the fields and stores nothing', async () => {
    const modal = await openNew();
    const result = await world.slack.user('alice').submit(modal, {
      'Android version': 'seven',
      'iOS version': '6.7.0',
      'Kick-off': new Date(START.getTime() - 86_400_000),
      'Regression slots': SLOTS,
    });
    expect(result.outcome).toBe('errors');
    expect(result.errors).toEqual({
      'create_version_ANDROID.cfg_mobile': expect.stringContaining('is not a version'),
      'create_kick_off.cfg_mobile': expect.stringContaining('past'),
    });
    expect(await live()).toEqual([]);
    expect(world.slack.messages('releases').filter(({ fromBot }) => fromBot)).toEqual([]);
  });

  it('refuses a version that is live already, naming the release, and works again after the correction', async () => {
    await world.create();
    const modal = await openNew();
    const values = { 'iOS version': '6.8.0', 'Kick-off': KICK_OFF, 'Regression slots': SLOTS };
    const refused = await world.slack.user('alice').submit(modal, { ...values, 'Android version': '7.0.0' });
    expect(refused.outcome).not.toBe('closed');
    expect(await live()).toHaveLength(1);
  });

  it('acts once when Slack delivers the submission twice', async () => {
    const modal = await openNew();
    const values = { 'Android version': '7.0.0', 'iOS version': '', 'Kick-off': KICK_OFF, 'Regression slots': SLOTS };
    await world.slack.user('alice').submit(modal, values);
    await world.settle();
    const delivery = world.slack.deliveries.find(({ name }) => name === 'view_submission');
    const answer = await world.slack.post(
      `payload=${encodeURIComponent(JSON.stringify(delivery?.payload))}`,
      'application/x-www-form-urlencoded',
    );
    expect(answer.status).toBe(200);
    await world.settle();
    expect(await live()).toHaveLength(1);
    const cards = world.slack.messages('releases').filter(({ metadata }) => JSON.stringify(metadata).includes(':root'));
    expect(cards).toHaveLength(1);
  });

  it('opens at once even when the database is slow, and is filled in after', async () => {
    const { configs } = world.engine.queries;
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    jest.spyOn(world.engine.queries, 'configs').mockImplementationOnce(async (tenantId) => {
      await held;
      return configs(tenantId);
    });
    const modal = await openNew();
    expect(modal.callbackId).toBe('info');
    go();
    await world.slack.until(() => modal.callbackId === 'create_release', 'the form');
  });

  it('takes versions that were typed without a platform in the order of the configuration', async () => {
    await world.slack.user('alice').slash('/release', 'new 8.1.0 ios=9.2.0', { channel: 'releases' });
    await world.settle();
    const blocks = JSON.stringify(world.slack.user('alice').modal()?.blocks);
    expect(blocks).toContain('"initial_value":"8.1.0"');
    expect(blocks).toContain('"initial_value":"9.2.0"');
    await world.slack.user('alice').slash('/release', 'new 8.1.0 7.3.0', { channel: 'releases' });
    await world.settle();
    expect(JSON.stringify(world.slack.user('alice').modal()?.blocks)).toContain('"initial_value":"7.3.0"');
  });

  it('tells who may create instead of opening for somebody without the role', async () => {
    await world.slack.user('carol').slash('/release', 'new', { channel: 'releases' });
    await world.settle();
    expect(world.slack.user('carol').modal()).toBeNull();
    expect(world.told('carol').text).toContain('RELEASE_PILOT');
  });

  it('is opened by the global shortcut and from the App Home, too', async () => {
    await world.slack.user('alice').globalShortcut('new_release');
    await world.settle();
    expect(world.slack.user('alice').modal()?.callbackId).toBe('create_release');
  });

  it('shows the platforms of another configuration when that is chosen', async () => {
    const { configs } = world.persistence.repositories;
    await configs.upsert({ ...world.config, id: 'cfg_web', name: 'Website', platforms: ['WEB'] });
    const modal = await openNew('new Mobile');
    await world.slack.user('alice').fill(modal, { Configuration: 'Website' });
    await world.settle();
    const top = world.slack.user('alice').modal();
    expect(JSON.stringify(top?.blocks)).toContain('Web version');
    expect(JSON.stringify(top?.blocks)).not.toContain('Android version');
  });
});
