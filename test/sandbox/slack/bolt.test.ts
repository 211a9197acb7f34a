import { WebSocket } from 'ws';
import { type Slack, startSlack } from '../../../sandbox/slack/index.ts';
import { type BoltApp, startBolt } from './bolt-app.ts';

const OPTIONS = {
  signingSecret: 'shhh',
  botToken: 'xoxb-test',
  appToken: 'xapp-test',
  teamId: 'T0SANDBOX',
  retryDelaysMs: [60_000, 60_000, 60_000],
  // A loaded machine may be late; being late is a test of its own.
  ackTimeoutMs: 20_000,
};

describe.each(['http', 'socket'] as const)('a real Bolt app over %s', (mode) => {
  let slack: Slack;
  let bolt: BoltApp;

  beforeEach(async () => {
    slack = await startSlack(OPTIONS);
    bolt = await startBolt(slack, mode);
    await slack.inviteBot('releases');
  });

  afterEach(async () => {
    await bolt.close();
    await slack.close();
  });

  test('a slash command is acknowledged and its text shown to the person alone', async () => {
    const ack = await slack.user('alice').slash('/release', 'hello @bob', { channel: '#releases' });
    expect(ack.status).toBe(200);
    expect(ack.failure).toBeNull();
    expect(ack.shown).toMatchObject([{ user: 'U01ALICE', text: 'you said hello <@U02BOB|bob>', source: 'ack' }]);
    expect(slack.user('alice').ephemerals('releases')).toHaveLength(1);
    expect(slack.user('bob').ephemerals()).toHaveLength(0);
  });

  test('a JSON acknowledgement is shown as a message', async () => {
    const ack = await slack.user('alice').slash('/release', 'json', { channel: 'releases' });
    expect(ack.shown).toMatchObject([{ text: 'from json' }]);
  });

  test('answers through the response_url arrive later, ephemeral or in the channel', async () => {
    const ack = await slack.user('alice').slash('/release', 'slow', { channel: 'releases' });
    expect(await ack.reply(0)).toMatchObject({ text: 'later', source: 'response_url' });
    expect(await ack.reply(1)).toMatchObject({ text: 'everyone', fromBot: true });
    expect(slack.messages('releases').map((message) => message.text)).toEqual(['everyone']);
  });

  test('a click on a message reaches the action and replaces the message', async () => {
    const elements = [
      {
        type: 'button' as const,
        action_id: 'approve',
        text: { type: 'plain_text' as const, text: 'Approve' },
        value: 'r1',
      },
    ];
    const blocks = [{ type: 'actions' as const, elements }];
    await bolt.app.client.chat.postMessage({ channel: 'C0RELEASES', text: 'gate', blocks });
    const [message] = slack.messages('releases');
    if (!message) throw new Error('no message');
    const click = await slack.user('bob').click(message, 'Approve');
    expect(click.status).toBe(200);
    await slack.until(() => message.versions.length === 2);
    expect(message.text).toBe('approved by U02BOB');
    expect(message.blocks).toEqual([]);
    await expect(slack.user('bob').click(message, 'Approve')).rejects.toThrow(
      'No element is "Approve"; there is nothing',
    );
    const stale = await slack.user('bob').click(message, 'Approve', { version: 0 });
    expect(stale.status).toBe(200);
  });

  test('a modal is opened, filled by label or block, and submitted with all values', async () => {
    const alice = slack.user('alice');
    const ack = await alice.slash('/release', 'new', { channel: 'releases' });
    const view = await ack.opened();
    const empty = await alice.submit(view);
    expect(empty).toMatchObject({ outcome: 'blocked' });
    expect(Object.keys(empty.errors)).toEqual(['name', 'kind']);
    const sent = await alice.submit(view, {
      Name: '7.0.0',
      kind: 'The staged',
      Colour: 'blue',
      Platforms: ['ios', 'android'],
      pilot: 'bob',
      Channel: '#releases',
      day: '2026-03-01',
      hour: '09:30',
      kickoff: new Date('2026-03-01T09:30:00Z'),
      Build: { name: 'app.apk', bytes: 'PK' },
      'approvers.a': ['alice', 'carol'],
      Ticket: '7',
    });
    expect(sent).toMatchObject({ outcome: 'closed', status: 200, view: null });
    const payload = slack.deliveries.findLast((delivery) => delivery.name === 'view_submission')?.payload as never as {
      view: { state: { values: Record<string, Record<string, object>> }; private_metadata: string };
    };
    expect(payload.view.private_metadata).toBe('kept');
    expect(payload.view.state.values).toMatchObject({
      name: { a: { type: 'plain_text_input', value: '7.0.0' } },
      kind: { a: { type: 'static_select', selected_option: { value: 'staged' } } },
      radio: { a: { selected_option: { value: 'blue' } } },
      boxes: { a: { selected_options: [{ value: 'ios' }, { value: 'android' }] } },
      pilot: { a: { selected_user: 'U02BOB' } },
      channel: { a: { selected_channel: 'C0RELEASES' } },
      day: { a: { selected_date: '2026-03-01' } },
      hour: { a: { selected_time: '09:30' } },
      kickoff: { a: { selected_date_time: 1772357400 } },
      file: { a: { type: 'file_input', files: [{ name: 'app.apk', size: 2 }] } },
      approvers: { a: { selected_users: ['U01ALICE', 'U03CAROL'] } },
      ticket: { lookup: { type: 'external_select', selected_option: { value: 'T-7' } } },
    });
    expect(slack.violations).toEqual([]);
  });

  test('errors, update, push and clear do to the modal what Slack does', async () => {
    const alice = slack.user('alice');
    const view = await (await alice.globalShortcut('new_release')).opened();
    expect(await alice.submit(view, { Name: 'bad', Kind: 'quick' })).toMatchObject({
      outcome: 'errors',
      errors: { name: 'Taken' },
    });
    expect(await alice.submit(view, { Name: 'stray' })).toMatchObject({ outcome: 'failed' });
    expect(slack.violations).toHaveLength(1);
    const pushed = await alice.submit(view, { Name: 'push' });
    expect(pushed.outcome).toBe('pushed');
    expect(alice.modals()).toHaveLength(2);
    await alice.close(alice.modals()[1] as never);
    const updated = await alice.submit(view, { Name: 'update' });
    expect(updated.outcome).toBe('updated');
    expect(view.callbackId).toBe('second');
    expect(view.state['name']?.['a']).toMatchObject({ value: 'update' });
  });

  test('closing a modal tells the app when it asked for it', async () => {
    const alice = slack.user('alice');
    const view = await (await alice.globalShortcut('new_release')).opened();
    await alice.close(view);
    expect(bolt.seen).toContainEqual({ event: expect.objectContaining({ type: 'view_closed' }), retry: undefined });
    expect(alice.modal()).toBeNull();
  });

  test('an external select gets its options from the app', async () => {
    const alice = slack.user('alice');
    const view = await (await alice.globalShortcut('new_release')).opened();
    expect(await alice.suggest(view, 'Ticket', '12')).toMatchObject([{ value: 'T-12' }]);
  });

  test('a file is told twice: as file_shared and as a message', async () => {
    const { message, file } = await slack
      .user('bob')
      .shareFile('releases', { name: 'app.apk', bytes: 'PK' }, { text: 'ios pre-release' });
    await slack.until(() => bolt.seen.length >= 3);
    const types = bolt.seen.map(({ event }) => [event['type'], event['subtype']].join('/'));
    expect(types).toEqual(expect.arrayContaining(['file_shared/', 'message/file_share']));
    const share = bolt.seen.find(({ event }) => event['subtype'] === 'file_share')?.event;
    expect(share).toMatchObject({
      channel: 'C0RELEASES',
      text: 'ios pre-release',
      ts: message.ts,
      files: [{ id: file.id, size: 2 }],
    });
  });

  test('the Home tab is opened and published', async () => {
    const home = await slack.user('carol').openHome();
    expect(home.blocks).toMatchObject([{ type: 'section', text: { text: 'Home of <@U03CAROL>' } }]);
  });

  test('a message shortcut carries the message', async () => {
    const message = await slack.user('bob').say('releases', 'a <b> & c');
    const ack = await slack.user('bob').messageShortcut('use_as_build', message);
    expect(ack.status).toBe(200);
    expect(bolt.seen.at(-1)?.event).toMatchObject({ type: 'message_action', message: { text: 'a &lt;b&gt; &amp; c' } });
  });

  test('an event sent again carries the retry number and the same id', async () => {
    await slack.user('bob').say('releases', 'once');
    const delivery = slack.deliveries.findLast((sent) => sent.name === 'message');
    const again = await slack.resend(delivery?.eventId ?? '');
    expect(again.payload).toEqual(delivery?.payload);
    expect(bolt.seen.at(-1)).toMatchObject({ event: { text: 'once' }, retry: 1 });
  });
});

describe('Socket Mode', () => {
  test('a refreshed or dropped connection comes back and goes on; in between commands fail', async () => {
    const slack = await startSlack({ ...OPTIONS, retryDelaysMs: [] });
    const bolt = await startBolt(slack, 'socket');
    expect(slack.socketMode.connections()).toBe(1);
    slack.socketMode.refresh();
    await slack.until(() => slack.calls('apps.connections.open').length === 2 && slack.socketMode.connections() === 1);
    expect(await slack.user('alice').slash('/release', 'hi')).toMatchObject({ status: 200 });
    slack.socketMode.drop();
    await slack.until(() => slack.socketMode.connections() === 0);
    expect(await slack.user('alice').slash('/release', 'hi')).toMatchObject({ failure: 'dispatch_failed' });
    await slack.until(() => slack.socketMode.connections() === 1);
    expect(await slack.user('alice').slash('/release', 'hi')).toMatchObject({ status: 200 });
    await bolt.close();
    await slack.close();
  });

  test('a command that is not acknowledged in time fails for the person', async () => {
    const slack = await startSlack({ ...OPTIONS, ackTimeoutMs: 50 });
    const bolt = await startBolt(slack, 'socket');
    expect(await slack.user('alice').slash('/release', 'never')).toMatchObject({ failure: 'operation_timeout' });
    await bolt.close();
    await slack.close();
  });

  test('an address is good for one connection, and the bot token does not open any', async () => {
    const slack = await startSlack(OPTIONS);
    const open = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${slack.apiUrl}apps.connections.open`, { method: 'POST', headers });
      return (await response.json()) as { url?: string; error?: string };
    };
    expect(await open('xoxb-test')).toMatchObject({ error: 'not_allowed_token_type' });
    const { url = '' } = await open('xapp-test');
    const connect = () =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url);
        socket.on('message', (data) => {
          resolve(JSON.parse(String(data)).type);
          socket.close();
        });
        socket.on('error', (error) => resolve(error.message));
      });
    expect(await connect()).toBe('hello');
    expect(await connect()).toBe('Unexpected server response: 401');
    await slack.close();
  });
});
