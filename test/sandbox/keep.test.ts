import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { forgetKept } from '../../sandbox/kept-database.ts';

/** A sandbox that was ended goes on where it was: its database, its Slack, its GitHub and its time. */

jest.setTimeout(60_000);

const TENANT = 'T01SANDBOX';
let dataDir: string;
let sandbox: Sandbox | null = null;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'slipway-keep-'));
});
afterEach(async () => {
  await sandbox?.close();
  sandbox = null;
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<Sandbox> {
  sandbox = await startSandbox({ speed: 1, logLevel: 'silent', port: 0, dataDir });
  return sandbox;
}
async function stop(): Promise<void> {
  await sandbox?.close();
  sandbox = null;
}

async function createRelease({ bot, clock, slack }: Sandbox) {
  const actor = await bot.engine.actor(TENANT, 'U01ALICE');
  const release = await bot.engine.createRelease(
    {
      config: 'Mobile',
      type: 'PLANNED',
      targets: [{ platform: 'ANDROID', version: '7.0.0', store: null }],
      baseBranch: null,
      kickOffDate: new Date(clock.now().getTime() + 5 * 86_400_000),
      targetReleaseDate: null,
      regressionSlots: [],
      hasManualBuildUpload: true,
      releasePilot: null,
      freezeOverrideReason: null,
    },
    { tenantId: TENANT, actor, origin: 'API' },
  );
  const card = await slack.until(() => slack.messages('releases').find((message) => message.fromBot), 'the card');
  return { release, card };
}

test('a release goes on with the same card, repository and time after a restart', async () => {
  const first = await start();
  const { release, card } = await createRelease(first);
  await first.slack.user('bob').say('releases', 'On it');
  const head = first.github.commit('main', 'One more fix');
  first.clock.skip(3_600_000);
  const at = first.clock.now();
  await stop();

  const second = await start();
  expect(second.clock.now().getTime()).toBeGreaterThanOrEqual(at.getTime());
  expect(second.github.branches()).toMatchObject({ main: head });
  expect(second.slack.apiUrl).toBe(first.slack.apiUrl);
  expect(second.slack.messages('releases').map(({ ts, text }) => [ts, text])).toEqual(
    first.slack.messages('releases').map(({ ts, text }) => [ts, text]),
  );
  const { releases } = await second.bot.engine.queries.live(TENANT, { limit: 10 });
  expect(releases.map(({ id }) => id)).toEqual([release.id]);
  const again = second.slack.messages('releases').find(({ ts }) => ts === card.ts);
  if (!again) throw new Error('the card is gone');
  await second.slack.user('alice').click(again, { actionId: 'release.start' });
  await second.slack.until(() => again.text !== card.text, 'the card moves on');
  expect(second.slack.violations).toEqual([]);
});

test('--fresh forgets it all', async () => {
  const first = await start();
  await createRelease(first);
  await stop();
  await forgetKept(dataDir);
  const second = await start();
  expect(second.slack.messages('releases')).toEqual([]);
  expect(await second.bot.engine.queries.live(TENANT, { limit: 10 })).toMatchObject({ releases: [] });
});

test('a second sandbox on the same data is refused, and so is what cannot be read', async () => {
  await start();
  await expect(startSandbox({ speed: 1, logLevel: 'silent', port: 0, dataDir })).rejects.toThrow(
    /the directory is in use by process \d+/,
  );
  await stop();
  await writeFile(join(dataDir, 'sandbox', 'stand-ins'), 'half a fi');
  await expect(start()).rejects.toThrow(/stand-ins is damaged or of another version.*--fresh/);
});

test('a database and stand-ins that do not belong together are refused, until --fresh', async () => {
  await createRelease(await start());
  await stop();
  for (const part of ['mongo', join('sandbox', 'stand-ins')]) {
    await rename(join(dataDir, part), join(dataDir, 'aside'));
    await expect(start()).rejects.toThrow(/what the sandbox kept is not whole.*--fresh/);
    await rm(join(dataDir, part), { recursive: true, force: true });
    await rename(join(dataDir, 'aside'), join(dataDir, part));
  }
  expect((await start()).isResumed).toBe(true);
  await stop();
  await rm(join(dataDir, 'sandbox', 'stand-ins'));
  await forgetKept(dataDir);
  expect((await start()).isResumed).toBe(false);
});

test('a data directory that is none is refused with a sentence', async () => {
  const file = join(dataDir, 'file');
  await writeFile(file, '');
  const sandbox = startSandbox({ speed: 1, logLevel: 'silent', port: 0, dataDir: file });
  await expect(sandbox).rejects.toThrow(/what the sandbox kept cannot be read: .*ENOTDIR.*SLIPWAY_DATA_DIR/);
});
