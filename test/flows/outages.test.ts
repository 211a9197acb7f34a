import type { Fault as GithubFault } from '../../sandbox/scm/index.ts';
import type { Fault as SlackFault } from '../../sandbox/slack/index.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { HOUR_MS, MINUTE_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile } from '../support/build-files.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { messageAbout, wordsOf } from '../support/messages.ts';
import { type CreatedRelease, cardWith, createByModal, shareBuild } from '../support/people.ts';
import { effectLines, messageLines, unkeyed } from '../support/record.ts';

/** What the whole bot makes of a database, a Slack and a GitHub that are away or out of order for a while. */

let world: TestBot;
let proxy: DatabaseProxy;
let made = 0;
beforeAll(async () => {
  world = await startTestBot({
    env: { SLIPWAY_TICK_SECONDS: '1' },
    async databaseUri(straight) {
      proxy = await startDatabaseProxy(straight);
      return proxy.uri;
    },
  });
});
afterEach(() => {
  proxy.down(false);
  world.github.faults.clear();
  world.slack.faults.clear();
});
afterAll(async () => {
  const { violations } = world.slack;
  await world.close();
  await proxy.close();
  expect(violations).toEqual([]);
});

/** Kicks off in an hour, each time with another version. */
async function newRelease(): Promise<CreatedRelease & { branch: string; kickOff: Date }> {
  made += 1;
  const version = `${made}.0.0`;
  const kickOff = new Date(world.now().getTime() + HOUR_MS);
  const release = await createByModal(world.slack, {
    kickOff,
    slots: [new Date(kickOff.getTime() + 50 * HOUR_MS)],
    versions: { ANDROID: version, IOS: version },
  });
  await world.settle();
  return { ...release, kickOff, branch: `release/${version}_android_${version}_ios` };
}
const forkOf = async ({ id }: CreatedRelease) => findTask(await world.release(id), `${id}.s1.FORK_BRANCH`);
const branches = (branch: string) => effectLines(world).filter((line) => line === `branch ${branch}`);

describe('GitHub that refuses to cut the branch', () => {
  const REFUSALS: [number, string][] = [
    [401, 'Bad credentials'],
    [404, 'Not Found'],
    [409, 'Git Repository is empty.'],
    [422, 'Validation Failed'],
  ];

  test.each(REFUSALS)('with %i pauses the release in its own words, and RETRY goes on', async (status, message) => {
    const release = await newRelease();
    world.github.faults.always(/^POST .*\/git\/refs/, { kind: 'status', status, body: { message } });
    await world.skipTo(release.kickOff);
    await world.skip(10 * MINUTE_MS);
    expect(await world.phase(release.id)).toBe('PAUSED_BY_FAILURE');
    expect((await world.release(release.id)).pause?.reason).toContain(message);
    const failures = messageLines(world, release.id).filter((line) => line.includes(':failed:'));
    expect(failures).toEqual(['s1.FORK_BRANCH:failed:1 (broadcast)']);
    const card = messageAbout(world.slack, release.id, 's1.FORK_BRANCH:failed:1');
    expect(card && wordsOf(card)).toContain(message);

    world.github.faults.clear();
    const alice = world.slack.user('alice');
    if (card) await alice.click(card, { actionId: 'task.retry' });
    await world.slack.until(() => messageAbout(world.slack, release.id, 's1.FORK_BRANCH:retried:1'), 'the retry');
    await world.settle();
    expect(await forkOf(release)).toMatchObject({ status: 'COMPLETED' });
    expect(await world.phase(release.id)).toBe('KICKOFF');
    expect(branches(release.branch)).toHaveLength(1);
    expect(cardWith(world.slack, release, 's1.FORK_BRANCH:failed:1', 'task.retry')).toBeNull();
  });
});

describe('GitHub that is out of order for a moment', () => {
  const FAULTS: [string, GithubFault][] = [
    ['answers 429', { kind: 'status', status: 429, headers: { 'retry-after': '60' } }],
    ['answers 500', { kind: 'status', status: 500 }],
    ['answers 502 with a page', { kind: 'status', status: 502, body: '<html>Bad gateway</html>' }],
    ['cuts the connection before it did anything', { kind: 'reset', when: 'before' }],
    ['cuts the connection after it did it', { kind: 'reset', when: 'after' }],
    ['sends half an answer', { kind: 'half-body' }],
  ];

  test.each(FAULTS)('%s: it is tried again and done once, and nobody is bothered', async (_, fault) => {
    const release = await newRelease();
    world.github.faults.next(/^POST .*\/git\/refs/, fault);
    await world.skipTo(release.kickOff);
    for (let minute = 0; minute < 3; minute += 1) await world.skip(MINUTE_MS);
    expect(await forkOf(release)).toMatchObject({ status: 'COMPLETED' });
    expect(await world.phase(release.id)).toBe('KICKOFF');
    expect(branches(release.branch)).toHaveLength(1);
    expect(messageLines(world, release.id)).toEqual([
      'root (root)',
      'pre-kick-off-reminder (broadcast)',
      's1.TRIGGER_PRE_REGRESSION_BUILDS:missing',
    ]);
  });
});

describe('Slack that does not take a message', () => {
  const FAULTS: [string, SlackFault, number][] = [
    ['answers 429', { kind: 'rate-limit', retryAfterS: 30 }, 3],
    ['answers 500', { kind: 'status', status: 500 }, 3],
    ['answers 500 although it posted', { kind: 'status', status: 500, carriedOut: true }, 1],
    ['cuts the connection before it posted', { kind: 'reset', when: 'before' }, 2],
    ['cuts the connection after it posted', { kind: 'reset', when: 'after' }, 1],
    ['answers nonsense after it posted', { kind: 'wrong-json' }, 1],
  ];

  test.each(FAULTS)('%s: every message arrives, once, in order', async (_, fault, times) => {
    const release = await newRelease();
    await shareBuild(world.slack, release, 'alice', await buildFile('apk', { version: `${made}.0.0` }));
    await shareBuild(world.slack, release, 'bob', await buildFile('ipa', { version: `${made}.0.0` }));
    world.slack.faults.next('chat.postMessage', fault, times);
    await world.skipTo(release.kickOff);
    for (let minute = 0; minute < 5; minute += 1) await world.skip(MINUTE_MS);
    expect(messageLines(world, release.id)).toEqual([
      'root (root)',
      'pre-kick-off-reminder (broadcast)',
      'upload',
      'upload',
      'kickoff (broadcast)',
    ]);
    expect(unkeyed(world).map((message) => message.text)).toEqual([]);
  });
});

describe('the database', () => {
  test('that is away is told plainly at every door, nothing is lost, and all goes on by itself', async () => {
    const release = await newRelease();
    const alice = world.slack.user('alice');
    const health = async () => (await fetch(`${world.baseUrl}/readyz`)).json();
    proxy.down(true);

    const command = await alice.slash('/release', 'status', { channel: 'releases' });
    expect(command.status).toBe(200);
    expect((await command.reply()).text).toMatch(/The database cannot be reached; nothing was changed/);
    const click = await alice.click(release.root, { actionId: 'release.start' });
    expect(click.status).toBe(200);
    expect((await click.reply()).text).toMatch(/The database cannot be reached/);
    const answer = await world.api('GET', `/releases/${release.id}/status`);
    expect(answer).toMatchObject({ status: 503, body: { success: false, error: expect.stringContaining('database') } });
    expect(await health()).toEqual({
      status: 'unavailable',
      checks: { database: { ok: false, detail: 'no answer' }, agenda: { ok: true }, slack: { ok: true } },
    });
    expect((await fetch(`${world.baseUrl}/healthz`)).status).toBe(200);
    const known = world.slack.messages('releases').length;
    const file = await buildFile('apk', { version: `${made}.0.0` });
    await alice.shareFile('releases', file, { threadTs: release.root.ts });

    proxy.down(false);
    const taken = await world.slack.until(
      () =>
        world.slack
          .messages('releases')
          .slice(known)
          .find((message) => wordsOf(message).includes(`from <@${alice.id}>`)),
      'the file that came meanwhile',
      // A job that the outage cut off keeps its lock for a minute.
      80_000,
    );
    expect(taken.threadTs).toBe(release.root.ts);
    expect(await health()).toEqual({
      status: 'ok',
      checks: { database: { ok: true }, agenda: { ok: true }, slack: { ok: true } },
    });
    expect((await world.api('GET', `/releases/${release.id}/status`)).body).toMatchObject({
      currentPhase: 'NOT_STARTED',
    });

    // Time alone moves the release: nothing in this process is asked for it.
    const cut = world.slack.until(
      () => messageAbout(world.slack, release.id, 's1.TRIGGER_PRE_REGRESSION_BUILDS:missing'),
      'the kick-off by the scheduler',
      // A job that the outage cut off keeps its lock for a minute.
      80_000,
    );
    world.move(2 * HOUR_MS);
    await cut;
    expect(branches(release.branch)).toHaveLength(1);
  }, 200_000);
});
