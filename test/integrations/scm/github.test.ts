import { generateKeyPairSync } from 'node:crypto';
import { type GithubStandIn, startGithub } from '../../../sandbox/scm/index.ts';
import { createScm, scmSchemas } from '../../../src/integrations/scm/index.ts';
import { AuthError, NotConfiguredError, PermanentError, TransientError } from '../../../src/shared/errors.ts';
import { describeScm, type ScmHarness } from './contract.ts';

const TOKEN = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz';
const WHERE = { owner: 'acme', repo: 'app' };
const keys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });

function scmOf(github: GithubStandIn, credentials: object, options: { timeoutMs?: number; waits?: number[] } = {}) {
  const integration = { provider: 'GITHUB', settings: { ...WHERE, apiUrl: github.apiUrl }, credentials };
  return createScm(integration, {
    paceWrites: false,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    clock: {
      sleep: async (ms) => {
        options.waits?.push(ms);
      },
    },
  });
}

async function start(options: { timeoutMs?: number } = {}): Promise<ScmHarness> {
  const github = await startGithub({ ...WHERE, token: TOKEN });
  const waits: number[] = [];
  return {
    scm: scmOf(github, { token: TOKEN }, { ...options, waits }),
    commit: github.commit,
    effects: github.effects,
    faults: github.faults,
    waits,
    requestCount: () => github.requests.length,
    secrets: [TOKEN],
    close: github.close,
  };
}

describeScm('github', start, {
  createBranch: /^POST .*\/git\/refs$/,
  createTag: /^POST .*\/git\/refs$/,
  createRelease: /^POST .*\/releases$/,
  readBranch: /^GET .*\/git\/ref\/heads/,
});

describe('GitHub', () => {
  let github: GithubStandIn;
  beforeEach(async () => {
    github = await startGithub({ ...WHERE, token: TOKEN });
  });
  afterEach(() => github.close());

  test('links lead to the page of the branch, the tag and the release', async () => {
    const scm = scmOf(github, { token: TOKEN });
    const branch = await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
    const tag = await scm.ensureTag({ name: 'v7.0.0', sha: branch.sha, message: 'x' });
    const release = await scm.ensureRelease({ tag: 'v7.0.0', name: '7.0.0', body: '' });
    expect(branch.url).toBe(`${github.url}/tree/release/7.0.0`);
    expect(tag.url).toBe(`${github.url}/releases/tag/v7.0.0`);
    expect(release.url).toBe(`${github.url}/releases/tag/v7.0.0`);
    for (const url of [branch.url, tag.url]) expect(await (await fetch(String(url))).text()).toContain(branch.sha);
  });

  test('a link that cannot be had does not spoil what was found', async () => {
    github.faults.always(/GET .*\/repos\/acme\/app$/, { kind: 'status', status: 500 });
    expect(await scmOf(github, { token: TOKEN }).findBranch('main')).toEqual({
      sha: github.branches()['main'],
      url: null,
    });
  });

  test('a lightweight tag on the same commit is good enough', async () => {
    const scm = scmOf(github, { token: TOKEN });
    const sha = String(github.branches()['main']);
    const body = JSON.stringify({ ref: 'refs/tags/v1', sha });
    const headers = { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test' };
    await fetch(`${github.apiUrl}/repos/acme/app/git/refs`, { method: 'POST', headers, body });
    expect(await scm.ensureTag({ name: 'v1', sha, message: 'x' })).toMatchObject({ sha, created: false });
  });

  test('the tag carries its message in an object of its own', async () => {
    const sha = String(github.branches()['main']);
    await scmOf(github, { token: TOKEN }).ensureTag({ name: 'v1', sha, message: 'x' });
    const headers = { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test' };
    const answer = await fetch(`${github.apiUrl}/repos/acme/app/git/ref/tags/v1`, { headers });
    expect(await answer.json()).toMatchObject({ object: { type: 'tag' } });
  });

  const limits: [string, Record<string, string>, object, number][] = [
    [
      'a limit used up until its reset',
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2000000060', date: new Date(2e12).toUTCString() },
      {},
      60_000,
    ],
    ['a Retry-After', { 'retry-after': '70' }, {}, 70_000],
    [
      'the address of the page about limits',
      {},
      { documentation_url: 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api' },
      60_000,
    ],
  ];
  test.each(limits)('a 403 with %s is a limit, not a refusal', async (_, headers, body, retryAfterMs) => {
    github.faults.always(/git\/ref/, { kind: 'status', status: 403, headers, body: { message: 'no', ...body } });
    const error: unknown = await scmOf(github, { token: TOKEN })
      .findBranch('main')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransientError);
    expect((error as TransientError).retryAfterMs).toBe(retryAfterMs);
  });

  test('what asked to be left alone is asked by nobody before its time', async () => {
    let now = new Date('2026-12-01T08:00:00Z');
    const scm = createScm(
      { provider: 'GITHUB', settings: { ...WHERE, apiUrl: github.apiUrl }, credentials: { token: TOKEN } },
      { clock: { now: () => now }, paceWrites: false },
    );
    const message = 'You have exceeded a secondary rate limit.';
    github.faults.next(/git\/ref/, {
      kind: 'status',
      status: 403,
      headers: { 'retry-after': '90' },
      body: { message },
    });
    await expect(scm.findBranch('main')).rejects.toThrow(message);
    const asked = github.requests.length;
    now = new Date(now.getTime() + 60_000);
    const fault = { operation: 'listCommits', detail: expect.stringContaining(message) };
    const refused = { name: 'TransientError', retryAfterMs: 30_000, fault };
    await expect(scm.listCommits({ ref: 'main', limit: 1 })).rejects.toMatchObject(refused);
    expect(github.requests).toHaveLength(asked);
    now = new Date(now.getTime() + 30_000);
    expect(await scm.findBranch('main')).not.toBeNull();
  });

  test('a refusal names the permission that is missing', async () => {
    github.setPushAllowed(false);
    const scm = scmOf(github, { token: TOKEN });
    await expect(scm.ensureBranch({ name: 'r', from: 'main' })).rejects.toThrow('permission contents=write');
    await expect(scm.verify()).rejects.toThrow(/may not push.*Contents: read and write/);
    const scopes = { 'x-accepted-oauth-scopes': 'repo', 'x-oauth-scopes': 'read:user, gist' };
    const headers = { ...scopes, 'x-accepted-github-permissions': '' };
    github.faults.always(/git\/ref/, { kind: 'status', status: 403, body: { message: 'no' }, headers });
    await expect(scm.findBranch('main')).rejects.toThrow('lacks the scope repo');
  });

  test('verify: a wrong token, a repository that is not there or is archived, a scope that is missing', async () => {
    await expect(scmOf(github, { token: 'ghp_other' }).verify()).rejects.toBeInstanceOf(AuthError);
    const elsewhere = { ...WHERE, repo: 'other', apiUrl: github.apiUrl };
    const other = createScm({ provider: 'GITHUB', settings: elsewhere, credentials: { token: TOKEN } });
    await expect(other.verify()).rejects.toBeInstanceOf(PermanentError);
    const answer = { full_name: 'acme/app', private: true, default_branch: 'main', permissions: { push: true } };
    const scm = scmOf(github, { token: TOKEN });
    github.faults.next(/GET .*app$/, { kind: 'status', status: 200, body: { ...answer, archived: true } });
    await expect(scm.verify()).rejects.toThrow('archived');
    github.faults.next(/GET .*app$/, {
      kind: 'status',
      status: 200,
      body: answer,
      headers: { 'x-oauth-scopes': 'public_repo' },
    });
    await expect(scm.verify()).rejects.toThrow('lacks the scope repo');
  });

  test('JSON that is something else is not believed', async () => {
    github.faults.always(/git\/ref/, { kind: 'status', status: 200, body: { hello: 'world' } });
    await expect(scmOf(github, { token: TOKEN }).findBranch('main')).rejects.toBeInstanceOf(TransientError);
  });

  test('an empty repository', async () => {
    const empty = await startGithub({ ...WHERE, token: TOKEN, commits: 0 });
    await expect(scmOf(empty, { token: TOKEN }).ensureBranch({ name: 'r', from: 'main' })).rejects.toThrow('empty');
    await empty.close();
  });
});

describe('a GitHub App', () => {
  const ours = keys();
  const app = { appId: 7, installationId: 42, publicKey: ours.publicKey };
  const credentials = { appId: 7, installationId: 42, privateKey: ours.privateKey };
  let github: GithubStandIn;
  beforeEach(async () => {
    github = await startGithub({ ...WHERE, token: TOKEN, app });
  });
  afterEach(() => github.close());

  test('works with one installation token, asked for once by calls at the same time', async () => {
    const scm = scmOf(github, credentials);
    await Promise.all([scm.findBranch('main'), scm.findTag('v1'), scm.verify()]);
    await scm.ensureBranch({ name: 'release/7.0.0', from: 'main' });
    expect(github.issuedTokens()).toHaveLength(1);
  });

  test('another key with the same installation id never gets the token that is on its way to the right one', async () => {
    const theirs = keys();
    github.faults.always(/access_tokens/, { kind: 'delay', ms: 20 });
    const right = scmOf(github, credentials).findBranch('main');
    const wrong = scmOf(github, { ...credentials, privateKey: theirs.privateKey }).findBranch('main');
    await expect(wrong).rejects.toBeInstanceOf(AuthError);
    await expect(right).resolves.not.toBeNull();
  });

  test('the token in use is kept out of texts', async () => {
    const scm = scmOf(github, credentials);
    await scm.findBranch('main');
    const [token = ''] = github.issuedTokens();
    github.faults.always(/git\/ref/, { kind: 'status', status: 404, body: { message: `see ${token}` } });
    github.faults.always(/commits\//, { kind: 'status', status: 403, body: { message: `see ${token}` } });
    const error: unknown = await scm.listCommits({ ref: 'main', limit: 1 }).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('see ••••');
  });

  test('a token that stopped working is replaced by the next call', async () => {
    const scm = scmOf(github, credentials);
    await scm.findBranch('main');
    github.faults.next(/git\/ref/, { kind: 'status', status: 401 });
    await expect(scm.findBranch('main')).rejects.toBeInstanceOf(AuthError);
    await scm.findBranch('main');
    expect(github.issuedTokens()).toHaveLength(2);
  });

  test('a wrong installation', async () => {
    await expect(scmOf(github, { ...credentials, installationId: 43 }).verify()).rejects.toBeInstanceOf(PermanentError);
  });
});

describe('what is typed for GitHub', () => {
  const { settings, credentials } = scmSchemas.GITHUB;

  test('the address defaults to GitHub and loses its last slash', () => {
    expect(settings.parse(WHERE).apiUrl).toBe('https://api.github.com');
    expect(settings.parse({ ...WHERE, apiUrl: 'https://git.acme.test/api/v3/' }).apiUrl).toBe(
      'https://git.acme.test/api/v3',
    );
  });

  test.each([
    ['an owner with a slash', { owner: 'acme/app', repo: 'app' }],
    ['no repository', { owner: 'acme' }],
    ['an address that is none', { ...WHERE, apiUrl: 'github' }],
    ['an address of another kind', { ...WHERE, apiUrl: 'file:///etc/passwd' }],
    ['an unknown field', { ...WHERE, branch: 'main' }],
  ])('%s is refused', (_, typed) => {
    expect(settings.safeParse(typed).success).toBe(false);
  });

  test.each([
    ['an empty token', { token: '' }],
    ['a token with a line break', { token: 'ghp_a\nb' }],
    ['half a key', { appId: 1, installationId: 2, privateKey: '-----BEGIN RSA PRIVATE KEY-----' }],
    ['a key without the installation', { appId: 1, privateKey: keys().privateKey }],
    ['both', { token: 'a', appId: 1, installationId: 2, privateKey: keys().privateKey }],
  ])('%s is refused', (_, typed) => {
    expect(credentials.safeParse(typed).success).toBe(false);
  });

  test('a key on one line, as environment variables carry it, is unfolded', () => {
    const { privateKey } = keys();
    const typed = { appId: '1', installationId: '2', privateKey: privateKey.replaceAll('\n', '\\n') };
    expect(credentials.parse(typed)).toEqual({ appId: 1, installationId: 2, privateKey });
  });

  test('another provider is named', () => {
    expect(() => createScm({ provider: 'SVN', settings: {}, credentials: {} })).toThrow(NotConfiguredError);
  });
});
