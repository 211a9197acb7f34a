import type { Engine } from '../../src/engine/index.ts';
import { StatusView } from '../../src/http/answers.ts';
import { makeApk, makeIpa } from '../fixtures/build-files.ts';
import { alice, context, engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';
import { type CallOptions, type RunningApi, startApi } from './support/api.ts';

/** The API over the real engine, database and local store: what the faked ones of the other tests stand for. */

let world: World;
let api: RunningApi;
let secret: string;
beforeEach(async () => {
  world = await engineWorld();
  const scopes = ['releases:read', 'releases:write', 'builds:write'] as const;
  ({ secret } = await world.engine.tokens.create({ name: 'ci', scopes: [...scopes] }, alice));
  await serve(world.engine);
});
afterEach(async () => {
  await api.close();
  await world.close();
});
async function serve(engine: Engine): Promise<void> {
  api = await startApi(engine, { now: world.now, limits: { idempotencyLeaseMs: 20_000 } });
}
const call = async (method: string, path: string, options: CallOptions = {}) => {
  const reply = await api.call(method, `/api/v1${path}`, { token: secret, ...options });
  await world.engine.idle();
  return reply;
};
const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS).toISOString();
const body = (values: object = {}) => ({
  releaseConfigId: 'Mobile',
  type: 'PLANNED',
  platformTargets: [
    { platform: 'ANDROID', version: '7.0.0' },
    { platform: 'IOS', version: '6.7.0' },
  ],
  kickOffDate: at(1),
  regressionSlots: [at(5), at(24)],
  ...values,
});
async function create(): Promise<string> {
  const { status, body: answer } = await call('POST', '/releases', { json: body() });
  expect(status).toBe(201);
  return answer.release.id;
}
function form(stage: string, platform: string, fileName: string, content: Uint8Array): FormData {
  const data = new FormData();
  data.set('stage', stage);
  data.set('platform', platform);
  data.set('file', new Blob([content as Uint8Array<ArrayBuffer>]), fileName);
  return data;
}
const apk = (versionName = '7.0.0') => makeApk({ applicationId: 'com.acme.app', versionName, versionCode: 7 });

test('a damaged release is answered for with a sentence, and named in the list', async () => {
  const id = await create();
  const documents = world.persistence.connection.collection<{ _id: string }>('releases');
  await documents.updateOne({ _id: id }, { $set: { status: 'BROKEN', nextWakeAt: world.now() } });
  await world.tick();
  const sentence = expect.stringMatching(/^Release Mobile Android 7\.0\.0 .* is damaged, because .*\(UNKNOWN_STATUS\)/);
  for (const path of [`/releases/${id}`, `/releases/${id}/status`]) {
    expect(await call('GET', path)).toMatchObject({ status: 409, body: { success: false, error: sentence } });
  }
  const pause = await call('POST', `/releases/${id}/actions/PAUSE`, { json: {} });
  expect(pause).toMatchObject({ status: 409, body: { success: false, error: sentence } });
  const { body: page } = await call('GET', '/releases');
  expect(page).toMatchObject({ releases: [], damaged: [{ id, defect: { code: 'UNKNOWN_STATUS' } }] });
});

test('a release is created, started, fed with builds and looked at', async () => {
  const id = await create();
  const upload = await call('POST', `/releases/${id}/builds`, {
    body: form('PRE_REGRESSION', 'ANDROID', 'app.apk', await apk()),
  });
  expect([upload.status, upload.body]).toEqual([
    201,
    { success: true, buildId: expect.stringMatching(/^upl_/), message: 'Build uploaded to staging' },
  ]);
  const started = await call('POST', `/releases/${id}/actions/start`);
  expect([started.status, started.body.status.release.status]).toEqual([200, 'IN_PROGRESS']);
  await world.tick();
  const ipa = await makeIpa({ bundleId: 'com.acme.app', version: '6.7.0', build: '1' });
  expect(
    (await call('POST', `/releases/${id}/builds`, { body: form('PRE_REGRESSION', 'IOS', 'app.ipa', ipa) })).status,
  ).toBe(201);
  await world.tick();

  const status = await call('GET', `/releases/${id}/status`);
  expect(StatusView.parse(status.body)).toMatchObject({
    currentPhase: 'REGRESSION_AWAITING_NEXT_CYCLE',
    stages: { stage1: 'COMPLETED', stage2: 'IN_PROGRESS' },
    regression: { currentCycle: null, nextCycle: { tag: 'RC1' }, progress: { completed: 0, total: 2 } },
  });
  const { body: shown } = await call('GET', `/releases/${id}/builds`);
  expect(
    shown.builds.map((build: { platform: string; buildType: string }) => [build.platform, build.buildType]),
  ).toEqual([
    ['ANDROID', 'MANUAL'],
    ['IOS', 'MANUAL'],
  ]);
  expect(shown.uploads.every((one: { isUsed: boolean }) => one.isUsed)).toBe(true);
  const { body: history } = await call('GET', `/releases/${id}/history?limit=200`);
  const byToken = history.entries.filter((entry: { actor: string }) => entry.actor === 'token:ci');
  expect(byToken.map((entry: { action: string }) => entry.action).sort()).toEqual([
    'BUILD_UPLOADED',
    'BUILD_UPLOADED',
    'RELEASE_CREATED',
    'STAGE_STARTED',
  ]);
  expect((await call('GET', '/releases')).body.releases.map((release: { id: string }) => release.id)).toEqual([id]);
});

test('another tenant’s token neither sees nor moves it', async () => {
  const id = await create();
  const foreign = { ...context('U9'), tenantId: 'T09OTHER' };
  const { secret: other } = await world.engine.tokens.create(
    { name: 'ci', scopes: ['releases:read', 'releases:write', 'builds:write'] },
    foreign,
  );
  const requests: [string, string, CallOptions][] = [
    ['GET', '', {}],
    ['GET', '/status', {}],
    ['GET', '/builds', {}],
    ['GET', '/history', {}],
    ['POST', '/actions/START', {}],
    ['POST', '/builds', { body: form('PRE_REGRESSION', 'ANDROID', 'app.apk', await apk()) }],
  ];
  for (const [method, path, options] of requests) {
    const answers = [];
    for (const wanted of [id, 'rel_0000000000000000']) {
      const { status, body: answer } = await call(method, `/releases/${wanted}${path}`, { ...options, token: other });
      answers.push([status, JSON.stringify(answer).replaceAll(wanted, 'ID')]);
    }
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(404);
  }
});

test.each<[string, object, number, string]>([
  [
    'a version that is none',
    { platformTargets: [{ platform: 'IOS', version: 'v7' }] },
    422,
    'platformTargets.0.version',
  ],
  ['slots out of order', { regressionSlots: ['2026-12-05T10:00:00Z', '2026-12-04T10:00:00Z'] }, 422, 'regressionSlots'],
  ['a kick-off in the past', { kickOffDate: '2026-01-01T10:00:00Z' }, 422, 'kickOffDate'],
  ['an unknown configuration', { releaseConfigId: 'Desktop' }, 422, 'releaseConfigId'],
])('%s is refused by name', async (_, values, expected, field) => {
  const { status, body: answer } = await call('POST', '/releases', { json: body(values) });
  expect([status, Object.keys(answer.fields)]).toEqual([expected, [field]]);
});

test('a version that is under way is 409', async () => {
  await create();
  expect((await call('POST', '/releases', { json: body() })).status).toBe(409);
});

describe('a build', () => {
  test.each<[string, () => Promise<FormData>, number]>([
    ['of another version', async () => form('PRE_REGRESSION', 'ANDROID', 'app.apk', await apk('6.9.1')), 422],
    ['that is renamed text', async () => form('PRE_REGRESSION', 'ANDROID', 'app.apk', Buffer.from('hello')), 415],
    ['that is empty', async () => form('PRE_REGRESSION', 'ANDROID', 'app.apk', Buffer.alloc(0)), 422],
    ['of another platform', async () => form('PRE_REGRESSION', 'IOS', 'app.apk', await apk()), 415],
    ['with a path in its name', async () => form('PRE_REGRESSION', 'ANDROID', '../app.apk', await apk()), 422],
    ['that is too big', async () => form('PRE_REGRESSION', 'ANDROID', 'app.apk', Buffer.alloc(11_000_000)), 413],
    ['out of its window', async () => form('PRE_RELEASE', 'IOS', 'app.ipa', Buffer.from('x')), 409],
  ])('%s is refused and nothing is kept', async (_, make, expected) => {
    const id = await create();
    const { status, body: answer } = await call('POST', `/releases/${id}/builds`, { body: await make() });
    expect([status, answer.success]).toEqual([expected, false]);
    if (expected === 409) {
      expect(answer).toEqual({
        success: false,
        error: 'Upload window closed for this stage/cycle',
        detail: expect.any(String),
      });
    }
    expect(await world.engine.queries.uploads('T01TEST', id)).toEqual([]);
  });

  test('followed by a field is refused and nothing is kept', async () => {
    const id = await create();
    const data = form('PRE_REGRESSION', 'ANDROID', 'app.apk', Buffer.alloc(3_000_000, 1));
    data.set('note', 'too late');
    expect((await call('POST', `/releases/${id}/builds`, { body: data })).status).toBe(400);
    expect(await world.engine.queries.uploads('T01TEST', id)).toEqual([]);
  });
});

describe('a request repeated after a crash between doing and answering', () => {
  const headers = { 'Idempotency-Key': 'once' };
  /** Sends it to a process that does it and dies over the answer, then to one that lives. */
  async function twice(method: string, path: string, options: CallOptions) {
    const { deliveries } = world.engine;
    const dying = { ...deliveries, finish: async () => false, forget: async () => undefined };
    await api.close();
    await serve(
      new Proxy(world.engine, { get: (target, name) => (name === 'deliveries' ? dying : Reflect.get(target, name)) }),
    );
    const first = await call(method, path, { ...options, headers });
    await api.close();
    world.setNow(new Date(world.now().getTime() + 60_000));
    await serve(world.engine);
    return [first, await call(method, path, { ...options, headers })] as const;
  }

  test('creates one release', async () => {
    const [first, second] = await twice('POST', '/releases', { json: body() });
    expect([first.status, second.status, second.body.release.id]).toEqual([201, 201, first.body.release.id]);
    expect((await call('GET', '/releases?all=true')).body.releases).toHaveLength(1);
  });

  test('stages one upload', async () => {
    const id = await create();
    const content = await apk();
    const options = () => ({ body: form('PRE_REGRESSION', 'ANDROID', 'app.apk', content) });
    const [first, second] = await twice('POST', `/releases/${id}/builds`, options());
    expect([first.status, second.status, second.body.buildId]).toEqual([201, 201, first.body.buildId]);
    expect(await world.engine.queries.uploads('T01TEST', id)).toHaveLength(1);
  });

  test.each<[action: string, before: string[], json: () => object]>([
    ['START', [], () => ({})],
    ['PAUSE', ['START'], () => ({})],
    ['RESUME', ['START', 'PAUSE'], () => ({})],
    ['ARCHIVE', ['START', 'PAUSE'], () => ({})],
    ['SLOT_ADD', [], () => ({ at: at(30) })],
    ['SLOT_MOVE', [], () => ({ slot: 2, at: at(31) })],
    ['SLOT_REMOVE', [], () => ({ slot: 2 })],
  ])('does %s once and answers as if nothing had happened', async (action, before, json) => {
    const id = await create();
    for (const earlier of before) expect((await call('POST', `/releases/${id}/actions/${earlier}`)).status).toBe(200);
    const [first, second] = await twice('POST', `/releases/${id}/actions/${action}`, { json: json() });
    expect([first.status, second.status]).toEqual([200, 200]);
    const { body: history } = await call('GET', `/releases/${id}/history?limit=200`);
    const since = history.entries.filter((entry: { actor: string }) => entry.actor === 'token:ci');
    expect(since).toHaveLength(before.length + 2); // the creation and the action itself
  });
});
