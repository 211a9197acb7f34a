import { type Slack, startSlack } from '../../../sandbox/slack/index.ts';
import { createSlackClient, createSlackMessenger } from '../../../src/integrations/messenger/index.ts';
import { AuthError, PermanentError, TransientError } from '../../../src/shared/errors.ts';
import { createLogger } from '../../../src/shared/logger.ts';
import { slackLogger } from '../../../src/slack-logger.ts';

const quiet = slackLogger(createLogger({ level: 'silent' }));
const TOKEN = 'xoxb-1-test';
let slack: Slack;
let now = new Date('2026-12-01T08:00:00Z');

beforeEach(async () => {
  now = new Date('2026-12-01T08:00:00Z');
  slack = await startSlack({ signingSecret: 's', botToken: TOKEN, teamId: 'T01TEST', clock: () => now });
  await slack.inviteBot('releases');
});
afterEach(async () => {
  await slack.close();
});

function messenger(token = TOKEN, fetch = globalThis.fetch) {
  const client = createSlackClient(token, { slackApiUrl: slack.apiUrl, logger: quiet, fetch });
  const clock = { now: () => now, realTimeOf: (at: Date) => at };
  return createSlackMessenger({ client, botUserId: slack.botUserId, clock });
}

/** A 200 that says yes and nothing else, as a proxy on the way may. */
const emptyAnswers = async () => Response.json({ ok: true });

const rendered = (text: string) => ({
  text,
  blocks: [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text } }],
});
const message = (key: string, threadTs: string | null = null) => ({
  key,
  channelId: 'C0RELEASES',
  threadTs,
  broadcast: false,
  rendered: rendered(`text of ${key}`),
});

describe('send', () => {
  it('posts with the key in the metadata, in the thread, shown in the channel too when broadcast', async () => {
    const root = await messenger().send(message('r:root'));
    expect(root.channelId).toBe('C0RELEASES');
    await messenger().send({ ...message('r:kickoff', root.ts), broadcast: true });
    const [, reply] = slack.messages('releases').filter(({ fromBot }) => fromBot);
    expect(reply).toMatchObject({
      threadTs: root.ts,
      broadcast: true,
      metadata: { event_type: 'slipway_message', event_payload: { key: 'r:kickoff' } },
    });
    expect(slack.violations).toEqual([]);
  });

  it('is never tried again inside, so that a lost answer cannot post twice', async () => {
    slack.faults.next('chat.postMessage', { kind: 'reset', when: 'after' });
    await expect(messenger().send(message('r:root'))).rejects.toThrow(TransientError);
    expect(slack.messages('releases').filter(({ fromBot }) => fromBot)).toHaveLength(1);
    const since = new Date(now.getTime() - 60_000);
    const found = await messenger().findByKey({ key: 'r:root', channelId: 'C0RELEASES', threadTs: null, since });
    expect(found).toEqual({
      ts: slack.messages('releases').find(({ fromBot }) => fromBot)?.ts,
      channelId: 'C0RELEASES',
    });
  });
});

describe('faults are told apart by class and word', () => {
  it.each([
    ['a 500', { kind: 'status', status: 500 }, TransientError],
    ['a reset', { kind: 'reset', when: 'before' }, TransientError],
    ['half an answer', { kind: 'half-body' }, TransientError],
    ['an answer that is no JSON', { kind: 'wrong-json' }, TransientError],
    ['internal_error', { kind: 'error', error: 'internal_error' }, TransientError],
    ['a token that was revoked', { kind: 'error', error: 'token_revoked' }, AuthError],
    ['a scope that is missing', { kind: 'error', error: 'missing_scope' }, AuthError],
    ['a 403', { kind: 'status', status: 403 }, AuthError],
    ['a channel that is gone', { kind: 'error', error: 'channel_not_found' }, PermanentError],
    ['a channel that is archived', { kind: 'error', error: 'is_archived' }, PermanentError],
    ['a 404', { kind: 'status', status: 404 }, PermanentError],
  ] as const)('%s', async (_what, fault, kind) => {
    slack.faults.next('chat.postMessage', fault);
    const error = await messenger()
      .send(message('k'))
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(kind);
    if (fault.kind === 'error')
      expect(error).toMatchObject({ fault: { detail: expect.stringContaining(fault.error) } });
    expect(String(error)).not.toContain(TOKEN);
  });

  it('a wrong token is an AuthError everywhere', async () => {
    await expect(messenger('xoxb-wrong').verify()).rejects.toThrow(AuthError);
  });
});

describe('a limit', () => {
  it('holds back what goes to the same channel, of whichever release, and nothing else', async () => {
    const one = messenger();
    slack.faults.next('chat.postMessage', { kind: 'rate-limit', retryAfterS: 30 });
    const limited = { name: 'TransientError', retryAfterMs: 30_000, fault: { status: 429 } };
    await expect(one.send(message('a:root'))).rejects.toMatchObject(limited);
    now = new Date(now.getTime() + 20_000);
    await expect(one.send(message('b:root'))).rejects.toMatchObject({ ...limited, retryAfterMs: 10_000 });
    expect(slack.calls('chat.postMessage')).toHaveLength(1);
    await one.send({ ...message('alert'), channelId: 'U01ALICE' });
    now = new Date(now.getTime() + 10_000);
    await one.send(message('b:root'));
    expect(slack.messages('releases')).toHaveLength(1);
  });
});

describe('update', () => {
  it('replaces the text and the blocks', async () => {
    const { ts, channelId } = await messenger().send(message('r:root'));
    await messenger().update({ channelId, ts, rendered: rendered('other') });
    expect(slack.message(channelId, ts)?.text).toBe('other');
    expect(slack.message(channelId, ts)?.metadata).toMatchObject({ event_payload: { key: 'r:root' } });
  });

  it('of a message that is gone is permanent', async () => {
    const update = messenger().update({ channelId: 'C0RELEASES', ts: '1.000001', rendered: rendered('x') });
    await expect(update).rejects.toThrow(PermanentError);
  });
});

describe('findByKey', () => {
  it('finds a reply in its thread, and nothing under another key', async () => {
    const one = messenger();
    const root = await one.send(message('r:root'));
    const reply = await one.send(message('r:kickoff', root.ts));
    const look = { channelId: 'C0RELEASES', threadTs: root.ts, since: now };
    expect(await one.findByKey({ ...look, key: 'r:kickoff' })).toEqual(reply);
    expect(await one.findByKey({ ...look, key: 'r:kick' })).toBeNull();
  });

  it('looks through page after page', async () => {
    const one = messenger();
    const first = await one.send(message('wanted'));
    for (let n = 0; n < 450; n += 1) {
      now = new Date(now.getTime() + 1_000);
      await slack.user('alice').say('releases', `chatter ${n}`);
    }
    const since = new Date('2026-12-01T08:00:00Z');
    expect(await one.findByKey({ key: 'wanted', channelId: 'C0RELEASES', threadTs: null, since })).toEqual(first);
    expect(slack.calls('conversations.history').length).toBeGreaterThan(1);
  });

  it.each([null, '1764576000.000100'])(
    'takes an answer without messages for no answer (thread %s)',
    async (threadTs) => {
      const search = { key: 'r:root', channelId: 'C0RELEASES', threadTs, since: now };
      await expect(messenger(TOKEN, emptyAnswers).findByKey(search)).rejects.toThrow(TransientError);
    },
  );
});

describe('keyAt', () => {
  it('is the key of our message that stands there, and null for what people wrote and what is gone', async () => {
    const one = messenger();
    const { ts, channelId } = await one.send(message('r:root'));
    expect(await one.keyAt({ channelId, ts })).toBe('r:root');
    const said = await slack.user('alice').say('releases', 'hello');
    expect(await one.keyAt({ channelId, ts: said.ts })).toBeNull();
    expect(await one.keyAt({ channelId, ts: '1.000001' })).toBeNull();
  });
});

describe('permalink', () => {
  it('is the link, and null for a message that is gone', async () => {
    const { ts, channelId } = await messenger().send(message('r:root'));
    expect(await messenger().permalink({ channelId, ts })).toContain(ts.replace('.', ''));
    expect(await messenger().permalink({ channelId, ts: '1.000001' })).toBeNull();
  });
});

describe('groupMembers', () => {
  it('are asked for at most once a minute', async () => {
    const one = messenger();
    expect(await one.groupMembers('S0RELEASE')).toEqual(['U01ALICE', 'U02BOB']);
    await Promise.all([one.groupMembers('S0RELEASE'), one.groupMembers('S0RELEASE')]);
    expect(slack.calls('usergroups.users.list')).toHaveLength(1);
    now = new Date(now.getTime() + 60_000);
    await Promise.all([one.groupMembers('S0RELEASE'), one.groupMembers('S0RELEASE')]);
    expect(slack.calls('usergroups.users.list')).toHaveLength(2);
  });

  it('are those of before while Slack is down, for a quarter of an hour', async () => {
    const one = messenger();
    await one.groupMembers('S0RELEASE');
    slack.faults.always('usergroups.users.list', { kind: 'status', status: 500 });
    now = new Date(now.getTime() + 14 * 60_000);
    expect(await one.groupMembers('S0RELEASE')).toEqual(['U01ALICE', 'U02BOB']);
    now = new Date(now.getTime() + 60_000);
    await expect(one.groupMembers('S0RELEASE')).rejects.toThrow(TransientError);
  });

  it('are not nobody because an answer lacks them', async () => {
    await expect(messenger(TOKEN, emptyAnswers).groupMembers('S0RELEASE')).rejects.toThrow(TransientError);
  });

  it('of a group that was deleted are nobody', async () => {
    slack.faults.next('usergroups.users.list', { kind: 'error', error: 'no_such_subteam' });
    expect(await messenger().groupMembers('S0GONE')).toEqual([]);
  });
});

describe('verify', () => {
  it('says who we are', async () => {
    expect(await messenger().verify()).toMatchObject({ teamId: 'T01TEST', botUserId: slack.botUserId });
  });

  it('names the scopes that are missing', async () => {
    const narrow = await startSlack({ signingSecret: 's', botToken: TOKEN, teamId: 'T01TEST', scopes: ['chat:write'] });
    const client = createSlackClient(TOKEN, { slackApiUrl: narrow.apiUrl });
    const checking = createSlackMessenger({ client }).verify();
    await expect(checking).rejects.toThrow(/missing_scope.*files:read/);
    await narrow.close();
  });
});
