import type { SlackMessage } from '../../sandbox/slack/index.ts';
import type { Release } from '../../src/domain/release.ts';
import { HOUR_MS, TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;
let release: Release;

beforeEach(async () => {
  world = await slackWorld();
  release = await world.create();
  await world.tick();
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

function message(keyEnd: string): SlackMessage {
  const found = world.slack
    .messages('releases')
    .find(({ metadata }) => JSON.stringify(metadata ?? {}).includes(`${release.id}:${keyEnd}"`));
  if (!found) throw new Error(`no message ${keyEnd}`);
  return found;
}

const now = () => world.release(release.id);
const blocksOf = (shown: { blocks: unknown[] }) => JSON.stringify(shown.blocks);

async function click(user: string, target: Parameters<ReturnType<typeof world.slack.user>['click']>[0], label: string) {
  const ack = await world.slack.user(user).click(target, label);
  expect(ack.failure).toBeNull();
  await world.settle();
  return ack;
}

/** Brings the release to gate 2 -> 3: both builds for kick-off and each of the two cycles. */
async function toGate(): Promise<void> {
  for (const platform of ['ANDROID', 'IOS'] as const) await world.upload(release.id, platform);
  await world.tick(HOUR_MS);
  for (const hours of [4, 20]) {
    for (const platform of ['ANDROID', 'IOS'] as const) await world.upload(release.id, platform);
    await world.tick(hours * HOUR_MS);
  }
  expect((await now()).cron).toMatchObject({ stage2Status: 'COMPLETED', pauseType: 'AWAITING_STAGE_TRIGGER' });
}

describe('a button that decides', () => {
  it('says in its confirmation what will be written where, acts, and leaves the card without it', async () => {
    const card = message('root');
    const ack = await click('alice', card, 'Start now');
    expect(ack.confirm).toMatchObject({ text: { text: expect.stringContaining('release/7.0.0_android_6.7.0_ios') } });
    expect((await now()).status).toBe('IN_PROGRESS');
    expect(blocksOf(message('root'))).not.toContain('Start now');
  });

  it('does nothing when the confirmation is denied', async () => {
    await world.slack.user('alice').click(message('root'), 'Start now', { confirm: 'deny' });
    expect((await now()).status).toBe('PENDING');
  });

  it('acts once when Slack delivers the click twice, and says nothing the second time', async () => {
    await click('alice', message('root'), 'Start now');
    const told = world.slack.user('alice').ephemerals().length;
    const delivery = world.slack.deliveries.find(({ name }) => name === 'block_actions');
    const body = `payload=${encodeURIComponent(JSON.stringify(delivery?.payload))}`;
    expect((await world.slack.post(body, 'application/x-www-form-urlencoded')).status).toBe(200);
    await world.settle();
    expect(world.slack.user('alice').ephemerals()).toHaveLength(told);
    expect(
      (await world.engine.queries.history(TENANT, release.id, { limit: 50 })).filter(
        ({ action, subject }) => action === 'STAGE_STARTED' && subject === 'stage1',
      ),
    ).toHaveLength(1);
  });

  it('on a stale card refreshes it and says what happened and by whom', async () => {
    await click('alice', message('root'), 'Start now');
    const before = message('root').versions.length;
    const ack = await world.slack.user('alice').click(message('root'), 'Start now', { version: 0 });
    expect(ack.failure).toBeNull();
    await world.settle();
    const told = world.told('alice');
    expect(told.text).toMatch(/Start is not possible: Stage 1 - Kickoff Running/);
    expect(blocksOf(told)).toContain('<@U01ALICE>');
    expect(message('root').versions.length).toBeGreaterThan(before);
    expect(blocksOf(message('root'))).not.toContain('Start now');
  });

  it('refuses somebody without the role, naming it and who has it, and changes nothing', async () => {
    await click('carol', message('root'), 'Start now');
    expect(world.told('carol').text).toContain('RELEASE_PILOT');
    expect((await now()).status).toBe('PENDING');
  });
});

describe('a button that asks why', () => {
  beforeEach(async () => {
    await click('alice', message('root'), 'Start now');
  });

  it('pauses with the reason and tells the thread', async () => {
    await click('alice', message('root'), 'Pause');
    const modal = world.slack.user('alice').modal();
    if (!modal) throw new Error('no modal');
    const result = await world.slack.user('alice').submit(modal, { Reason: 'Legal <!channel> asked' });
    expect(result.outcome).toBe('closed');
    await world.settle();
    expect(await now()).toMatchObject({
      status: 'PAUSED',
      pause: { by: 'U01ALICE', reason: 'Legal <!channel> asked' },
    });
    const said = world.slack.messages('releases').filter((shown) => blocksOf(shown).includes('Legal'));
    expect(said.length).toBeGreaterThan(0);
    for (const shown of said) expect(`${shown.text} ${blocksOf(shown)}`).not.toContain('<!channel>');
  });

  it('opens once when Slack delivers the click twice', async () => {
    await click('alice', message('root'), 'Pause');
    const delivery = world.slack.deliveries.filter(({ name }) => name === 'block_actions').at(-1);
    await world.slack.post(
      `payload=${encodeURIComponent(JSON.stringify(delivery?.payload))}`,
      'application/x-www-form-urlencoded',
    );
    await world.settle();
    expect(world.slack.user('alice').modals()).toHaveLength(1);
    expect(world.slack.user('alice').ephemerals()).toEqual([]);
  });

  it('does not open on a stale card: it refreshes and says what happened', async () => {
    const pauses = message('root').versions.length - 1;
    await world.engine.pauseRelease(
      { releaseId: release.id, reason: null },
      { tenantId: TENANT, actor: await world.engine.actor(TENANT, 'U01ALICE'), origin: 'SLACK' },
    );
    await world.tick();
    await world.slack.user('alice').click(message('root'), 'Pause', { version: pauses });
    await world.settle();
    expect(world.slack.user('alice').modal()).toBeNull();
    expect(world.told('alice').text).toContain('Paused by User');
  });

  it('says in the modal what moved on while it was open', async () => {
    await click('alice', message('root'), 'Pause');
    const modal = world.slack.user('alice').modal();
    if (!modal) throw new Error('no modal');
    await world.engine.pauseRelease(
      { releaseId: release.id, reason: null },
      { tenantId: TENANT, actor: await world.engine.actor(TENANT, 'U01ALICE'), origin: 'API' },
    );
    const result = await world.slack.user('alice').submit(modal, {});
    expect(result.outcome).toBe('updated');
    expect(blocksOf(world.slack.user('alice').modal() ?? { blocks: [] })).toContain('Paused by User');
  });
});

describe('the gate', () => {
  beforeEach(toGate);

  it('is opened by an approver and records who and when on the card', async () => {
    const card = message('gate:preRelease');
    await click('bob', card, 'Approve');
    expect((await now()).cron.stage3Status).toBe('IN_PROGRESS');
    await world.tick();
    expect(blocksOf(message('gate:preRelease'))).toContain('<@U02BOB>');
    expect(blocksOf(message('gate:preRelease'))).not.toContain('gate.approve');
  });

  it('refuses an admin who is no approver', async () => {
    await click('alice', message('gate:preRelease'), 'Approve');
    expect(world.told('alice').text).toContain('APPROVER');
    expect((await now()).gates[0]?.approvals).toEqual([]);
  });

  it('a click on what was approved already says by whom and refreshes the card', async () => {
    await click('bob', message('gate:preRelease'), 'Approve');
    await world.tick();
    await world.slack.user('bob').click(message('gate:preRelease'), 'Approve', { version: 0 });
    await world.settle();
    expect(blocksOf(world.told('bob'))).toContain('<@U02BOB>');
    expect((await now()).gates[0]?.approvals).toHaveLength(1);
  });

  it('asks for the reason of a rejection, and refuses none', async () => {
    await click('bob', message('gate:preRelease'), 'Reject');
    const modal = world.slack.user('bob').modal();
    if (!modal) throw new Error('no modal');
    const result = await world.slack.user('bob').submit(modal, { 'What must be fixed?': 'The login is broken' });
    expect(result.outcome).toBe('closed');
    await world.settle();
    expect((await now()).gates[0]?.rejections).toMatchObject([{ by: 'U02BOB', reason: 'The login is broken' }]);
  });

  it('approve by command shows the card to the approver alone, and its button approves', async () => {
    await world.slack.user('bob').slash('/release', 'approve', { channel: 'releases' });
    await world.settle();
    const card = world.told('bob');
    expect(blocksOf(card)).toContain('gate.approve');
    await click('bob', card, 'Approve');
    expect((await now()).gates[0]?.status).toBe('GRANTED');
    expect(blocksOf(world.told('bob'))).not.toContain('gate.approve');
  });
});
