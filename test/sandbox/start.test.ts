import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { startSlack } from '../../sandbox/slack/index.ts';
import { compileProgram, type Program } from '../support/program.ts';

/** `npm start` as a process of its own: what it says, how it ends and what it leaves behind (Spec 8.1). */

jest.setTimeout(120_000);

const SLACK = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'abc' };
let program: Program;
let dir: string;
let child: ChildProcess | null = null;
beforeAll(async () => {
  program = await compileProgram();
});
afterAll(() => program?.remove());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-start-'));
});
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(dir, { recursive: true, force: true });
});

function start(parameters: string[], env: Record<string, string> = {}) {
  const started = spawn(process.execPath, [join(program.directory, 'bin', 'start.js'), ...parameters], {
    cwd: dir,
    env: { PATH: process.env['PATH'] ?? '', TMPDIR: dir, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child = started;
  let output = '';
  const heard = new Set<() => void>();
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const look of heard) look();
    });
  }
  const closed = once(started, 'close');
  return {
    process: started,
    /** resolves when it was said, or when it ended */
    said: (words: string) =>
      Promise.race([
        closed,
        new Promise<void>((done) => {
          const look = () => output.includes(words) && done();
          heard.add(look);
          look();
        }),
      ]),
    async ended() {
      const [code, signal] = await closed;
      return { code: code ?? signal, output };
    },
  };
}
const leftovers = () => readdir(dir);

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)(
  'a sandbox that gets %s ends with %i and leaves what it keeps, but not the samples it made',
  async (signal, code) => {
    const sandbox = start([]);
    await sandbox.said('You are alice');
    sandbox.process.stdin.write('sample apk 1.0.0\n');
    await sandbox.said('Hand it in with');
    sandbox.process.kill(signal);
    const ended = await sandbox.ended();
    expect([ended.code, await leftovers()]).toEqual([code, ['data']]);
    expect(ended.output).toMatch(/Stopped\. "npm start" goes on from here \(it is kept in \.\/data\)\.\n$/);
  },
);

test('a demo that is asked to stop does not end as if it had reached the end', async () => {
  const demo = start(['--demo']);
  await demo.said('──');
  demo.process.kill('SIGTERM');
  const { code, output } = await demo.ended();
  expect(code).toBe(143);
  expect(output).not.toMatch(/ended SUBMITTED|broke off/);
  expect(await leftovers()).toEqual([]);
});

test('a misspelled variable that made it a sandbox is told, and so is a database that it does not use', async () => {
  const sandbox = start([], { SLACK_BOT_TOKN: 'xoxb-1', MONGODB_URI: 'mongodb://127.0.0.1:1/x' });
  await sandbox.said('You are alice');
  sandbox.process.stdin.end();
  const { code, output } = await sandbox.ended();
  expect(code).toBe(0);
  expect(output).toContain('SLACK_BOT_TOKN is not a variable of Slipway; did you mean SLACK_BOT_TOKEN?');
  expect(output).toContain('MONGODB_URI is set but no Slack credentials are');
});

test.each<[string, string[], Record<string, string>, RegExp]>([
  ['an option that is none', ['--dmeo'], {}, /^Unknown option '--dmeo'[\s\S]*npm start \[-- options\]/],
  ['the demo with a real Slack', ['--demo'], SLACK, /--demo is for the sandbox/],
  [
    'production without Slack',
    [],
    { NODE_ENV: 'production', MONGODB_URI: 'mongodb://a/x' },
    /SLACK_BOT_TOKEN is missing.*e\.g\. SLACK_BOT_TOKEN=xoxb-\S+\n.*CREDENTIAL_KEYS is missing/,
  ],
  [
    'many workspaces',
    [],
    { SLACK_CLIENT_ID: '1.2', SLACK_CLIENT_SECRET: 'a', SLACK_SIGNING_SECRET: 'b', SLACK_STATE_SECRET: 'c' },
    /many workspaces by OAuth are not available yet/,
  ],
])('%s is refused with a sentence before anything is made', async (_, parameters, env, sentence) => {
  const { code, output } = await start(parameters, env).ended();
  expect([code, output]).toEqual([1, expect.stringMatching(sentence)]);
  expect(output).not.toMatch(/\n\s+at /);
  expect(await leftovers()).toEqual([]);
});

test('a port that is taken is told as what it is', async () => {
  const slack = await startSlack({ signingSecret: 'abc', botToken: 'xoxb-1', teamId: 'T1' });
  try {
    // the port that this Slack itself listens on
    const env = { ...SLACK, SLACK_API_URL: slack.apiUrl, PORT: String(slack.port), SLIPWAY_HOST: '127.0.0.1' };
    const { code, output } = await start([], env).ended();
    expect([code, output]).toEqual([1, expect.stringContaining(`PORT: cannot listen on ${slack.port} (EADDRINUSE)`)]);
    expect(output).not.toMatch(/\n\s+at /);
    expect(await readdir(join(dir, 'data', 'mongo'))).toEqual(['embedded-mongo.data']);
  } finally {
    await slack.close();
  }
});

test('an app-level token that Slack refuses is told as what it is', async () => {
  const slack = await startSlack({ signingSecret: 'abc', botToken: 'xoxb-1', appToken: 'xapp-1', teamId: 'T1' });
  try {
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: 'xapp-2', SLACK_API_URL: slack.apiUrl, PORT: '0' };
    const { code, output } = await start([], env).ended();
    expect([code, output]).toEqual([1, expect.stringContaining('SLACK_APP_TOKEN: Slack refuses it (invalid_auth)')]);
    expect(output).not.toMatch(/\n\s+at /);
  } finally {
    await slack.close();
  }
});

test('a bot that is stopped while it waits for Slack gives its embedded database back', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const asked = once(silent, 'connection');
  try {
    const bot = start([], { ...SLACK, SLACK_API_URL: `http://127.0.0.1:${port}/api/`, PORT: '0' });
    await asked;
    bot.process.kill('SIGTERM');
    expect((await bot.ended()).code).toBe(0);
    expect(await readdir(join(dir, 'data', 'mongo'))).toEqual(['embedded-mongo.data']);
  } finally {
    silent.close();
  }
});

test('a bot without MONGODB_URI keeps its data in data/mongo, behind a socket that its user alone can open', async () => {
  const slack = await startSlack({ signingSecret: 'abc', botToken: 'xoxb-1', teamId: 'T1' });
  const home = join(dir, 'home').toLowerCase();
  const socket = join(home, 'mongo', 'mongo.sock');
  const env = { ...SLACK, SLACK_API_URL: slack.apiUrl, PORT: '0', SLIPWAY_HOST: '127.0.0.1', SLIPWAY_DATA_DIR: home };
  try {
    for (const teams of [0, 1]) {
      const bot = start([], env);
      await bot.said('Slipway is up');
      const { mode } = await stat(socket);
      expect(mode & 0o777).toBe(0o600);
      const client = await MongoClient.connect(`mongodb://${encodeURIComponent(socket)}/`);
      const known = client.db('kept').collection('teams');
      expect(await known.countDocuments()).toBe(teams);
      await known.insertOne({ name: 'T1' });
      await client.close();
      bot.process.kill('SIGTERM');
      expect((await bot.ended()).code).toBe(0);
    }
    expect(await readdir(join(home, 'mongo'))).toEqual(['embedded-mongo.data']);
  } finally {
    await slack.close();
    await rm(home, { recursive: true, force: true });
  }
});

test('a second sandbox on the same data is refused with a sentence, and the first goes on', async () => {
  const first = start([]);
  await first.said('You are alice');
  const { code, output } = await start([]).ended();
  expect([code, output]).toEqual([1, expect.stringMatching(/is in use by process \d+.*SLIPWAY_DATA_DIR/)]);
  expect(output).not.toMatch(/\n\s+at /);
  first.process.kill('SIGTERM');
  expect((await first.ended()).code).toBe(143);
});
