import { checkSetupFile, type StoredNames } from '../../src/setup/check.ts';
import { EXAMPLE, reference } from './support.ts';

const NOTHING: StoredNames = { integrations: [] };

async function check(
  text: string,
  env: Record<string, string> = { GITHUB_TOKEN: 'ghp_good' },
  stored = NOTHING,
  files: Record<string, string> = {},
) {
  const readFile = async (path: string) => {
    const found = files[path];
    if (found === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return found;
  };
  return await checkSetupFile(text, { env, readFile }, async () => stored);
}
async function mistakesIn(...parameters: Parameters<typeof check>): Promise<string[]> {
  const { wanted, mistakes } = await check(...parameters);
  expect(wanted === null).toBe(mistakes.length > 0);
  return mistakes.map(({ line, message }) => `${line}: ${message}`);
}
/** The example with one of its lines put in another way. */
const withLine = (from: string, to: string) => {
  expect(EXAMPLE).toContain(from);
  return EXAMPLE.replace(from, to);
};

describe('a right file', () => {
  test('is complete: what it does not say has its default', async () => {
    const { wanted, mistakes } = await check(EXAMPLE);
    expect(mistakes).toEqual([]);
    expect(wanted).toEqual({
      tenant: { id: 'T01TEST', name: 'Acme' },
      roles: {
        ADMIN: ['U01ALICE'],
        RELEASE_PILOT: ['U01ALICE'],
        APPROVER: ['U02BOB'],
        UPLOADER: ['U01ALICE', 'U02BOB'],
      },
      integrations: [
        {
          name: 'github',
          kind: 'SCM',
          provider: 'GITHUB',
          settings: { owner: 'acme', repo: 'app', apiUrl: 'https://api.github.com' },
          credentials: { token: 'ghp_good' },
        },
      ],
      configs: [
        {
          name: 'Mobile',
          flow: 'STAGED',
          platforms: ['ANDROID', 'IOS'],
          baseBranch: 'main',
          scm: 'github',
          comms: { releases: 'C01REL', builds: 'C02BLD', approvals: 'C01REL' },
          hasManualBuildUpload: true,
          autoStartRegression: true,
          timeZone: 'Asia/Kolkata',
          slotTemplate: [
            { offset: 'P1D', time: '14:00' },
            { offset: 'P3D', time: '14:00' },
          ],
          freezeWindows: [],
          reminders: { preKickOffHours: 24, missingBuildsHours: 2, approvalHours: 4 },
          slotGraceHours: 6,
          applicationIds: {},
          allowVersionMismatch: false,
          webArchiveEndings: ['.web.zip'],
          artifactRetentionDays: null,
          gates: {
            preRelease: { approvers: ['APPROVER'], users: null, quorum: 1, allowOwnRelease: true },
            submission: { approvers: ['APPROVER'], users: null, quorum: 1, allowOwnRelease: true },
          },
          isActive: true,
        },
      ],
    });
  });

  test('may be as short as a tenant and a configuration of what is stored', async () => {
    const text = `
tenant: { slackTeamId: T1X, name: Acme }
configurations:
  - { name: Mobile, platforms: [IOS], scm: github, comms: { releases: C01REL } }
`;
    const { wanted } = await check(text, {}, { integrations: [{ name: 'github', kind: 'SCM' }] });
    expect(wanted?.configs[0]).toMatchObject({
      baseBranch: 'main',
      comms: { releases: 'C01REL', builds: 'C01REL', approvals: 'C01REL' },
      hasManualBuildUpload: true,
      autoStartRegression: true,
      timeZone: 'UTC',
    });
  });

  test('reads freeze windows as local time of the configuration; a day alone is the whole day', async () => {
    const text = `${EXAMPLE}    freezeWindows:
      - { from: 2026-12-20, to: 2026-12-20, reason: Holiday }
      - { from: "2026-12-24 18:00", to: "2026-12-27T08:00:00Z", reason: Peak }
`;
    const { wanted } = await check(text);
    expect(wanted?.configs[0]?.freezeWindows).toEqual([
      { startsAt: new Date('2026-12-19T18:30:00Z'), endsAt: new Date('2026-12-20T18:30:00Z'), reason: 'Holiday' },
      { startsAt: new Date('2026-12-24T12:30:00Z'), endsAt: new Date('2026-12-27T08:00:00Z'), reason: 'Peak' },
    ]);
  });

  test('takes a secret from a file, without the line break at its end', async () => {
    const text = withLine(reference('env:GITHUB_TOKEN'), reference('file:secrets/token'));
    const { wanted } = await check(text, {}, NOTHING, { 'secrets/token': 'ghp_filed\n' });
    expect(wanted?.integrations[0]?.credentials).toEqual({ token: 'ghp_filed' });
  });
});

describe('a mistake is told with its line', () => {
  test.each([
    [
      'slackTeamId: T01TEST',
      'slackTeamId: acme',
      '1: tenant.slackTeamId: expected the id of a Slack workspace (T…) or organisation (E…)',
    ],
    ['name: Acme', 'nam: Acme', '1: tenant.name: is missing'],
    [
      'ADMIN: [U01ALICE]',
      'ADMIN: [alice]',
      '3: roles.ADMIN.0: expected the id of a Slack user (U… or W…) or user group (S…)',
    ],
    [
      '  ADMIN:',
      '  BOSS:',
      '3: roles.BOSS: is no role: expected one of ADMIN, RELEASE_PILOT, APPROVER, UPLOADER, VIEWER',
    ],
    ['provider: GITHUB', 'provider: GITLAB', '8: integration "github": GITLAB is not available yet'],
    [
      'provider: GITHUB',
      'provider: GITHAB',
      '8: integration "github": "GITHAB" is no provider of kind SCM: expected one of GITHUB, GITLAB, BITBUCKET',
    ],
    [
      'kind: SCM',
      'kind: GIT',
      '8: integrations.0.kind: expected one of SCM, PIPELINE, TARGET, TICKETS, TEST_MANAGEMENT, COMMUNICATION',
    ],
    [
      'owner: acme',
      'owner: acme/app',
      '9: integrations.0.settings.owner: The owner is a user or organisation name, e.g. "acme".',
    ],
    ['repo: app', 'branch: app', '9: integrations.0.settings.branch: is not known here'],
    ['flow: STAGED', 'flow: QUICK', '13: configuration "Mobile": flow: QUICK is not available yet'],
    ['[ANDROID, IOS]', '[ANDROID, TV]', '14: configurations.0.platforms.1: expected one of ANDROID, IOS, WEB'],
    ['[ANDROID, IOS]', '[IOS, IOS]', '14: configurations.0.platforms: names a platform twice'],
    ['[ANDROID, IOS]', '[]', '14: configurations.0.platforms: expected at least one platform'],
    [
      'scm: github',
      'scm: gitlab',
      '16: configuration "Mobile": scm: there is no SCM integration named "gitlab" (there is github)',
    ],
    [
      'builds: C02BLD',
      'builds: "#builds"',
      '17: configurations.0.comms.builds: expected the id of a Slack channel (C…), not its name',
    ],
    [
      'hasManualBuildUpload: true',
      'hasManualBuildUpload: maybe',
      '18: configurations.0.hasManualBuildUpload: expected true or false',
    ],
    ['Asia/Kolkata', 'Mars/Olympus', '20: configurations.0.timeZone: expected an IANA time zone, e.g. Asia/Kolkata'],
    [
      'offset: P1D',
      'offset: P4D',
      '21: configuration "Mobile": slotTemplate.1: the slots must be in ascending order, each at a time of its own',
    ],
    [
      'offset: P1D',
      'offset: 1 day',
      '21: configurations.0.slotTemplate.0.offset: expected days from kick-off, e.g. P1D',
    ],
    [
      'time: "14:00" }, {',
      'time: "25:00" }, {',
      '21: configurations.0.slotTemplate.0.time: expected a local time, e.g. "14:00"',
    ],
    [
      'approvers: [APPROVER], quorum: 1 }, sub',
      'approvers: [BOSS] }, sub',
      '22: configurations.0.gates.preRelease.approvers.0: expected one of ADMIN, RELEASE_PILOT, APPROVER, UPLOADER, VIEWER',
    ],
    [
      'quorum: 1 }, sub',
      'quorum: 3, users: [U1A, U2B] }, sub',
      '22: configuration "Mobile": gates.preRelease.quorum: 3 approvals can never come from 2 user(s)',
    ],
    [
      'baseBranch: main',
      'targets: [app-store]',
      '15: configuration "Mobile": targets.0: there is no TARGET integration named "app-store" (there is none)',
    ],
    [
      'baseBranch: main',
      'workflows: [{ platform: IOS }]',
      '15: configuration "Mobile": workflows.0: CI workflows are not available yet',
    ],
    ['baseBranch: main', 'train: "0 9 * * 1"', '15: configurations.0.train: is not available yet'],
    [
      'baseBranch: main',
      'applicationIds: { WEB: x }',
      '15: configuration "Mobile": applicationIds.WEB: WEB is not among the platforms',
    ],
    [
      'baseBranch: main',
      'freezeWindows: [{ from: 2026-12-24, to: 2026-12-20, reason: x }]',
      '15: configuration "Mobile": freezeWindows.0.to: the window ends before it begins',
    ],
    [
      'baseBranch: main',
      'freezeWindows: [{ from: soon, to: 2026-12-20, reason: x }]',
      '15: configuration "Mobile": freezeWindows.0.from: "soon" is no date: expected e.g. 2026-12-20 or "2026-12-20 18:00"',
    ],
  ])('%s -> %s', async (from, to, mistake) => {
    expect(await mistakesIn(withLine(from, to))).toContain(mistake);
  });

  test.each([
    [
      'a literal',
      'ghp_literal_secret',
      /^10: integrations\.0\.credentials\.token: credentials are never written in the file/,
    ],
    ['a reference inside a text', `Bearer ${reference('env:GITHUB_TOKEN')}`, /never written in the file/],
    ['an unset variable', reference('env:NOT_SET'), /the environment variable NOT_SET is not set/],
    ['a file that is not there', reference('file:nowhere'), /the file nowhere cannot be read \(ENOENT\)/],
    ['an empty file', reference('file:empty'), /the file empty is empty/],
  ])('a credential that is %s, and no secret is repeated', async (_, value, mistake) => {
    const found = await mistakesIn(
      withLine(reference('env:GITHUB_TOKEN'), value),
      { GITHUB_TOKEN: 'ghp_good' },
      NOTHING,
      {
        empty: '\n',
      },
    );
    expect(found).toEqual([expect.stringMatching(mistake)]);
    expect(found.join()).not.toContain('literal_secret');
  });

  test('ids of a GitHub App are no secrets and may stand in the file; its key may not', async () => {
    const text = withLine(
      `token: "${reference('env:GITHUB_TOKEN')}"`,
      'appId: 12, installationId: 34, privateKey: abc',
    );
    expect(await mistakesIn(text)).toEqual([
      expect.stringContaining('10: integrations.0.credentials.privateKey: credentials are never'),
    ]);
  });

  test('two of the same name', async () => {
    const doubled = `${EXAMPLE}  - { name: Mobile, platforms: [IOS], scm: github, comms: { releases: C01REL } }\n`;
    expect(await mistakesIn(doubled)).toEqual([
      '23: configuration "Mobile": name: another configuration has this name',
    ]);
  });

  test('artifacts are the environment’s', async () => {
    expect(await mistakesIn(`${EXAMPLE}artifacts: { bucket: b }\n`)).toEqual([
      '23: artifacts: builds are kept where the environment says: set ARTIFACTS_S3_BUCKET or ARTIFACTS_DIR, not this',
    ]);
  });

  test.each([
    ['broken YAML', 'tenant: { slackTeamId: T1X\nroles: [', /^\d: not YAML: /],
    ['a reference without quotes', `a: { token: ${reference('env:X')} }`, /write references in quotes/],
    ['a key twice', 'tenant: 1\ntenant: 2', /^2: not YAML: Map keys must be unique/],
    ['an alias to nothing', 'a: *b', /^1: /],
    ['a list', '- 1', /^1: expected tenant, roles/],
    ['nothing', '', /^1: expected tenant, roles/],
  ])('%s', async (_, text, mistake) => {
    expect((await mistakesIn(text))[0]).toMatch(mistake);
  });

  test('no mistake hides another: all at once, by line', async () => {
    const text = `tenant: { slackTeamId: acme, name: "" }
integrations:
  - { name: github, kind: SCM, provider: GITHUB, extra: 1, settings: { owner: a b }, credentials: { token: x } }
  - { name: jenkins-ios, kind: PIPELINE, provider: JENKINS, scm: github, target: app-store,
      credentials: { user: ci, apiToken: x } }
configurations:
  - name: One
    flow: QUICK
    platforms: [TV]
    scm: nowhere
    tickets: jira
  - { name: Two, platforms: [IOS], scm: github, comms: { releases: general } }
`;
    const found = await mistakesIn(text);
    expect(found.map((mistake) => mistake.split(': ').slice(0, 2).join(': '))).toEqual([
      '1: tenant.slackTeamId',
      '1: tenant.name',
      '3: integrations.0.extra',
      '3: integrations.0.settings.owner',
      '3: integrations.0.settings.repo',
      '3: integrations.0.credentials.token',
      '4: integration "jenkins-ios"',
      '7: configurations.0.comms',
      '8: configuration "One"',
      '9: configurations.0.platforms.0',
      '10: configuration "One"',
      '11: configurations.0.tickets',
      '12: configurations.1.comms.releases',
    ]);
  });

  test('a bomb of aliases is a mistake, not a crash', async () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(', ')}]`,
    );
    expect((await mistakesIn(`l0: &l0 [x]\n${levels.join('\n')}\n`)).length).toBeGreaterThan(0);
  });
});

test('what is of another kind altogether is told in plain words, and a name is listed once', async () => {
  const text = `
tenant: { slackTeamId: T01TEST, name: Acme }
roles: { ADMIN: [U01ALICE] }
integrations:
  - { name: git, kind: SCM, provider: GITHUB, settings: { owner: a, repo: b }, credentials: { token: "\${env:X}" } }
  - { name: git, kind: SCM, provider: GITHUB, settings: { owner: a, repo: b }, credentials: { token: "\${env:X}" } }
configurations:
  - 7
  - { name: A, platforms: IOS, scm: other, comms: { releases: C01REL } }
`;
  const sources = { env: { X: 'ghp_x' }, readFile: async () => '' };
  const { mistakes } = await checkSetupFile(text, sources, async () => ({ integrations: [] }));
  const said = mistakes.map(({ line, message }) => `${line}: ${message}`).join('\n');
  expect(said).toContain('8: configurations.0: expected keys and values');
  expect(said).toContain('9: configurations.1.platforms: expected a list');
  expect(said).toContain('there is no SCM integration named "other" (there is git)');
  expect(said).not.toContain('Invalid input');
});
