import { Readable } from 'node:stream';
import { findTask } from '../../src/domain/tasks.ts';
import type { Engine } from '../../src/engine/index.ts';
import { makeApk } from '../fixtures/build-files.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

const recorded = (id: string) => world.persistence.repositories.uploads.listByRelease(TENANT, id);
const actions = async (id: string) =>
  (await world.persistence.repositories.audit.list(TENANT, id, { limit: 500 })).map((entry) => entry.action);

async function sendFile(engine: Engine, releaseId: string) {
  const content = await makeApk({ applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 1 });
  return engine.submitUpload(
    {
      releaseId,
      stage: null,
      platform: null,
      fileName: 'app.apk',
      sizeBytes: content.length,
      source: 'SLACK',
      dedupeKey: 'slack-file:F1',
      openBytes: async () => Readable.from([content]),
    },
    alice,
  );
}

test('a record whose answer was lost keeps its bytes, and the file that is taken up again counts', async () => {
  const { id } = await world.create();
  const { uploads } = world.persistence.repositories;
  const insert = uploads.insert;
  uploads.insert = async (upload) => {
    await insert(upload);
    uploads.insert = insert;
    throw Object.assign(new Error('connection reset'), { name: 'MongoNetworkError' });
  };
  await sendFile(world.engine, id).catch(() => undefined);
  const receipt = await sendFile(world.engine, id);
  await world.tick();
  expect((await world.release(id)).stagedUploads.map((staged) => staged.uploadId)).toEqual([receipt.uploadId]);
  const [upload] = await recorded(id);
  expect(await world.deps.artifacts.head(upload?.artifactPath ?? '')).not.toBeNull();
});

test('one file that two instances take at the same moment is one upload with its bytes, recorded once', async () => {
  const { id } = await world.create();
  const results = await Promise.all([sendFile(world.engine, id), sendFile(world.second(), id)]);
  expect(new Set(results.map((receipt) => receipt.uploadId)).size).toBe(1);
  await world.tick();
  const all = await recorded(id);
  expect(all).toEqual([expect.objectContaining({ supersededBy: null, isUsed: false })]);
  expect(await world.deps.artifacts.head(all[0]?.artifactPath ?? '')).not.toBeNull();
  expect((await actions(id)).filter((action) => action === 'BUILD_UPLOADED')).toHaveLength(1);
});

test('an instance that slept while another took its file, and the release used it, leaves the build alone', async () => {
  const { id } = await world.create();
  await world.upload(id, 'IOS');
  const { uploads } = world.persistence.repositories;
  const find = uploads.find;
  let slept = false;
  // Between looking for an earlier record and staging it, another instance stages it and the kick-off uses it.
  uploads.find = async (tenantId, uploadId) => {
    const known = await find(tenantId, uploadId);
    if (slept || !known) return known;
    slept = true;
    const other = world.second();
    await sendFile(other, id);
    world.setNow(new Date(world.now().getTime() + HOUR_MS));
    await other.advance(id);
    return known;
  };
  const insert = uploads.insert;
  uploads.insert = async (upload) => {
    await insert(upload);
    uploads.insert = insert;
    throw Object.assign(new Error('connection reset'), { name: 'MongoNetworkError' });
  };
  const receipt = await sendFile(world.engine, id).catch(() => sendFile(world.engine, id));
  const used = (await recorded(id)).find((upload) => upload.id === receipt.uploadId);
  expect(used).toMatchObject({ isUsed: true });
  expect(await world.deps.artifacts.head(used?.artifactPath ?? '')).not.toBeNull();
  expect(findTask(await world.release(id), `${id}.s1.TRIGGER_PRE_REGRESSION_BUILDS`)?.status).toBe('COMPLETED');
});

test('a build that was claimed by a task which never ran goes to retention when the release is archived', async () => {
  const { id } = await world.create();
  const { releases } = world.persistence.repositories;
  await world.upload(id, 'ANDROID');
  await world.upload(id, 'IOS');
  const save = releases.save;
  releases.save = async (change, now, lease) => {
    const saved = await save(change, now, lease);
    if (change.audit.some((entry) => entry.action === 'BUILDS_CLAIMED')) {
      releases.save = save;
      await world.second().archiveRelease({ releaseId: id, reason: 'stop' }, alice);
    }
    return saved;
  };
  await world.tick(HOUR_MS);
  expect((await recorded(id)).map((upload) => upload.isUsed)).toEqual([false, false]);
  world.setNow(new Date(world.now().getTime() + 15 * 24 * HOUR_MS));
  expect(await world.engine.applyRetention()).toBe(2);
});

test('a file that cannot be deleted does not keep the others from retention', async () => {
  const { id } = await world.create();
  await sendFile(world.engine, id);
  for (let index = 0; index < 2; index += 1) await world.upload(id, 'IOS');
  await world.engine.archiveRelease({ releaseId: id, reason: null }, alice);
  const [stuck] = await recorded(id);
  const remove = world.deps.artifacts.delete;
  world.deps.artifacts.delete = async (path) => {
    if (path === stuck?.artifactPath) throw new Error('the store says no');
    await remove(path);
  };
  world.setNow(new Date(world.now().getTime() + 15 * 24 * HOUR_MS));
  expect(await world.engine.applyRetention()).toBe(2);
  world.deps.artifacts.delete = remove;
  expect(await world.engine.applyRetention()).toBe(1);
});
