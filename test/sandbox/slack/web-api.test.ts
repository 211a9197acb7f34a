import { WebClient } from '@slack/web-api';
import { type Slack, startSlack } from '../../../sandbox/slack/index.ts';

const OPTIONS = { signingSecret: 'shhh', botToken: 'xoxb-test', appToken: 'xapp-test', teamId: 'T0SANDBOX' };
const RELEASES = 'C0RELEASES';

const quiet = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => 'error', setName() {} };

let slack: Slack;
let client: WebClient;
let wallMs: number;

function connect(token = OPTIONS.botToken): WebClient {
  return new WebClient(token, {
    logger: quiet as never,
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
}

async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    const { data, code, message } = error as { data?: { error?: string }; code?: string; message: string };
    return data?.error ?? code ?? message;
  }
}

beforeEach(async () => {
  wallMs = Date.parse('2026-03-02T10:00:00Z');
  slack = await startSlack({
    ...OPTIONS,
    clock: () => new Date('2026-03-02T10:00:00Z'),
    wallClock: () => new Date(wallMs),
  });
  client = connect();
  await slack.inviteBot('releases');
});

afterEach(() => slack.close());

const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } });
const post = (fields: object = {}) => client.chat.postMessage({ channel: RELEASES, text: 'hello', ...fields } as never);

describe('who is calling', () => {
  test('auth.test says who the bot is and which scopes it has', async () => {
    const answer = await client.auth.test();
    expect(answer).toMatchObject({ team_id: 'T0SANDBOX', user_id: slack.botUserId, bot_id: slack.botId });
    expect(answer.response_metadata?.scopes).toContain('chat:write');
  });

  test.each([
    ['an unknown token', 'xoxb-other', 'invalid_auth'],
    ['the app token on a bot method', 'xapp-test', 'not_allowed_token_type'],
  ])('%s is refused', async (_what, token, error) => {
    expect(await refusal(connect(token).chat.postMessage({ channel: RELEASES, text: 'x' }))).toBe(error);
  });

  test('no token at all is not_authed', async () => {
    const answer = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ ok: false, error: 'not_authed' });
  });

  test('an unknown method is refused and noted', async () => {
    expect(await refusal(client.apiCall('chat.shout', {}))).toBe('unknown_method');
    expect(slack.violations).toMatchObject([{ where: 'chat.shout' }]);
  });

  test('a scope that was not granted is missing_scope', async () => {
    const narrow = await startSlack({ ...OPTIONS, scopes: ['commands'] });
    const other = new WebClient(OPTIONS.botToken, { slackApiUrl: narrow.apiUrl });
    expect(await refusal(other.users.info({ user: 'U02BOB' }))).toBe('missing_scope');
    await narrow.close();
  });
});

describe('posting', () => {
  test('a message gets a ts that grows although the clock stands still', async () => {
    const [first, second] = [await post(), await post()];
    expect(first.ts).toMatch(/^1772445600\.\d{6}$/);
    expect(Number(second.ts)).toBeGreaterThan(Number(first.ts));
  });

  test.each([
    ['an unknown channel', { channel: 'C0NOWHERE' }, 'channel_not_found'],
    ['a channel it is not in', { channel: 'C0GENERAL' }, 'not_in_channel'],
    ['no channel', { channel: '' }, 'invalid_arguments'],
    ['nothing to say', { text: '' }, 'no_text'],
    ['a thread that is not there', { thread_ts: '1772445000.000001' }, 'thread_not_found'],
    ['a thread_ts that is none', { thread_ts: 'yesterday' }, 'invalid_thread_ts'],
    ['metadata without a payload', { metadata: { event_type: 'x' } }, 'invalid_metadata_format'],
  ])('%s is refused', async (_what, fields, error) => {
    expect(await refusal(post(fields))).toBe(error);
    expect(slack.messages(RELEASES)).toEqual([]);
  });

  test('a private channel without the bot does not exist for it', async () => {
    const secret = slack.addChannel({ name: 'secret', kind: 'private' });
    expect(await refusal(post({ channel: secret.id }))).toBe('channel_not_found');
    expect(await refusal(client.conversations.info({ channel: secret.id }))).toBe('channel_not_found');
  });

  test('an archived channel takes no message', async () => {
    slack.archive('releases');
    expect(await refusal(post())).toBe('is_archived');
  });

  test('a user id is a direct message', async () => {
    const { channel } = await post({ channel: 'U02BOB' });
    expect(channel).toBe(slack.user('bob').dm());
  });

  test('threads count their replies, broadcasts show in the channel, metadata is read back on demand', async () => {
    const root = await post({ metadata: { event_type: 'slipway', event_payload: { key: 'k1' } } });
    await post({ text: 'quiet', thread_ts: root.ts });
    await post({ text: 'loud', thread_ts: root.ts, reply_broadcast: true });
    const history = await client.conversations.history({ channel: RELEASES });
    expect(history.messages?.map((message) => message.text)).toEqual(['loud', 'hello']);
    expect(history.messages?.[1]).toMatchObject({ reply_count: 2, thread_ts: root.ts });
    expect(history.messages?.[1]?.metadata).toBeUndefined();
    const replies = await client.conversations.replies({
      channel: RELEASES,
      ts: root.ts as string,
      include_all_metadata: true,
    });
    expect(replies.messages?.map((message) => message.text)).toEqual(['hello', 'quiet', 'loud']);
    expect(replies.messages?.[0]?.metadata?.event_payload).toEqual({ key: 'k1' });
  });

  test('a reply to a reply is refused', async () => {
    const root = await post();
    const reply = await post({ thread_ts: root.ts });
    expect(await refusal(post({ thread_ts: reply.ts }))).toBe('cannot_reply_to_message');
  });

  test('an update keeps every version; what people wrote cannot be changed', async () => {
    const { ts } = await post({ blocks: [section('one')] });
    await client.chat.update({ channel: RELEASES, ts: ts as string, text: 'two', blocks: [section('two')] });
    const message = slack.message(RELEASES, ts as string);
    expect(message?.versions.map((version) => version.text)).toEqual(['hello', 'two']);
    const theirs = await slack.user('bob').say('releases', 'mine');
    expect(await refusal(client.chat.update({ channel: RELEASES, ts: theirs.ts, text: 'x' }))).toBe(
      'cant_update_message',
    );
    expect(await refusal(client.chat.update({ channel: RELEASES, ts: '1.000001', text: 'x' }))).toBe(
      'message_not_found',
    );
    const long = client.chat.update({ channel: RELEASES, ts: ts as string, text: 'x'.repeat(4001) });
    expect(await refusal(long)).toBe('msg_too_long');
  });

  test('a deleted message is gone, also for a second deletion', async () => {
    const { ts } = await post();
    await client.chat.delete({ channel: RELEASES, ts: ts as string });
    expect(slack.messages(RELEASES)).toEqual([]);
    expect(await refusal(client.chat.delete({ channel: RELEASES, ts: ts as string }))).toBe('message_not_found');
  });

  test('an ephemeral message needs a reader who is there', async () => {
    slack.channel('releases').members.delete('U04DAVE');
    expect(await refusal(client.chat.postEphemeral({ channel: RELEASES, user: 'U04DAVE', text: 'x' }))).toBe(
      'user_not_in_channel',
    );
    await client.chat.postEphemeral({ channel: RELEASES, user: 'U02BOB', text: 'psst' });
    expect(slack.user('bob').ephemerals('releases')).toMatchObject([{ text: 'psst' }]);
  });

  test('bad blocks are refused with the place of the fault and noted', async () => {
    const answer = await fetch(`${slack.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPTIONS.botToken}`, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ channel: RELEASES, text: 'x', blocks: [section('')] }),
    });
    expect(await answer.json()).toEqual({
      ok: false,
      error: 'invalid_blocks',
      errors: ['must be more than 0 characters [json-pointer:/blocks/0/text/text]'],
      response_metadata: { messages: ['[ERROR] must be more than 0 characters [json-pointer:/blocks/0/text/text]'] },
    });
    expect(slack.violations).toMatchObject([{ where: 'chat.postMessage', error: 'invalid_blocks' }]);
  });

  test('over the post limit the answer is 429 with Retry-After, and a second later it is taken', async () => {
    const limited = await startSlack({
      ...OPTIONS,
      postLimit: { perSecond: 1, burst: 2 },
      wallClock: () => new Date(wallMs),
    });
    await limited.inviteBot('releases');
    const send = () =>
      fetch(`${limited.apiUrl}chat.postMessage`, {
        method: 'POST',
        headers: { authorization: `Bearer ${OPTIONS.botToken}` },
        body: new URLSearchParams({ channel: RELEASES, text: 'x' }),
      });
    expect([(await send()).status, (await send()).status]).toEqual([200, 200]);
    const refused = await send();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    wallMs += 1000;
    expect((await send()).status).toBe(200);
    await limited.close();
  });

  test('lists are paged by cursor', async () => {
    for (const text of ['a', 'b', 'c']) await post({ text });
    const first = await client.conversations.history({ channel: RELEASES, limit: 2 });
    expect(first.messages?.map((message) => message.text)).toEqual(['c', 'b']);
    const cursor = first.response_metadata?.next_cursor as string;
    const second = await client.conversations.history({ channel: RELEASES, limit: 2, cursor });
    expect(second.messages?.map((message) => message.text)).toEqual(['a']);
    expect(second.has_more).toBe(false);
  });

  test('people and groups are found by id only', async () => {
    expect((await client.users.info({ user: 'U02BOB' })).user).toMatchObject({
      name: 'bob',
      tz: 'America/New_York',
      tz_offset: -18000,
    });
    expect(await refusal(client.users.info({ user: 'bob' }))).toBe('user_not_found');
    expect((await client.usergroups.users.list({ usergroup: 'S0RELEASE' })).users).toEqual(['U01ALICE', 'U02BOB']);
    expect(await refusal(client.usergroups.users.list({ usergroup: 'S0NONE' }))).toBe('no_such_subteam');
  });
});

describe('modals and Home', () => {
  const view = (fields: object = {}) => ({
    type: 'modal' as const,
    title: { type: 'plain_text' as const, text: 'Hi' },
    blocks: [section('x')],
    ...fields,
  });

  async function trigger(): Promise<string> {
    const { triggerId } = await slack.user('alice').globalShortcut('x');
    return triggerId;
  }

  test('a trigger works once', async () => {
    const trigger_id = await trigger();
    await client.views.open({ trigger_id, view: view() });
    expect(await refusal(client.views.open({ trigger_id, view: view() }))).toBe('exchanged_trigger_id');
    expect(await refusal(client.views.open({ trigger_id: 'made-up', view: view() }))).toBe('invalid_trigger_id');
    expect(slack.user('alice').modals()).toHaveLength(1);
  });

  test('a trigger lives three seconds', async () => {
    const trigger_id = await trigger();
    wallMs += 3001;
    expect(await refusal(client.views.open({ trigger_id, view: view() }))).toBe('expired_trigger_id');
  });

  test('a view that breaks a limit is refused and noted', async () => {
    const title = { type: 'plain_text' as const, text: 'x'.repeat(25) };
    expect(await refusal(client.views.open({ trigger_id: await trigger(), view: view({ title }) }))).toBe(
      'invalid_arguments',
    );
    expect(slack.violations[0]?.messages).toEqual(['must be less than 25 characters [json-pointer:/view/title/text]']);
  });

  test('an update with an old hash is hash_conflict, on a closed view not_found', async () => {
    const opened = await client.views.open({ trigger_id: await trigger(), view: view() });
    const { id, hash } = opened.view as { id: string; hash: string };
    await client.views.update({ view_id: id, hash, view: view({ callback_id: 'b' }) });
    expect(await refusal(client.views.update({ view_id: id, hash, view: view() }))).toBe('hash_conflict');
    const modal = slack.user('alice').modal();
    if (modal) await slack.user('alice').close(modal);
    expect(await refusal(client.views.update({ view_id: id, view: view() }))).toBe('not_found');
  });

  test('an external id is taken while its view is open', async () => {
    await client.views.open({ trigger_id: await trigger(), view: view({ external_id: 'e' }) });
    const again = client.views.open({ trigger_id: await trigger(), view: view({ external_id: 'e' }) });
    expect(await refusal(again)).toBe('duplicate_external_id');
  });

  test('only three modals lie on each other, and only a click in one may push', async () => {
    const button = { type: 'button', action_id: 'go', text: { type: 'plain_text', text: 'Go' } };
    const clickable = view({ blocks: [{ type: 'actions', elements: [button] }] });
    await client.views.open({ trigger_id: await trigger(), view: clickable });
    expect(await refusal(client.views.push({ trigger_id: await trigger(), view: clickable }))).toBe(
      'invalid_trigger_id',
    );
    const alice = slack.user('alice');
    const results: string[] = [];
    for (let depth = 2; depth <= 4; depth += 1) {
      const top = alice.modal();
      if (!top) throw new Error('no modal');
      const { triggerId } = await alice.click(top, 'Go');
      results.push(await refusal(client.views.push({ trigger_id: triggerId, view: clickable })));
    }
    expect(results).toEqual(['ok', 'ok', 'push_limit_reached']);
  });

  test('the Home tab is one per person and guards its hash', async () => {
    const home = (text: string) => ({ type: 'home' as const, blocks: [section(text)] });
    const first = await client.views.publish({ user_id: 'U02BOB', view: home('a') });
    await client.views.publish({ user_id: 'U02BOB', view: home('b'), hash: first.view?.hash as string });
    const late = client.views.publish({ user_id: 'U02BOB', view: home('c'), hash: first.view?.hash as string });
    expect(await refusal(late)).toBe('hash_conflict');
    expect(slack.home('bob')?.versions).toHaveLength(2);
    expect(await refusal(client.views.publish({ user_id: 'U0NOBODY', view: home('x') }))).toBe('invalid_arguments');
  });
});
