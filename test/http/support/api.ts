import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Release } from '../../../src/domain/release.ts';
import type { Deliveries, Engine, Tokens } from '../../../src/engine/index.ts';
import type { HttpApiDeps } from '../../../src/http/index.ts';
import { createHttpApi, DEFAULT_HTTP_LIMITS, limitServer } from '../../../src/http/index.ts';
import type { ApiToken, Delivery, TokenScope } from '../../../src/persistence/types/index.ts';
import { sha256Hex } from '../../../src/shared/crypto.ts';
import { Refusal } from '../../../src/shared/errors.ts';
import { createLogger } from '../../../src/shared/logger.ts';
import { createMetrics } from '../../../src/shared/metrics.ts';
import { NOW } from './releases.ts';

/** An engine that knows only what a test gives it; anything else is called by mistake. */
export function fakeEngine(parts: Partial<Engine>, releases: Release[] = []): Engine {
  const known: Partial<Engine> = {
    tokens: fakeTokens(),
    deliveries: fakeDeliveries(() => NOW.getTime()),
    ...parts,
    queries: unknownFails('queries', {
      release: async (tenantId: string, id: string) => {
        const release = releases.find((candidate) => candidate.id === id && candidate.tenantId === tenantId);
        if (!release) throw new Refusal('NOT_FOUND', 'There is no such release.');
        return release;
      },
      ...parts.queries,
    }),
  };
  return unknownFails<Engine>('engine', known);
}

function unknownFails<T extends object>(what: string, known: Partial<T>): T {
  return new Proxy(known, {
    get(target, name) {
      if (Reflect.has(target, name)) return Reflect.get(target, name) as unknown;
      throw new Error(`${what}.${String(name)} was not expected to be used`);
    },
  }) as T;
}

export const SECRETS = {
  all: 'slw_all',
  read: 'slw_read',
  write: 'slw_write',
  builds: 'slw_builds',
  foreign: 'slw_foreign',
} as const;

function fakeTokens(): Tokens {
  const everything: TokenScope[] = ['releases:read', 'releases:write', 'builds:write'];
  const tokens = [
    makeToken('all', everything),
    makeToken('read', ['releases:read']),
    makeToken('write', ['releases:write']),
    makeToken('builds', ['builds:write']),
    makeToken('foreign', everything, 'T2'),
  ];
  const valid = (tenantId: string) => tokens.filter((token) => token.tenantId === tenantId && !token.revokedAt);
  return {
    async authenticate(secret) {
      return tokens.find((token) => token.hash === sha256Hex(secret) && !token.revokedAt) ?? null;
    },
    async create({ name, scopes }, { tenantId, actor }) {
      if (!actor.roles.includes('ADMIN')) throw new Refusal('FORBIDDEN', 'Only admins.');
      if (valid(tenantId).some((token) => token.name === name)) {
        throw new Refusal('CONFLICT', `There is a token ${name}.`);
      }
      const token = makeToken(name, scopes, tenantId);
      tokens.push(token);
      return { token, secret: `slw_${name}` };
    },
    list: async ({ tenantId }) => tokens.filter((token) => token.tenantId === tenantId),
    async revoke({ name }, { tenantId }) {
      const token = valid(tenantId).find((candidate) => candidate.name === name);
      if (!token) throw new Refusal('NOT_FOUND', `There is no token ${name}.`);
      token.revokedAt = NOW;
    },
  };
}

function makeToken(name: string, scopes: TokenScope[], tenantId = 'T1'): ApiToken {
  return {
    id: `tok_${name}`,
    tenantId,
    name,
    hash: sha256Hex(`slw_${name}`),
    scopes,
    createdBy: 'U01ALICE',
    createdAt: NOW,
    lastUsedAt: null,
    revokedAt: null,
  };
}

/** As the stored ones behave; `nowMs` tells when leases run out. */
export function fakeDeliveries(nowMs: () => number): Deliveries {
  const stored = new Map<string, Delivery>();
  let leases = 0;
  const lease = (leaseMs: number) => ({ token: `lease_${++leases}`, until: new Date(nowMs() + leaseMs) });
  const idOf = ({ tenantId, key }: { tenantId: string; key: string }) => `${tenantId} ${key}`;
  const held = (delivery: Delivery) => {
    const found = stored.get(idOf(delivery));
    return found?.status === 'RECEIVED' && found.lease?.token === delivery.lease?.token ? found : null;
  };
  const save = (delivery: Delivery) => {
    stored.set(idOf(delivery), delivery);
    return structuredClone(delivery);
  };
  return {
    async receive({ tenantId, key, payload }, leaseMs) {
      const known = stored.get(idOf({ tenantId, key }));
      if (known?.status === 'RECEIVED' && known.lease && known.lease.until.getTime() <= nowMs()) {
        return { claimed: true, delivery: save({ ...known, attempts: known.attempts + 1, lease: lease(leaseMs) }) };
      }
      if (known) return { claimed: false, delivery: structuredClone(known) };
      const at = new Date(nowMs());
      const first = { tenantId, key, payload, attempts: 1, lease: lease(leaseMs), createdAt: at, updatedAt: at };
      return { claimed: true, delivery: save({ ...first, status: 'RECEIVED', result: null }) };
    },
    claimAbandoned: async () => null,
    async renew(delivery, leaseMs) {
      const found = held(delivery);
      if (found?.lease) found.lease.until = new Date(nowMs() + leaseMs);
      return found !== null;
    },
    async finish(delivery, status, result) {
      const found = held(delivery);
      // What is kept must survive being written down.
      if (found) save({ ...found, status, result: JSON.parse(JSON.stringify(result)), lease: null });
      return found !== null;
    },
    async handBack(delivery) {
      const found = held(delivery);
      if (found) save({ ...found, lease: lease(0) });
    },
    async forget(delivery) {
      if (held(delivery)) stored.delete(idOf(delivery));
    },
    find: async (tenantId, key) => stored.get(idOf({ tenantId, key })) ?? null,
  };
}

export interface RunningApi {
  url: string;
  server: Server;
  /** every line that was logged */
  log: string[];
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}
export interface CallOptions {
  token?: string | null;
  json?: unknown;
  body?: NonNullable<RequestInit['body']>;
  headers?: Record<string, string>;
}
export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** The API on a real server over loopback. */
export async function startApi(engine: Engine, deps: Partial<HttpApiDeps> = {}): Promise<RunningApi> {
  const log: string[] = [];
  const web = express();
  web.use(
    createHttpApi({
      engine,
      logger: createLogger({ level: 'debug', destination: { write: (line: string) => void log.push(line) } }),
      metrics: createMetrics(),
      maxUploadBytes: 256 * 1024 * 1024,
      readiness: async () => ({ database: { ok: true } }),
      publicUrl: null,
      now: () => NOW,
      ...deps,
    }),
  );
  web.post('/slack/events', (_request, response) => void response.send('bolt'));
  const server = createServer(web);
  limitServer(server, { ...DEFAULT_HTTP_LIMITS, ...deps.limits });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    server,
    log,
    async call(method, path, { token = SECRETS.all, json, body, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: {
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The API for the tests of one file: one at a time, closed by the next start and after each test. */
export function useApi() {
  let running: RunningApi | null = null;
  const started = () => {
    if (!running) throw new Error('the API is not started');
    return running;
  };
  const close = async () => {
    await running?.close();
    running = null;
  };
  afterEach(close);
  return {
    async start(parts: Partial<Engine>, releases: Release[] = [], deps: Partial<HttpApiDeps> = {}): Promise<void> {
      await close();
      running = await startApi(fakeEngine(parts, releases), deps);
    },
    call: (...given: Parameters<RunningApi['call']>) => started().call(...given),
    get url() {
      return started().url;
    },
    get server() {
      return started().server;
    },
    get log() {
      return started().log;
    },
  };
}
