import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GithubStandIn, startGithub } from '../../sandbox/scm/index.ts';
import { type Slack, type SlackOptions, startSlack } from '../../sandbox/slack/index.ts';
import { createScm } from '../../src/integrations/scm/index.ts';
import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { applySetup } from '../../src/setup/apply.ts';
import { createSealer, parseCredentialKeys } from '../../src/shared/crypto.ts';
import { type TestDatabase, testDatabase } from './database.ts';

/** Everything around the bot, on loopback: a Slack, a GitHub, a database that is set up as a team would, a directory. */
export interface Outside {
  slack: Slack;
  github: GithubStandIn;
  database: TestDatabase;
  /** the test's own eyes on the database */
  persistence: Persistence;
  channelId: string;
  /** what a bot needs in its environment to live here, the database apart */
  env: Record<string, string>;
  close(): Promise<void>;
}

export interface OutsideOptions {
  /** the time that people and repositories see */
  clock(): Date;
  /** of both gates; default 1 for the submission, this for the pre-release */
  quorum?: number;
  timeZone?: string;
  slack?: Partial<SlackOptions>;
  /** another way to GitHub's API than straight, e.g. through a proxy */
  githubApiUrl?(straight: string): Promise<string> | string;
  /** another way to Slack's API, for the bot */
  slackApiUrl?(straight: string): Promise<string> | string;
}

export const TENANT_ID = 'T01TEST';
export const RELEASE_CHANNEL = 'releases';
/** The one configuration of the tenant. */
export const CONFIGURATION = 'Mobile';

const GITHUB_TOKEN = 'ghp_test';
const BOT_TOKEN = 'xoxb-test';
const CREDENTIAL_KEYS = `k1:${Buffer.alloc(32, 7).toString('base64')}`;

/** Alice leads, Bob and Carol approve, Bob uploads, Dave only looks. */
const ROLES = {
  ADMIN: ['U01ALICE'],
  RELEASE_PILOT: ['U01ALICE'],
  APPROVER: ['U02BOB', 'U03CAROL'],
  UPLOADER: ['U01ALICE', 'U02BOB'],
  VIEWER: ['U04DAVE'],
};

export async function startOutside(options: OutsideOptions): Promise<Outside> {
  const { clock } = options;
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const directory = await mkdtemp(join(tmpdir(), 'slipway-flow-'));
    closing.push(() => rm(directory, { recursive: true, force: true }));
    const database = await testDatabase();
    closing.push(() => database.close());
    const github = await startGithub({
      owner: 'acme',
      repo: 'app',
      token: GITHUB_TOKEN,
      commits: 3,
      clock: { now: clock },
    });
    closing.push(() => github.close());
    const slack = await startSlack({
      signingSecret: 'shhh',
      botToken: BOT_TOKEN,
      teamId: TENANT_ID,
      clock,
      // A loaded machine may be late; being late is a test of its own.
      ackTimeoutMs: 20_000,
      ...options.slack,
    });
    closing.push(() => slack.close());
    await slack.inviteBot(RELEASE_CHANNEL);
    const persistence = await connectPersistence({ uri: database.uri });
    closing.push(() => persistence.close());
    const channelId = slack.channel(RELEASE_CHANNEL).id;
    const githubApiUrl = (await options.githubApiUrl?.(github.apiUrl)) ?? github.apiUrl;
    await setUp(persistence, setUpFile(githubApiUrl, channelId, options), clock);
    const env = {
      SLACK_BOT_TOKEN: BOT_TOKEN,
      SLACK_SIGNING_SECRET: slack.options.signingSecret,
      SLACK_API_URL: (await options.slackApiUrl?.(slack.apiUrl)) ?? slack.apiUrl,
      PORT: '0',
      SLIPWAY_HOST: '127.0.0.1',
      SLIPWAY_DATA_DIR: directory,
      ARTIFACTS_DIR: join(directory, 'artifacts'),
      CREDENTIAL_KEYS,
      NODE_ENV: 'test',
    };
    return { slack, github, database, persistence, channelId, env, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** JSON is YAML. */
function setUpFile(githubApiUrl: string, channelId: string, options: OutsideOptions): string {
  const { quorum = 1, timeZone = 'UTC' } = options;
  return JSON.stringify({
    tenant: { slackTeamId: TENANT_ID, name: 'Acme' },
    roles: ROLES,
    integrations: [
      {
        name: 'github',
        kind: 'SCM',
        provider: 'GITHUB',
        settings: { owner: 'acme', repo: 'app', apiUrl: githubApiUrl },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: what stands in a set-up file
        credentials: { token: '${env:TEST_GITHUB_TOKEN}' },
      },
    ],
    configurations: [
      {
        name: CONFIGURATION,
        platforms: ['ANDROID', 'IOS'],
        scm: 'github',
        comms: { releases: channelId },
        timeZone,
        slotTemplate: [{ offset: 'P1D', time: '14:00' }],
        applicationIds: { ANDROID: 'com.acme.app', IOS: 'com.acme.app' },
        gates: { preRelease: { quorum }, submission: {} },
      },
    ],
  });
}

async function setUp(persistence: Persistence, file: string, clock: () => Date): Promise<void> {
  await persistence.ensureIndexes();
  const { mistakes, verifications } = await applySetup(
    file,
    {
      repositories: persistence.repositories,
      sealer: createSealer(parseCredentialKeys(CREDENTIAL_KEYS).keys),
      env: { TEST_GITHUB_TOKEN: GITHUB_TOKEN },
      readFile: () => Promise.reject(new Error('the set-up file names no file')),
      verify: ({ provider, settings }, credentials) => createScm({ provider, settings, credentials }).verify(),
      now: clock,
    },
    { dryRun: false, prune: false, noVerify: false },
  );
  const refused = verifications.filter(({ status }) => status !== 'VALID');
  if (mistakes.length + refused.length > 0) throw new Error(JSON.stringify([...mistakes, ...refused]));
}
