import { Readable } from 'node:stream';
import { findTask } from '../../src/domain/tasks.ts';
import { makeAab, makeApk } from '../fixtures/build-files.ts';
import { alice, context, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

interface Given {
  fileName?: string;
  content?: Buffer;
  sizeBytes?: number | null;
  stage?: 'PRE_REGRESSION' | 'REGRESSION' | 'PRE_RELEASE' | null;
  platform?: 'ANDROID' | 'IOS' | null;
}
let opened = 0;
async function send(releaseId: string, given: Given, who = alice) {
  const content =
    given.content ?? (await makeApk({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 1 }));
  return world.engine.submitUpload(
    {
      releaseId,
      stage: given.stage ?? null,
      platform: given.platform ?? null,
      fileName: given.fileName ?? 'app.apk',
      sizeBytes: given.sizeBytes === undefined ? content.length : given.sizeBytes,
      source: 'API',
      dedupeKey: null,
      openBytes: async () => {
        opened += 1;
        return Readable.from([content]);
      },
    },
    who,
  );
}
const recorded = (id: string) => world.persistence.repositories.uploads.listByRelease(TENANT, id);

test('an accepted upload is staged with its version, size and SHA-256', async () => {
  const { id } = await world.create();
  const receipt = await send(id, {});
  expect(receipt).toMatchObject({
    stage: 'PRE_REGRESSION',
    platform: 'ANDROID',
    version: '7.0.0',
    replacedFileName: null,
  });
  expect(await recorded(id)).toEqual([
    expect.objectContaining({ id: receipt.uploadId, isUsed: false, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
  ]);
});

test('a link to a stored build lives for a quarter of an hour, under the name of the file', async () => {
  const { id } = await world.create();
  await send(id, { fileName: 'app.apk' });
  const asked: unknown[] = [];
  world.deps.artifacts.signedLink = async (...given) => {
    asked.push(given);
    return 'https://store.test/signed';
  };
  const [upload] = await recorded(id);
  const path = upload?.artifactPath ?? '';
  expect(await world.engine.queries.artifactLink(path, 'app.apk')).toBe('https://store.test/signed');
  expect(asked).toEqual([[path, { fileName: 'app.apk', expiresInSeconds: 900 }]]);
});

test('a second upload replaces the first, which goes to retention', async () => {
  const { id } = await world.create();
  const first = await send(id, { fileName: 'old.apk' });
  const second = await send(id, { fileName: 'new.apk' });
  expect(second.replacedFileName).toBe('old.apk');
  expect((await recorded(id)).find((upload) => upload.id === first.uploadId)?.supersededBy).toBe(second.uploadId);
  world.setNow(new Date(world.now().getTime() + 14 * 24 * HOUR_MS));
  expect(await world.engine.applyRetention()).toBe(0);
  world.setNow(new Date(world.now().getTime() + 1));
  expect(await world.engine.applyRetention()).toBe(1);
  const keptOf = async (receipt: typeof first) =>
    (await recorded(id)).find((upload) => upload.id === receipt.uploadId)?.deletedAt === null;
  // The second is as old and as unused, but the release still waits to take it.
  expect([await keptOf(first), await keptOf(second)]).toEqual([false, true]);
});

test.each([
  ['a file that is no build', { fileName: 'notes.txt' }, 'UNSUPPORTED_FILE', /expected \.apk or \.aab/],
  ['a path in the name', { fileName: '../app.apk' }, 'INVALID_INPUT', /./],
  ['an empty file by its size', { sizeBytes: 0 }, 'INVALID_BUILD', /empty/],
  ['a file that says it is too large', { sizeBytes: 10_000_001 }, 'TOO_LARGE', /10000001/],
  ['an .ipa for ANDROID', { fileName: 'app.ipa', platform: 'ANDROID' as const }, 'UNSUPPORTED_FILE', /ANDROID/],
  [
    'a closed window',
    { stage: 'REGRESSION' as const },
    'WINDOW_CLOSED',
    /^Upload window closed for this stage\/cycle\. .*opens when the kick-off/,
  ],
])('%s is refused before a byte is read', async (_what, given, code, message) => {
  const { id } = await world.create();
  opened = 0;
  await expect(send(id, given)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(opened).toBe(0);
  expect(await recorded(id)).toEqual([]);
});

test.each([
  ['renamed text', async () => Buffer.from('hello, I am no zip'), 'UNSUPPORTED_FILE', /./],
  ['nothing at all', async () => Buffer.alloc(0), 'INVALID_BUILD', /empty/],
  ['a file that grows past the limit', async () => Buffer.alloc(10_000_001), 'TOO_LARGE', /./],
  [
    'another version',
    () => makeApk({ applicationId: 'com.acme.app', versionName: '6.9.1', versionCode: 1 }),
    'INVALID_BUILD',
    /^This build is 6\.9\.1, the release is 7\.0\.0$/,
  ],
])('%s is refused after reading and nothing is kept', async (_what, content, code, message) => {
  const { id } = await world.create();
  const writes: string[] = [];
  const write = world.deps.artifacts.write;
  world.deps.artifacts.write = (path, ...rest) => {
    writes.push(path);
    return write(path, ...rest);
  };
  const upload = send(id, { content: await content(), sizeBytes: null });
  await expect(upload).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  expect(await recorded(id)).toEqual([]);
  for (const path of writes) expect(await world.deps.artifacts.head(path)).toBeNull();
});

test('an upload that lost the race against the closing of its window is deleted', async () => {
  const { id } = await world.create();
  const write = world.deps.artifacts.write;
  const written: string[] = [];
  world.deps.artifacts.write = async (path, ...rest) => {
    const stored = await write(path, ...rest);
    written.push(path);
    await world.second().archiveRelease({ releaseId: id, reason: 'stop' }, alice);
    return stored;
  };
  await expect(send(id, {})).rejects.toMatchObject({ code: 'WINDOW_CLOSED' });
  expect(await recorded(id)).toEqual([]);
  expect(await world.deps.artifacts.head(written[0] ?? '')).toBeNull();
});

test('pre-release takes an .aab, an .apk is refused with the reason', async () => {
  const { id } = await world.create();
  await expect(send(id, { stage: 'PRE_RELEASE' })).rejects.toMatchObject({
    code: 'INVALID_BUILD',
    message: expect.stringContaining('.aab'),
  });
  const bundle = await makeAab({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 1 });
  await expect(send(id, { stage: 'PRE_RELEASE', fileName: 'app.aab', content: bundle })).rejects.toMatchObject({
    code: 'WINDOW_CLOSED',
  });
});

test('the same bytes used before are accepted with a warning', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  const again = await world.upload(id, 'ANDROID');
  expect(again.warning).toMatch(/already used/);
});

test('an upload takes a role, also for who may look', async () => {
  const { id } = await world.create();
  await expect(send(id, {}, context('U99', ['VIEWER']))).rejects.toMatchObject({
    code: 'FORBIDDEN',
    message: expect.stringContaining('UPLOADER'),
  });
});

test('a build that arrives while the release is paused waits and is taken on resume', async () => {
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.tick(HOUR_MS);
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  await world.upload(id, 'IOS');
  const task = async () => findTask(await world.release(id), `${id}.s1.TRIGGER_PRE_REGRESSION_BUILDS`);
  expect(await task()).toMatchObject({ status: 'AWAITING_MANUAL_BUILD' });
  await world.engine.resumeRelease({ releaseId: id }, alice);
  expect(await task()).toMatchObject({ status: 'COMPLETED' });
});

test('the builds of an ended release are kept as long as its configuration says', async () => {
  await world.saveConfig({ artifactRetentionDays: 30 });
  const { id } = await world.create();
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  await world.tick(HOUR_MS);
  await world.engine.archiveRelease({ releaseId: id, reason: null }, alice);
  const kept = async () =>
    (await Promise.all((await recorded(id)).map((upload) => world.deps.artifacts.head(upload.artifactPath)))).filter(
      Boolean,
    );
  const days = (count: number) => world.setNow(new Date(world.now().getTime() + count * 24 * HOUR_MS));
  days(30);
  await world.engine.applyRetention();
  expect(await kept()).toHaveLength(2);
  days(1);
  expect(await world.engine.applyRetention()).toBe(2);
  expect(await kept()).toHaveLength(0);
  expect(await world.engine.applyRetention()).toBe(0);
});
