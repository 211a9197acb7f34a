import { type GithubStandIn, startGithub } from '../../../sandbox/scm/index.ts';

const TOKEN = 'sandbox-token';
const OPTIONS = { owner: 'acme', repo: 'app', token: TOKEN };

describe('the GitHub stand-in', () => {
  let github: GithubStandIn;
  beforeEach(async () => {
    github = await startGithub(OPTIONS);
  });
  afterEach(() => github.close());

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; data: Record<string, unknown>; headers: Headers }> {
    const answer = await fetch(`${github.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      data: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      headers: answer.headers,
    };
  }
  const at = (path: string): string => `/repos/acme/app${path}`;

  test.each([
    ['no token', { authorization: '' }, 'Requires authentication'],
    ['another token', { authorization: 'Bearer other' }, 'Bad credentials'],
    ['another scheme', { authorization: `Basic ${TOKEN}` }, 'Requires authentication'],
  ])('%s is 401 with the body of GitHub', async (_, headers, message) => {
    const answer = await call('GET', at(''), undefined, headers);
    expect(answer).toMatchObject({ status: 401, data: { message, status: '401' } });
    expect(github.effects).toEqual([]);
  });

  test.each([
    ['GET', '/repos/acme/other'],
    ['GET', '/repos/acme'],
    ['GET', at('/unknown')],
    ['PATCH', at('/git/refs/heads/main')],
    ['GET', '/user'],
  ])('%s %s is not there', async (method, path) => {
    expect((await call(method, path, method === 'PATCH' ? {} : undefined)).status).toBe(404);
  });

  test.each([
    ['no JSON', '{', 400],
    ['a list', '[]', 400],
    ['no sha', { ref: 'refs/heads/x' }, 422],
    ['no refs/', { ref: 'x', sha: 'HEAD' }, 422],
    ['two dots', { ref: 'refs/heads/a..b', sha: 'HEAD' }, 422],
    ['a blank', { ref: 'refs/heads/a b', sha: 'HEAD' }, 422],
    ['a lock', { ref: 'refs/heads/a.lock', sha: 'HEAD' }, 422],
    ['an unknown commit', { ref: 'refs/heads/x', sha: 'a'.repeat(40) }, 422],
    ['a name that is there', { ref: 'refs/heads/main', sha: 'HEAD' }, 422],
    ['a name below one that is there', { ref: 'refs/heads/main/x', sha: 'HEAD' }, 422],
  ])('a ref with %s is refused', async (_, body, status) => {
    const head = github.branches()['main'];
    const sent = typeof body === 'object' && 'sha' in body && body.sha === 'HEAD' ? { ...body, sha: head } : body;
    expect((await call('POST', at('/git/refs'), sent)).status).toBe(status);
    expect(github.branches()).toEqual({ main: head });
    expect(github.effects).toEqual([]);
  });

  test('a release makes a missing tag, lightweight, and only one release fits a tag', async () => {
    const head = github.branches()['main'];
    expect((await call('POST', at('/releases'), { tag_name: 'v1' })).status).toBe(201);
    expect(github.tags()).toEqual({ v1: head });
    expect(await call('POST', at('/releases'), { tag_name: 'v1' })).toMatchObject({
      status: 422,
      data: { errors: [{ resource: 'Release', code: 'already_exists', field: 'tag_name' }] },
    });
    expect(github.effects.map(({ kind }) => kind)).toEqual(['tag', 'release']);
  });

  test('lists come in pages with links to the next and last', async () => {
    for (let index = 0; index < 40; index += 1) github.commit('main', `Work ${index}`);
    const first = await call('GET', at('/commits'));
    expect(first.data).toHaveLength(30);
    expect(first.headers.get('link')).toMatch(/page=2>; rel="next".*page=2>; rel="last"/);
    const next = await call('GET', at('/commits?page=2'));
    expect(next.data).toHaveLength(13);
    expect(next.headers.get('link')).toBeNull();
  });

  test('a compare says how two branches stand to each other', async () => {
    github.commit('topic', 'On the topic');
    github.commit('main', 'On main');
    const states = [];
    for (const pair of ['main...topic', 'main...main', 'topic...main', 'nope...main']) {
      const { status, data } = await call('GET', at(`/compare/${pair}`));
      states.push([status, data['status'], data['ahead_by'], data['behind_by']]);
    }
    expect(states).toEqual([
      [200, 'diverged', 1, 1],
      [200, 'identical', 0, 0],
      [200, 'diverged', 1, 1],
      [404, '404', undefined, undefined],
    ]);
  });

  test('who lost the right to push may read', async () => {
    github.setPushAllowed(false);
    expect((await call('GET', at('/git/ref/heads/main'))).status).toBe(200);
    const refused = await call('POST', at('/git/refs'), { ref: 'refs/heads/x', sha: github.branches()['main'] });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('x-accepted-github-permissions')).toBe('contents=write');
  });

  test('faults are used up in order, and what they are not meant for goes on', async () => {
    github.faults.next(/\/git\/ref\//, { kind: 'status', status: 500 }, 2);
    const lift = github.faults.always(/\/commits/, { kind: 'status', status: 503 });
    const asked = async (path: string): Promise<number> => (await call('GET', at(path))).status;
    const seen = [];
    for (const path of [
      '',
      '/git/ref/heads/main',
      '/git/ref/heads/main',
      '/git/ref/heads/main',
      '/commits',
      '/commits',
    ]) {
      seen.push(await asked(path));
    }
    lift();
    seen.push(await asked('/commits'));
    expect(seen).toEqual([200, 500, 500, 200, 503, 503, 200]);
  });

  test('several at once know nothing of each other, and a closed one is gone', async () => {
    const other = await startGithub({ ...OPTIONS, commits: 0 });
    github.commit('main', 'Here only');
    expect(other.branches()).toEqual({});
    await other.close();
    await expect(fetch(other.apiUrl)).rejects.toThrow();
    expect((await call('GET', at(''))).status).toBe(200);
  });

  test('a link opens a page that names the commit', async () => {
    const sha = String(github.branches()['main']);
    expect(await (await fetch(`${github.url}/tree/main`)).text()).toContain(sha);
    expect((await fetch(`${github.url}/tree/nope`)).status).toBe(404);
  });

  test('time comes from the clock it is given', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const later = await startGithub({ ...OPTIONS, clock: { now: () => now } });
    const answer = await fetch(`${later.apiUrl}${at('/commits/main')}`, {
      headers: { authorization: `token ${TOKEN}`, 'user-agent': 't' },
    });
    expect(await answer.json()).toMatchObject({ commit: { author: { date: '2030-01-01T00:00:00.000Z' } } });
    await later.close();
  });
});
