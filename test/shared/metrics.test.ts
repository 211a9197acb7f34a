import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { measuredFetch } from '../../src/shared/measured-fetch.ts';
import { createMetrics } from '../../src/shared/metrics.ts';
import { countsOf, samplesOf } from '../support/metrics.ts';

test('each bot has its own counts', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.leaseTakenOver();
  expect(countsOf(await one.text(), 'slipway_lease')).toEqual({ slipway_lease_takeovers_total: 1 });
  expect(countsOf(await other.text(), 'slipway_lease')).toEqual({});
});

test('those of the process are there when they are asked for', async () => {
  const names = [...samplesOf(await createMetrics({ ofProcess: true }).text()).keys()];
  expect(names).toEqual(expect.arrayContaining(['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds']));
  expect(await createMetrics().text()).not.toMatch(/^(process|nodejs)_/m);
});

test('the table for operators has each of them with its labels, and no other', async () => {
  const table = /\| metric [\s\S]*?\n\n/.exec(readFileSync('docs/operations.md', 'utf8'))?.[0] ?? '';
  const told = table.split('\n').flatMap((line) => {
    const cell = line.split('|')[1] ?? '';
    const [labels = ''] = /\{[^}]*\}/.exec(cell) ?? [];
    return [...cell.matchAll(/slipway_\w+/g)].map(([name]) => `${name}${labels}`);
  });
  const metrics = createMetrics();
  metrics.taskRan('FORK_BRANCH', 'done');
  metrics.uploaded({ source: 'API', platform: 'IOS', sizeBytes: 1 });
  metrics.slackAcknowledged('event', 1);
  metrics.providerCalled({ provider: 'S3', operation: 'PutObject', status: '2xx' }, 1);
  metrics.doctorFound({ 'late-messages': 0 });
  const text = await metrics.text();
  const kept = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', kind]) => {
    const sample = [...samplesOf(text).keys()].find((key) =>
      key.startsWith(kind === 'histogram' ? `${name}_sum` : name),
    );
    const labels = [...(sample ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label);
    return labels.length > 0 ? `${name}{${labels.join(',')}}` : name;
  });
  expect(told.sort()).toEqual(kept.sort());
});

describe('a measured fetch', () => {
  let server: Server;
  let url: string;
  beforeAll(async () => {
    server = createServer((request, response) => {
      const status = Number(request.url?.slice(1));
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each([
    [200, '2xx'],
    [404, '4xx'],
    [429, '429'],
    [503, '5xx'],
  ])('hands a %d on and counts it as %s', async (status, word) => {
    const metrics = createMetrics();
    const measured = measuredFetch(metrics, 'GITHUB', (_url, method) => method);
    expect((await measured(`${url}/${status}`, { method: 'POST' })).status).toBe(status);
    expect(countsOf(await metrics.text(), 'slipway_provider_call_seconds_count')).toEqual({
      [`slipway_provider_call_seconds_count{provider="GITHUB",operation="POST",status="${word}"}`]: 1,
    });
  });

  test('hands a lost answer on as what it is and counts it', async () => {
    const metrics = createMetrics();
    const measured = measuredFetch(metrics, 'SLACK', ({ pathname }) => pathname);
    await expect(measured(new URL(`${url}/0`))).rejects.toThrow('fetch failed');
    expect(countsOf(await metrics.text(), 'slipway_provider_call_seconds_count')).toEqual({
      'slipway_provider_call_seconds_count{provider="SLACK",operation="/0",status="none"}': 1,
    });
  });
});
