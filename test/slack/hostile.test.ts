import { ConfigError } from '../../src/shared/errors.ts';
import { createSlackApp } from '../../src/slack-app.ts';
import { TENANT } from '../support/engine-world.ts';
import { BOT_TOKEN, type SlackWorld, slackWorld } from './support/world.ts';

let world: SlackWorld;

beforeEach(async () => {
  world = await slackWorld();
});
afterEach(async () => {
  await world.close();
});

class MongoServerSelectionError extends Error {
  override readonly name = 'MongoServerSelectionError';
}

describe('requests that are not from Slack', () => {
  it.each([
    ['a wrong signature', { signature: 'wrong' }],
    ['no signature', { signature: 'missing' }],
    ['a time stamp of more than five minutes ago', { ageS: 400 }],
  ] as const)('are answered 401 with %s, and logged without their body', async (_what, forgery) => {
    world.slack.forge(forgery);
    const { status } = await world.slack.post(
      'command=%2Frelease&text=sesame&team_id=T',
      'application/x-www-form-urlencoded',
    );
    expect(status).toBe(401);
    const log = world.logs.join('\n');
    expect(log).toContain('Request verification failed');
    expect(log).not.toContain('sesame');
  });

  it('get the security headers, too', async () => {
    const answer = await fetch(world.requestUrl, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  });
});

describe('the url_verification handshake', () => {
  it('is echoed', async () => {
    expect(await world.slack.verifyRequestUrl()).toBe(true);
  });
});

/** `/release list` waits until the returned function is called. */
function holdList(): () => void {
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  jest.spyOn(world.engine.queries, 'live').mockImplementationOnce(async () => {
    await held;
    return { releases: [], damaged: [], next: null };
  });
  return () => go();
}

describe('acknowledging', () => {
  it('comes at once, however long the work takes', async () => {
    const go = holdList();
    const ack = await world.slack.user('alice').slash('/release', 'list', { channel: 'releases' });
    expect(ack).toMatchObject({ status: 200, failure: null });
    expect(world.slack.user('alice').ephemerals()).toEqual([]);
    expect(world.bot.inFlight()).toBe(1);
    go();
    await world.settle();
    expect(world.slack.user('alice').ephemerals()).toHaveLength(1);
  });

  it('is given to buttons nobody listens to', async () => {
    const payload = {
      type: 'block_actions',
      team: { id: TENANT },
      user: { id: 'U01ALICE', team_id: TENANT },
      trigger_id: '1.2.3',
      actions: [{ type: 'button', action_id: 'gone.with.the.wind', block_id: 'b', value: 'x', action_ts: '1.2' }],
    };
    const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    expect((await world.slack.post(body, 'application/x-www-form-urlencoded')).status).toBe(200);
  });

  it('stopping waits for what is at work', async () => {
    const go = holdList();
    await world.slack.user('alice').slash('/release', 'list', { channel: 'releases' });
    expect(await world.bot.stop(1)).toBe(false);
    const stopped = world.bot.stop(5_000);
    go();
    expect(await stopped).toBe(true);
    expect(world.slack.user('alice').ephemerals()).toHaveLength(1);
  });
});

describe('a database that is away', () => {
  it('is told in a plain sentence, and nothing is lost', async () => {
    const { releases } = world.persistence.repositories;
    jest.spyOn(releases, 'listLive').mockRejectedValueOnce(new MongoServerSelectionError('connect ECONNREFUSED'));
    await world.slack.user('alice').slash('/release', 'list', { channel: 'releases' });
    await world.settle();
    expect(world.told('alice').text).toBe(
      'The database cannot be reached; nothing was changed. Try again in a minute.',
    );
    expect(world.logs.join('')).not.toContain('"level":"error"');
  });

  it('a click says so, too, and can be repeated', async () => {
    const release = await world.create();
    await world.tick();
    const card = world.slack.messages('releases').find(({ metadata }) => JSON.stringify(metadata).includes(':root'));
    if (!card) throw new Error('no card');
    const { deliveries } = world.persistence.repositories;
    const away = new MongoServerSelectionError('away');
    jest.spyOn(deliveries, 'receive').mockRejectedValueOnce(away).mockRejectedValueOnce(away);
    await world.slack.user('alice').click(card, 'Start now');
    await world.settle();
    expect(world.told('alice').text).toContain('The database cannot be reached');
    expect((await world.release(release.id)).status).toBe('PENDING');
    await world.slack.user('alice').click(card, 'Start now');
    await world.settle();
    expect((await world.release(release.id)).status).toBe('IN_PROGRESS');
  });
});

describe('a Slack that does not do what it is asked', () => {
  it.each([
    ['a 500', { kind: 'status', status: 500 }, 'That may pass'],
    ['a 429', { kind: 'rate-limit', retryAfterS: 3 }, 'That may pass'],
    ['a trigger that ran out', { kind: 'error', error: 'expired_trigger_id' }, 'That took me too long'],
  ] as const)('%s when a modal opens is told, not hidden', async (_what, fault, words) => {
    world.slack.faults.next('views.open', fault);
    await world.slack.user('alice').slash('/release', 'new', { channel: 'releases' });
    await world.settle();
    expect(world.told('alice').text).toContain(words);
  });

  it('an answer whose response_url fails comes another way', async () => {
    world.slack.faults.next('response_url', { kind: 'status', status: 500 });
    await world.slack.user('alice').slash('/release', 'help', { channel: 'releases' });
    await world.settle();
    expect(world.told('alice').source).toBe('api');
  });
});

describe('our own bug', () => {
  it('is answered with a reference that the log has, and nothing of it leaks', async () => {
    const { releases } = world.persistence.repositories;
    jest.spyOn(releases, 'listLive').mockRejectedValueOnce(new TypeError('secret inner thing'));
    await world.slack.user('alice').slash('/release', 'list', { channel: 'releases' });
    await world.settle();
    const told = JSON.stringify(world.told('alice').blocks);
    expect(told).not.toContain('secret inner thing');
    const reference = /ref_[0-9a-z]{16}/.exec(told)?.[0];
    expect(reference).toBeDefined();
    expect(world.logs.some((line) => line.includes(String(reference)) && line.includes('"level":"error"'))).toBe(true);
  });
});

describe('starting', () => {
  const logger = { child: () => logger, info() {}, warn() {}, error() {} } as never;
  it('names the variable of a bot token that Slack refuses', async () => {
    const starting = createSlackApp({
      mode: 'socket',
      appToken: 'xapp-1-test',
      botToken: 'xoxb-wrong',
      slackApiUrl: world.slack.apiUrl,
      logger,
    });
    await expect(starting).rejects.toThrow(ConfigError);
    await expect(starting).rejects.toThrow(/SLACK_BOT_TOKEN: Slack refuses it \(invalid_auth\)/);
  });

  it('names the variable of an app token that Slack refuses', async () => {
    const bot = await createSlackApp({
      mode: 'socket',
      appToken: 'xapp-wrong',
      botToken: BOT_TOKEN,
      slackApiUrl: world.slack.apiUrl,
      logger,
    });
    await expect(bot.start()).rejects.toThrow(/SLACK_APP_TOKEN: Slack refuses it/);
    await bot.stop(1_000);
  });

  it('waits for a Slack that is down for a moment', async () => {
    world.slack.faults.next('auth.test', { kind: 'status', status: 500 }, 2);
    const waits: number[] = [];
    const bot = await createSlackApp({
      mode: 'socket',
      appToken: 'xapp-1-test',
      botToken: BOT_TOKEN,
      slackApiUrl: world.slack.apiUrl,
      logger,
      wait: async (ms) => void waits.push(ms),
    });
    expect(bot.identity).toMatchObject({ teamId: TENANT });
    expect(waits).toEqual([1_000, 2_000]);
  });

  it('asks auth.test once, not for every event', async () => {
    for (const text of ['', 'list', 'help']) {
      await world.slack.user('alice').slash('/release', text, { channel: 'releases' });
    }
    await world.settle();
    expect(world.slack.calls('auth.test')).toHaveLength(1);
  });
});
