import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Slack, startSlack } from '../../../sandbox/slack/index.ts';
import { startTerminal, type Terminal } from '../../../sandbox/terminal/index.ts';
import { type BoltApp, startBolt } from '../slack/bolt-app.ts';

let slack: Slack;
let bolt: BoltApp;
let terminal: Terminal;
let input: PassThrough;
let screen: string;

/** What was printed since the last look. */
function seen(): string {
  const text = screen;
  screen = '';
  return text;
}

const eventually = (text: string) =>
  slack.until(() => screen.includes(text), `"${text}" on the screen, which shows: ${screen}`).then(() => seen());

beforeEach(async () => {
  slack = await startSlack({
    signingSecret: 'shhh',
    botToken: 'xoxb-test',
    teamId: 'T0SANDBOX',
    clock: () => new Date('2026-03-02T10:00:00Z'),
    retryDelaysMs: [60_000],
  });
  bolt = await startBolt(slack, 'http');
  await slack.inviteBot('releases');
  input = new PassThrough();
  const output = new PassThrough();
  screen = '';
  output.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
  });
  const extraCommands = {
    clock: { usage: 'clock +1h', help: 'moves the clock', run: (rest: string) => `moved ${rest}` },
  };
  terminal = startTerminal({ slack, input, output, user: 'alice', channel: 'releases', extraCommands });
});

afterEach(async () => {
  input.end();
  await terminal.done;
  await bolt.close();
  await slack.close();
});

const button = (label: string, more: object = {}) => ({
  type: 'button',
  action_id: 'approve',
  text: { type: 'plain_text', text: label },
  ...more,
});
const postBlocks = (...blocks: object[]) =>
  bolt.app.client.chat.postMessage({ channel: 'C0RELEASES', text: 'x', blocks: blocks as never });
const postCard = (...elements: object[]) =>
  bolt.app.client.chat.postMessage({
    channel: 'C0RELEASES',
    text: 'gate',
    blocks: [{ type: 'actions', elements }] as never,
  });

test('a newcomer is told where they are and what can be typed', async () => {
  expect(seen()).toContain('You are alice in #releases. Type help');
  await terminal.run('help');
  const help = seen();
  for (const word of ['/release', 'click <n>', 'upload <path>', 'as <name>', 'clock +1h', 'quit'])
    expect(help).toContain(word);
});

test('a command shows its answer', async () => {
  await terminal.run('/release hello');
  expect(seen()).toContain('(only you, #releases)\n  you said hello');
});

test('a command nobody answers is reported in the words of Slack', async () => {
  slack.setRequestUrl(null);
  await terminal.run('/release hello');
  expect(seen()).toContain('/release failed with the error "dispatch_failed"');
});

test('a button is clicked by its number, and the changed message is shown', async () => {
  await postCard(button('Approve', { value: 'a' }), button('Other', { action_id: 'other' }));
  expect(seen()).toContain('[1] Approve   [2] Other');
  await terminal.run('click 1');
  expect(await eventually('approved by U01ALICE')).toContain('(1) changed #releases slipway 11:00');
  await terminal.run('click 1');
  expect(seen()).toContain('[1] is gone');
  await terminal.run('click 99');
  expect(seen()).toContain('There is no [99] on the screen.');
});

test('an edit shows the blocks that changed, whole', async () => {
  const text = (words: string) => ({ type: 'section', text: { type: 'mrkdwn', text: words } });
  const posted = await postBlocks(text('stays'), text('Builds\nno iOS'));
  seen();
  const blocks = [text('stays'), text('Builds\niOS is there')] as never;
  await bolt.app.client.chat.update({ channel: 'C0RELEASES', ts: posted.ts ?? '', text: 'x', blocks });
  const change = seen();
  expect(change).toContain('  Builds\n  iOS is there\n');
  expect(change).not.toContain('stays');
  await terminal.run('show 1');
  expect(seen()).toContain('  stays\n  Builds\n  iOS is there\n');
});

test('a confirmation asks first; n does nothing', async () => {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const confirm = { title: plain('Sure?'), text: plain('Tags v7.0.0'), confirm: plain('Tag'), deny: plain('Keep') };
  await postCard(button('Approve', { confirm }));
  const deliveries = slack.deliveries.length;
  await terminal.run('click 1');
  expect(seen()).toMatch(/\? Sure\?\n {2}Tags v7\.0\.0\n {2}Tag \/ Keep: type y or n/);
  await terminal.run('what');
  expect(seen()).toContain('Type y or n.');
  await terminal.run('n');
  expect(slack.deliveries.slice(deliveries).filter((sent) => sent.kind === 'interaction')).toEqual([]);
  await terminal.run('click 1');
  await terminal.run('y');
  await eventually('approved by U01ALICE');
});

test('a form is filled by number and by name, refused, corrected and sent', async () => {
  await terminal.run('/release new');
  const form = await eventually('New release');
  expect(form).toContain('1. Name (required): —');
  expect(form).toContain('one of: The staged | The quick');
  expect(form).toContain('submit (Create)');
  await terminal.run('submit');
  expect(seen()).toContain('✗ Please complete this required field.');
  await terminal.run('set 1 bad');
  expect(seen()).toBe('1. Name (required): bad\n(type form to see all of it)\n');
  await terminal.run('fill kind=quick Platforms="The ios, android" kickoff=+90m pilot=bob');
  expect(seen()).toContain('Kick-off: 2026-03-02 12:30');
  await terminal.run('submit');
  expect(seen()).toContain('✗ Taken');
  await terminal.run('set 2 slow');
  expect(seen()).toContain('"slow" is not offered; choose from: The staged | The quick');
  await terminal.run('set name 7.0.0');
  await terminal.run('submit');
  expect(seen()).toContain('Sent.');
  const sent = slack.deliveries.at(-1)?.payload as { view?: { state: { values: object } } } | undefined;
  expect(sent?.view?.state.values).toMatchObject({
    name: { a: { value: '7.0.0' } },
    kind: { a: { selected_option: { value: 'quick' } } },
    boxes: { a: { selected_options: [{ value: 'ios' }, { value: 'android' }] } },
    kickoff: { a: { selected_date_time: Date.parse('2026-03-02T11:30:00Z') / 1000 } },
    pilot: { a: { selected_user: 'U02BOB' } },
  });
  await terminal.run('submit');
  expect(seen()).toContain('No form is open.');
});

test('a form can be cancelled', async () => {
  await terminal.run('/release new');
  await eventually('New release');
  await terminal.run('cancel');
  expect(seen()).toContain('Closed.');
  expect(slack.openViews('alice')).toEqual([]);
});

test('a file is shared where the person is, or put into the open form', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'terminal-'));
  const path = join(dir, 'app.apk');
  await writeFile(path, 'PK');
  await terminal.run(`upload ${path} ios pre-release`);
  expect(seen()).toContain('ios pre-release\n  [file: app.apk, 2 bytes]');
  await terminal.run('upload ./nowhere.apk');
  expect(seen()).toContain('There is no file "./nowhere.apk"');
  await terminal.run('/release new');
  await eventually('New release');
  await terminal.run(`upload ${path}`);
  expect(seen()).toContain('Build: app.apk');
  await rm(dir, { recursive: true });
});

test('a thread is opened by number; commands do not run in it', async () => {
  await terminal.run('say the root');
  await terminal.run('thread 1');
  await terminal.run('say an answer');
  expect(seen()).toContain('in thread of (1)');
  expect(slack.messages('releases').at(-1)).toMatchObject({
    text: 'an answer',
    threadTs: slack.messages('releases')[0]?.ts,
  });
  await terminal.run('/release hello');
  expect(seen()).toContain('/release is not supported in threads');
  await terminal.run('back');
  await terminal.run('/release hello');
  expect(seen()).toContain('you said hello');
});

test('what only another person sees is kept until one is that person', async () => {
  await bolt.app.client.chat.postEphemeral({ channel: 'C0RELEASES', user: 'U02BOB', text: 'for your eyes' });
  await bolt.app.client.chat.postMessage({ channel: 'U02BOB', text: 'direct word' });
  const before = seen();
  expect(before).toContain('only bob sees a message; type: as bob');
  expect(before).toContain('bob has a direct message; type: as bob');
  expect(before).not.toContain('for your eyes');
  await terminal.run('as bob');
  const after = seen();
  expect(after).toContain('You are bob now.');
  expect(after).toContain('for your eyes');
  expect(after).toContain('direct word');
  await terminal.run('as nobody');
  expect(seen()).toContain('No user "nobody"; there are');
});

test('the Home tab is opened and shown', async () => {
  await terminal.run('home');
  expect(seen()).toContain('⌂ Home of alice\n  Home of @alice');
});

test('a word of the host is run, an unknown word answered with a way out', async () => {
  await terminal.run('clock +1h');
  expect(seen()).toContain('moved +1h');
  await terminal.run('ship it');
  expect(seen()).toContain('"ship" is nothing I know. To write it as a message, type: say ship it');
});

test('lines from the input are worked on in order, and quit ends', async () => {
  input.write('say one\nsay two\nquit\nsay three\n');
  await terminal.done;
  expect(slack.messages('releases').map((message) => message.text)).toEqual(['one', 'two']);
});
