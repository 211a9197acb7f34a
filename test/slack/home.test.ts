import type { SlackView } from '../../sandbox/slack/index.ts';
import { refreshStaleHomes } from '../../views/index.ts';
import { TENANT } from '../support/engine-world.ts';
import { type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;

beforeEach(async () => {
  world = await slackWorld();
});
afterEach(async () => {
  expect(world.slack.violations).toEqual([]);
  await world.close();
});

const text = (view: SlackView | null) => JSON.stringify(view?.blocks ?? []);

async function makeReleases(count: number) {
  for (let n = 0; n < count; n += 1) {
    await world.create({ targets: [{ platform: 'ANDROID', version: `7.${n}.0`, store: null }] });
  }
}

const versionsOn = (view: SlackView | null) => [...new Set(text(view).match(/Android 7\.\d+\.0/g) ?? [])];

describe('the App Home', () => {
  it('is published when it is opened: empty, it says what to do first', async () => {
    const home = await world.slack.user('alice').openHome();
    expect(text(home)).toContain('New release');
    await world.settle();
    expect(world.slack.calls('views.publish')).toHaveLength(1);
  });

  it('shows each reader the buttons that they may use', async () => {
    await makeReleases(1);
    expect(text(await world.slack.user('alice').openHome())).toContain('release.start');
    const carols = text(await world.slack.user('carol').openHome());
    expect(carols).toContain('7.0.0');
    expect(carols).not.toContain('release.start');
  });

  it('shows admins set-up, integrations and roles, and nobody else', async () => {
    expect(text(await world.slack.user('alice').openHome())).toContain('github');
    expect(text(await world.slack.user('carol').openHome())).not.toContain('github');
  });

  it('is turned page by page and stays within the limits', async () => {
    await makeReleases(12);
    const home = await world.slack.user('alice').openHome();
    expect(home.blocks.length).toBeLessThanOrEqual(100);
    const pages = [versionsOn(home)];
    for (let page = 0; page < 2; page += 1) {
      await world.slack.user('alice').click('home', { actionId: 'home.next' });
      await world.settle();
      pages.push(versionsOn(world.slack.user('alice').home()));
    }
    expect(new Set(pages.flat()).size).toBe(12);
    expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
    await world.slack.user('alice').click('home', { actionId: 'home.previous' });
    await world.settle();
    expect(versionsOn(world.slack.user('alice').home())).toEqual(pages[1]);
  });

  it('a button on it acts, and the Home shows the outcome', async () => {
    await makeReleases(1);
    await world.slack.user('alice').openHome();
    await world.slack.user('alice').click('home', { actionId: 'release.start' });
    await world.settle();
    const [release] = (await world.engine.queries.live(TENANT, { limit: 1 })).releases;
    expect(release?.status).toBe('IN_PROGRESS');
    expect(text(world.slack.user('alice').home())).toContain('Kickoff Running');
  });

  it('a refused click on it is told in a direct message', async () => {
    await makeReleases(1);
    const home = await world.slack.user('alice').openHome();
    await world.persistence.repositories.tenants.setRoles(TENANT, { ADMIN: ['U02BOB'], RELEASE_PILOT: ['U02BOB'] });
    await world.slack.user('alice').click(home, { actionId: 'release.start' });
    await world.settle();
    const said = world.slack.messages(world.slack.user('alice').dm());
    expect(said.at(-1)?.text).toContain('RELEASE_PILOT');
  });

  it('is refreshed by the job when a release in it changed while it was open', async () => {
    await makeReleases(1);
    await world.slack.user('carol').openHome();
    await world.settle();
    await refreshStaleHomes(world.faces);
    const [release] = (await world.engine.queries.live(TENANT, { limit: 1 })).releases;
    const actor = await world.engine.actor(TENANT, 'U01ALICE');
    const context = { tenantId: TENANT, actor, origin: 'API' } as const;
    await world.engine.startRelease({ releaseId: release?.id ?? '', freezeOverrideReason: null }, context);
    await world.tick();
    expect(await refreshStaleHomes(world.faces)).toBeGreaterThan(0);
    expect(text(world.slack.user('carol').home())).toContain('Kickoff Running');
    const published = world.slack.calls('views.publish').length;
    expect(await refreshStaleHomes(world.faces)).toBe(0);
    expect(world.slack.calls('views.publish')).toHaveLength(published);
  });

  it('one Home that Slack does not take keeps no other from being refreshed', async () => {
    await makeReleases(1);
    await world.slack.user('alice').openHome();
    await world.slack.user('carol').openHome();
    await world.settle();
    const [release] = (await world.engine.queries.live(TENANT, { limit: 1 })).releases;
    const actor = await world.engine.actor(TENANT, 'U01ALICE');
    await world.engine.startRelease(
      { releaseId: release?.id ?? '', freezeOverrideReason: null },
      { tenantId: TENANT, actor, origin: 'API' },
    );
    await world.tick();
    world.slack.faults.next('views.publish', { kind: 'status', status: 500 });
    await refreshStaleHomes(world.faces);
    const homes = ['alice', 'carol'].map((name) => text(world.slack.user(name).home()));
    expect(homes.filter((home) => home.includes('Kickoff Running')).length).toBeGreaterThanOrEqual(1);
  });
});
