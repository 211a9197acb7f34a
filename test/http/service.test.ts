import { once } from 'node:events';
import { createServer } from 'node:http';
import express from 'express';
import { answerTheRest } from '../../src/http/index.ts';
import { AuthError, TransientError } from '../../src/shared/errors.ts';
import { createLogger } from '../../src/shared/logger.ts';
import { useApi } from './support/api.ts';

const api = useApi();

describe('when something fails', () => {
  class MongoServerSelectionError extends Error {
    override readonly name = 'MongoServerSelectionError';
  }
  const fault = { provider: 'GITHUB', operation: 'ensureTag', status: 500, detail: 'oops' };
  test.each<[string, Error, number, RegExp]>([
    [
      'the database is away',
      new MongoServerSelectionError('connect ECONNREFUSED 10.0.0.5:27017'),
      503,
      /^The database cannot be reached/,
    ],
    [
      'the database is away, inside',
      new Error('x', { cause: new MongoServerSelectionError('y') }),
      503,
      /^The database/,
    ],
    ['a provider is away', new TransientError(fault, 7000), 503, /^GITHUB ensureTag: oops/],
    ['a provider says no', new AuthError(fault), 502, /^GITHUB ensureTag: oops/],
    ['we have a bug', new Error('secret path /srv/app.ts'), 500, /^Something went wrong on our side/],
  ])('%s: a clear sentence and no stack', async (_, error, expected, sentence) => {
    await api.start({
      pauseRelease: async () => {
        throw error;
      },
    });
    const { status, body, headers } = await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    expect(status).toBe(expected);
    expect(body.error).toMatch(sentence);
    expect(JSON.stringify(body)).not.toMatch(/at .*\.ts|secret path|10\.0\.0\.5/);
    if (expected === 500) expect(body.error).toContain(headers.get('x-request-id'));
    expect(api.log.some((line) => line.includes('"level":"error"'))).toBe(expected === 500);
  });

  test.each([
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/api', 404],
    ['PUT', '/api/v1/releases', 405],
    ['DELETE', '/api/v1/releases/rel_1', 405],
    ['GET', '/api/v1/releases/%E0%A4%A', 400],
  ])('%s %s: %d as JSON', async (method, path, expected) => {
    await api.start({});
    const { status, body } = await api.call(method, path);
    expect([status, body]).toEqual([expected, { success: false, error: expect.any(String) }]);
  });

  test('other addresses are left to Bolt, their bodies unread', async () => {
    await api.start({});
    const response = await fetch(`${api.url}/slack/events`, { method: 'POST', body: '{}' });
    expect(await response.text()).toBe('bolt');
    expect(response.headers.get('x-request-id')).toBeNull();
  });
});

describe('what nobody answers', () => {
  test('is a sentence as JSON also outside the API, and a fault there shows no stack', async () => {
    await api.start({});
    const log: string[] = [];
    const web = express();
    web.get('/broken', () => {
      throw new Error('secret path /srv/app.ts');
    });
    web.use(answerTheRest(createLogger({ level: 'debug', destination: { write: (line) => void log.push(line) } })));
    const server = createServer(web).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    try {
      const nothing = await fetch(`${url}/nothing`);
      expect([nothing.status, await nothing.json()]).toEqual([404, { success: false, error: expect.any(String) }]);
      expect(log).toEqual([]);
      const broken = await fetch(`${url}/broken`);
      const { error } = (await broken.json()) as { error: string };
      expect([broken.status, error]).toEqual([500, expect.stringMatching(/^Something went wrong on our side/)]);
      const requestId = /logged as (\S+)\.$/.exec(error)?.[1] ?? 'none';
      expect(log.join()).toContain(requestId);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('the log', () => {
  test('names tenant, release and token on every line of a request, refused ones too', async () => {
    await api.start({
      pauseRelease: async () => {
        throw new AuthError({ provider: 'GITHUB', operation: 'verify', status: 401, detail: 'no' });
      },
    });
    await api.call('POST', '/api/v1/releases/rel_1/actions/PAUSE');
    const lines = api.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['msg'])).toEqual(['request failed for now', 'request answered']);
    for (const line of lines) {
      expect(line).toMatchObject({ tenantId: 'T1', releaseId: 'rel_1', requestId: expect.any(String) });
      expect(line['actor']).toMatch(/^token:/);
    }
  });
});

describe('health', () => {
  test('/healthz answers without a token', async () => {
    await api.start({});
    expect(await api.call('GET', '/healthz', { token: null })).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('/readyz names every dependency and is 503 when one is not ready', async () => {
    const checks = { database: { ok: true }, agenda: { ok: true }, slack: { ok: false, detail: 'not connected' } };
    await api.start({}, [], { readiness: async () => checks });
    const { status, body } = await api.call('GET', '/readyz', { token: null });
    expect([status, body]).toEqual([503, { status: 'unavailable', checks }]);
    await api.start({});
    expect((await api.call('GET', '/readyz', { token: null })).body).toEqual({
      status: 'ok',
      checks: { database: { ok: true } },
    });
  });

  test.each<[string, () => Promise<never>]>([
    ['fails', async () => Promise.reject(new Error('boom'))],
    ['never ends', () => new Promise<never>(() => undefined)],
  ])('a check that %s is not ready', async (_, readiness) => {
    await api.start({}, [], { readiness, limits: { readinessTimeoutMs: 20 } });
    const { status, body } = await api.call('GET', '/readyz', { token: null });
    expect([status, body.status]).toEqual([503, 'unavailable']);
    expect(JSON.stringify(body)).not.toContain('boom');
  });
});

describe('the OpenAPI document', () => {
  test('shows every endpoint with its schemas, and only those', async () => {
    await api.start({}, [], { publicUrl: 'https://bot.test' });
    const { status, body } = await api.call('GET', '/api/v1/openapi.json', { token: null });
    expect(status).toBe(200);
    expect(body.openapi).toBe('3.1.0');
    expect(body.servers).toEqual([{ url: 'https://bot.test' }]);
    const operations = Object.entries<Record<string, object>>(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.sort()).toEqual([
      'delete /api/v1/tokens/{name}',
      'get /api/v1/releases',
      'get /api/v1/releases/{id}',
      'get /api/v1/releases/{id}/builds',
      'get /api/v1/releases/{id}/history',
      'get /api/v1/releases/{id}/notes',
      'get /api/v1/releases/{id}/status',
      'get /api/v1/tokens',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'post /api/v1/releases',
      'post /api/v1/releases/{id}/actions/{action}',
      'post /api/v1/releases/{id}/builds',
      'post /api/v1/tokens',
    ]);
    const create = body.paths['/api/v1/releases'].post;
    const schema = create.requestBody.content['application/json'].schema;
    expect(schema.required).toEqual(['releaseConfigId', 'platformTargets', 'kickOffDate']);
    expect(schema.properties.kickOffDate).toMatchObject({ type: 'string', format: 'date-time' });
    expect(Object.keys(body.paths['/api/v1/releases/{id}/builds'].post.requestBody.content)).toEqual([
      'application/json',
      'multipart/form-data',
    ]);
  });

  test('has an operation id for each operation, no two alike, and a parameter for each placeholder', async () => {
    await api.start({});
    const { body } = await api.call('GET', '/api/v1/openapi.json', { token: null });
    const ids: string[] = [];
    for (const [path, methods] of Object.entries<
      Record<string, { operationId: string; parameters?: { in: string; name: string }[] }>
    >(body.paths)) {
      for (const { operationId, parameters = [] } of Object.values(methods)) {
        ids.push(operationId);
        const named = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name);
        expect(named).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      }
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});
