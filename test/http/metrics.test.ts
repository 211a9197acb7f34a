import { type S3StandIn, startS3 } from '../../sandbox/s3/index.ts';
import type { Engine } from '../../src/engine/index.ts';
import { createMetrics } from '../../src/shared/metrics.ts';
import { HOUR_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile } from '../support/build-files.ts';
import { countsOf, samplesOf } from '../support/metrics.ts';
import { RELEASE_CHANNEL } from '../support/outside.ts';
import { createByModal, shareBuild } from '../support/people.ts';
import { fakeEngine, type RunningApi, startApi } from './support/api.ts';

const BACKLOG = {
  outbox: { depth: 3, oldestAgeSeconds: 12.5, parked: 1 },
  releases: { due: 4, late: 2 },
};
const GAUGES = {
  slipway_outbox_depth: 3,
  slipway_outbox_oldest_age_seconds: 12.5,
  slipway_outbox_parked: 1,
  slipway_releases_due: 4,
  slipway_releases_late: 2,
};

describe('/metrics', () => {
  let api: RunningApi;
  afterEach(() => api.close());
  const scrape = async () => {
    const response = await fetch(`${api.url}/metrics`);
    return { response, text: await response.text() };
  };
  const gaugesIn = (text: string) =>
    Object.fromEntries([...samplesOf(text)].filter(([name]) => Object.hasOwn(GAUGES, name)));

  test('answers without a token, as Prometheus reads it, with what waits', async () => {
    api = await startApi(fakeEngine({ backlog: async () => BACKLOG }));
    const { response, text } = await scrape();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(gaugesIn(text)).toEqual(GAUGES);
    expect(text).toContain('# TYPE slipway_advances_total counter');
    expect(samplesOf(text).get('slipway_advances_total{result="failed"}')).toBe(0);
  });

  test.each<[string, () => Promise<never>]>([
    ['fails', async () => Promise.reject(new Error('no database'))],
    ['never answers', () => new Promise<never>(() => undefined)],
  ])('where the database %s what it knows is left out, and all else is told', async (_, dead) => {
    const metrics = createMetrics();
    let backlog: Engine['backlog'] = async () => BACKLOG;
    api = await startApi(fakeEngine({ backlog: () => backlog() }), { metrics, limits: { metricsTimeoutMs: 20 } });
    metrics.advanced('settled');
    expect(gaugesIn((await scrape()).text)).toEqual(GAUGES);
    backlog = dead;
    const { response, text } = await scrape();
    expect(response.status).toBe(200);
    expect(gaugesIn(text)).toEqual({});
    expect(countsOf(text, 'slipway_advances')).toEqual({ 'slipway_advances_total{result="settled"}': 1 });
    backlog = async () => BACKLOG;
    expect(gaugesIn((await scrape()).text)).toEqual(GAUGES);
  });

  test('asks the database once, however many ask at the same time', async () => {
    let asked = 0;
    let answer: (backlog: typeof BACKLOG) => void = () => undefined;
    const answered = new Promise<typeof BACKLOG>((resolve) => {
      answer = resolve;
    });
    const metrics = createMetrics();
    let waiting = 0;
    let allWait: () => void = () => undefined;
    const all = new Promise<void>((resolve) => {
      allWait = resolve;
    });
    api = await startApi(
      fakeEngine({
        backlog: () => {
          asked += 1;
          return answered;
        },
      }),
      { metrics },
    );
    api.server.on('request', () => {
      waiting += 1;
      if (waiting === 5) allWait();
    });
    const scrapes = Array.from({ length: 5 }, scrape);
    await all;
    answer(BACKLOG);
    for (const { text } of await Promise.all(scrapes)) expect(gaugesIn(text)).toEqual(GAUGES);
    expect(asked).toBe(1);
  });

  test('is only read', async () => {
    api = await startApi(fakeEngine({}));
    const { status, headers } = await api.call('POST', '/metrics');
    expect([status, headers.get('allow')]).toEqual([405, 'GET']);
  });
});

describe('the whole bot', () => {
  let world: TestBot;
  let s3: S3StandIn;
  beforeAll(async () => {
    const keys = { accessKeyId: 'AKIAMETRICS', secretAccessKey: 'only-for-tests' };
    s3 = await startS3({ keys });
    // The SDK finds its keys by itself.
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey });
    world = await startTestBot({ env: { ARTIFACTS_S3_BUCKET: s3.bucket, ARTIFACTS_S3_ENDPOINT: s3.endpoint } });
  });
  afterAll(async () => {
    await world.close();
    await s3.close();
  });
  const scrape = async () => (await fetch(`${world.baseUrl}/metrics`)).text();

  test('counts what it did for a release, and names nobody', async () => {
    const kickOff = new Date(world.now().getTime() + HOUR_MS);
    const slots = [new Date(kickOff.getTime() + 24 * HOUR_MS)];
    const release = await createByModal(world.slack, { kickOff, slots });
    await world.settle();
    await (await world.slack.user('alice').slash('/release', 'help', { channel: RELEASE_CHANNEL })).reply();
    const file = await buildFile('apk');
    await shareBuild(world.slack, release, 'alice', file);
    await world.settle();
    await world.skip(HOUR_MS);
    const text = await scrape();
    expect(countsOf(text, 'slipway_uploads')).toEqual({
      'slipway_uploads_total{source="SLACK",platform="ANDROID"}': 1,
    });
    expect(countsOf(text, 'slipway_task_runs')).toMatchObject({
      'slipway_task_runs_total{type="FORK_BRANCH",outcome="done"}': 1,
    });
    const samples = samplesOf(text);
    for (const kind of ['command', 'submission', 'event']) {
      expect(samples.get(`slipway_slack_ack_seconds_count{kind="${kind}"}`)).toBeGreaterThan(0);
    }
    const operations = new Set([...text.matchAll(/provider="SLACK",operation="([^"]+)"/g)].map(([, word]) => word));
    // An address to answer to is a secret, and another one each time; so is that of a file.
    expect([...operations]).toEqual(expect.arrayContaining(['response_url', 'file']));
    for (const operation of operations) expect(operation).toMatch(/^([a-z]+(\.[a-zA-Z]+)+|response_url|file)$/);
    const posted = 'slipway_provider_call_seconds_count{provider="SLACK",operation="chat.postMessage",status="2xx"}';
    expect(samples.get(posted)).toBe(world.slack.calls('chat.postMessage').length);
    expect(
      samples.get('slipway_provider_call_seconds_count{provider="GITHUB",operation="POST",status="2xx"}'),
    ).toBeGreaterThan(0);
    const stored = 'slipway_provider_call_seconds_count{provider="S3",operation="PutObject",status="2xx"}';
    expect(samples.get(stored)).toBe(1);
    expect(samples.get('slipway_outbox_depth')).toBe(0);
    expect(text.match(/\b([TUC]0\w+|(rel|upl|tok|lease|cfg|int)_\w+)/g)).toBeNull();
  });
});
