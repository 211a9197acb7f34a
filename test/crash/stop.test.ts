import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Release } from '../../src/domain/release.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { insertTokens, post } from '../support/api-callers.ts';
import { type ChildBot, loadChildBot } from '../support/child-bot.ts';
import { CONFIGURATION, type Outside, startOutside, TENANT_ID } from '../support/outside.ts';
import { compileProgram, type Program } from '../support/program.ts';
import { effectLines, messageLines } from '../support/record.ts';

/**
 * A bot of its own process that is asked to stop in the middle of its work, and the next one that goes on: it starts in
 * the same minute, so that nothing which only a lease would free is free (Spec 7.3).
 */

jest.setTimeout(120_000);

let program: Program;
let outside: Outside;
const bots: ChildBot[] = [];

beforeAll(async () => {
  program = await compileProgram();
  outside = await startOutside({ clock: () => new Date() });
  await insertTokens(outside.persistence, new Date());
  for (let count = 0; count < 3; count += 1) bots.push(load());
});
afterAll(async () => {
  for (const bot of bots) bot.kill();
  await Promise.all(bots.map((bot) => bot.exited));
  await outside.close();
  await program.remove();
});

function load(mongodbUri = outside.database.uri): ChildBot {
  const env = { ...outside.env, MONGODB_URI: mongodbUri, SLIPWAY_TICK_SECONDS: '1' };
  return loadChildBot({ env, cwd: outside.env['SLIPWAY_DATA_DIR'] ?? '/', program: program.directory });
}

interface Running {
  bot: ChildBot;
  create(version: string): Promise<string>;
}
/** Goes from test to test: loading one takes long. */
let running: Running;

/** The next instance, up. */
async function start(offsetMs = 0): Promise<Running> {
  const bot = bots.shift();
  if (!bot) throw new Error('there are too few bots');
  bots.push(bot);
  bot.setOffset(offsetMs);
  const port = await bot.up;
  return {
    bot,
    async create(version) {
      const now = Date.now();
      const body = {
        releaseConfigId: CONFIGURATION,
        platformTargets: [{ platform: 'ANDROID', version }],
        kickOffDate: new Date(now - 60_000).toISOString(),
        regressionSlots: [new Date(now + 86_400_000).toISOString()],
      };
      const call = { caller: 'U01ALICE', path: '/releases', key: version, body } as const;
      const { text } = await post(`http://127.0.0.1:${port}`, call);
      return (JSON.parse(text) as { release: { id: string } }).release.id;
    },
  };
}

const LOOK_EVERY_MS = 25;
const PATIENCE_MS = 60_000;

async function until(what: string, isSo: () => Promise<boolean> | boolean): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !(await isSo()); ) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}

const stored = (id: string) => outside.persistence.repositories.releases.load(id);
const forkOf = (release: Release | undefined, id: string) => release && findTask(release, `${id}.s1.FORK_BRANCH`);
const isForked = async (id: string) => forkOf((await stored(id))?.release, id)?.status === 'COMPLETED';
const isForking = async (id: string) => forkOf((await stored(id))?.release, id)?.status === 'IN_PROGRESS';
const locks = () => outside.persistence.connection.collection('jobs').countDocuments({ lockedAt: { $ne: null } });

test('a bot that is stopped while GitHub does not answer hands everything back, and the next one goes on at once', async () => {
  const first = await start();
  outside.github.faults.always(/^POST .*\/git\/refs/, { kind: 'hang', when: 'after' });
  const id = await first.create('1.0.0');
  await until('the task', () => isForking(id));
  await until('the branch', () => effectLines(outside).length === 1);
  first.bot.stop();
  await first.bot.exited;
  expect(first.bot.output()).toContain('"stopped"');
  expect((await stored(id))?.lease).toBeNull();
  expect(await outside.persistence.repositories.releases.findDue(new Date(), 9)).toEqual([id]);
  expect(await locks()).toBe(0);

  outside.github.faults.clear();
  running = await start();
  await until('the task', () => isForked(id));
  expect(effectLines(outside)).toEqual(['branch release/1.0.0_android']);
});

test('a bot that is stopped while Slack takes its time leaves what Slack may have to be looked for, and all arrives once', async () => {
  const { bot, create } = running;
  outside.slack.faults.always('chat.postMessage', { kind: 'hold', until: new Promise(() => undefined) });
  const id = await create('2.0.0');
  const rows = () => outside.persistence.repositories.outbox.listByRelease(TENANT_ID, id);
  await until('the message', async () => (await rows())[0]?.status === 'SENDING');
  await until('the release', async () => (await stored(id))?.lease === null);
  bot.stop();
  await bot.exited;
  const [held, ...others] = await rows();
  expect(held).toMatchObject({ status: 'SENDING', attempts: 1, lease: expect.anything() });
  expect(others.length).toBeGreaterThan(0);
  for (const row of others) expect(row).toMatchObject({ status: 'PENDING', attempts: 0, lease: null });

  outside.slack.faults.clear();
  running = await start(61_000);
  await until('the messages', async () => (await rows()).every((row) => row.status === 'SENT'));
  const lines = messageLines(outside, id);
  expect(lines.length).toBe((await rows()).length);
  expect(new Set(lines).size).toBe(lines.length);
});

test('a second signal ends a bot that waits for its work', async () => {
  const { bot, create } = running;
  outside.github.faults.always(/^POST .*\/git\/refs/, { kind: 'hang', when: 'before' });
  const id = await create('3.0.0');
  await until('the task', () => isForking(id));
  bot.stop();
  await until('the stop', () => bot.output().includes('"stopping"'));
  bot.stop();
  await bot.exited;
  expect(bot.output()).not.toContain('"stopped"');
});

test('a bot that is stopped while it waits for its database ends', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const asked = once(silent, 'connection');
  const bot = load(`mongodb://127.0.0.1:${(silent.address() as AddressInfo).port}/slipway`);
  bots.push(bot);
  try {
    bot.setOffset(0);
    await asked;
    bot.stop();
    await bot.exited;
    expect(bot.output()).not.toContain('cannot be reached');
  } finally {
    silent.close();
  }
});
