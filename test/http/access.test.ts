import { SECRETS, useApi } from './support/api.ts';
import { makeRelease } from './support/releases.ts';

const api = useApi();

describe('who may ask', () => {
  beforeEach(() => api.start({}, [makeRelease(), makeRelease({ id: 'rel_2', tenantId: 'T2' })]));

  test.each([
    ['no token', null],
    ['an unknown token', 'slw_nobody'],
    ['an endless token', 'x'.repeat(5000)],
  ])('%s: 401, and it is said how to send one', async (_, token) => {
    const { status, headers, body } = await api.call('GET', '/api/v1/releases/rel_1/status', { token });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('Bearer');
    expect(body).toEqual({ success: false, error: expect.stringContaining('token') });
  });

  test('basic authorization is no token', async () => {
    const headers = { authorization: 'Basic slw_all' };
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: null, headers })).status).toBe(401);
  });

  test.each([
    ['GET', '/api/v1/releases/rel_1', 'builds', 'releases:read'],
    ['GET', '/api/v1/releases/rel_1', 'write', 'releases:read'],
    ['POST', '/api/v1/releases', 'read', 'releases:write'],
    ['POST', '/api/v1/releases/rel_1/actions/PAUSE', 'builds', 'releases:write'],
    ['POST', '/api/v1/releases/rel_1/builds', 'write', 'builds:write'],
    ['GET', '/api/v1/tokens', 'read', 'releases:write'],
  ] as const)('%s %s with the %s token: 403 that names %s', async (method, path, token, scope) => {
    const { status, body } = await api.call(method, path, { token: SECRETS[token] });
    expect(status).toBe(403);
    expect(body).toEqual({ success: false, error: expect.stringContaining(scope) });
  });

  test.each(['', '/status', '/builds', '/history', '/notes'])(
    'another tenant’s release%s is answered exactly like an unknown one',
    async (rest) => {
      const unknown = await api.call('GET', `/api/v1/releases/rel_none${rest}`);
      const foreign = await api.call('GET', `/api/v1/releases/rel_2${rest}`);
      expect(unknown.status).toBe(404);
      expect([foreign.status, foreign.body]).toEqual([unknown.status, unknown.body]);
    },
  );

  test('after too many failures from one address even its right tokens wait', async () => {
    await api.start({}, [makeRelease()], { limits: { failedAuthPerMinute: 3 } });
    const statuses = [];
    for (const token of ['a', 'b', 'c', 'd', SECRETS.all]) {
      statuses.push((await api.call('GET', '/api/v1/releases/rel_1', { token })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  test('a token that asks too often gets 429 with Retry-After, another one does not', async () => {
    await api.start({}, [makeRelease()], { limits: { requestsPerMinute: 2 } });
    const ask = (token: string) => api.call('GET', '/api/v1/releases/rel_1', { token });
    expect([(await ask(SECRETS.all)).status, (await ask(SECRETS.all)).status]).toEqual([200, 200]);
    const refused = await ask(SECRETS.all);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await ask(SECRETS.read)).status).toBe(200);
  });
});

describe('tokens', () => {
  test('are made, listed and revoked; the secret is in the first answer only', async () => {
    await api.start({}, [makeRelease()]);
    const json = { name: 'deploy', scopes: ['releases:read', 'releases:read'] };
    const made = await api.call('POST', '/api/v1/tokens', { json });
    expect([made.status, made.body.secret, made.body.token.scopes]).toEqual([201, 'slw_deploy', ['releases:read']]);
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: 'slw_deploy' })).status).toBe(200);

    const list = await api.call('GET', '/api/v1/tokens');
    expect(list.body.tokens.map((token: { name: string }) => token.name)).toContain('deploy');
    expect(JSON.stringify(list.body)).not.toMatch(/slw_|hash|[0-9a-f]{64}/);
    expect(JSON.stringify(list.body)).not.toContain('foreign');

    expect((await api.call('DELETE', '/api/v1/tokens/deploy')).body).toEqual({ success: true });
    expect((await api.call('GET', '/api/v1/releases/rel_1', { token: 'slw_deploy' })).status).toBe(401);
    expect((await api.call('DELETE', '/api/v1/tokens/deploy')).status).toBe(404);
    expect((await api.call('DELETE', '/api/v1/tokens/foreign')).status).toBe(404);
  });

  test('no token gives scopes that it does not have', async () => {
    await api.start({});
    const json = { name: 'more', scopes: ['releases:write', 'builds:write'] };
    const { status, body } = await api.call('POST', '/api/v1/tokens', { token: SECRETS.write, json });
    expect([status, body.error]).toEqual([403, expect.stringContaining('builds:write')]);
  });
});

describe('every answer', () => {
  test('carries security headers, a request id, and no trace of what serves it', async () => {
    await api.start({}, [makeRelease()]);
    const { headers } = await api.call('GET', '/api/v1/releases/rel_1');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain('default-src');
    expect(headers.get('strict-transport-security')).toContain('max-age');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-powered-by')).toBeNull();
  });

  test('is logged in one line, without the token', async () => {
    await api.start({}, [makeRelease()]);
    await api.call('GET', '/api/v1/releases/rel_1?x=1');
    const lines = api.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'request answered',
        method: 'GET',
        path: '/api/v1/releases/rel_1',
        status: 200,
        tenantId: 'T1',
        actor: 'token:all',
        requestId: expect.any(String),
      }),
    ]);
    expect(api.log.join()).not.toContain(SECRETS.all);
  });
});
