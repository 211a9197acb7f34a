import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { startS3 } from '../../../sandbox/s3/index.ts';
import { createArtifactStore } from '../../../src/integrations/artifacts/index.ts';
import type { ArtifactStore } from '../../../src/integrations/artifacts/port.ts';
import { stoppable } from '../../../src/integrations/artifacts/stoppable.ts';
import { TransientError } from '../../../src/shared/errors.ts';

const MAX = { maxBytes: 64 * 1024 * 1024 };

/** Resolves when the store has taken that much and waits for more. */
function begin(store: ArtifactStore, path: string, sizeBytes: number) {
  const source = new PassThrough();
  const progress = new Promise<void>((resolve) => {
    const writing = store.write(path, source, { ...MAX, onProgress: (bytes) => bytes >= sizeBytes && resolve() });
    ended = writing.then(
      () => null,
      (error: unknown) => error,
    );
  });
  source.write(Buffer.alloc(sizeBytes));
  return { source, progress, ended };
}
let ended: Promise<unknown>;

test('a stop breaks off what is being written to a directory, and nothing half-written is left', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'slipway-stop-'));
  try {
    const store = stoppable(createArtifactStore({ kind: 'LOCAL', directory }));
    await store.write('T1/whole.apk', Readable.from([Buffer.from('abc')]), MAX);
    const { progress, ended: fault, source } = begin(store, 'T1/half.apk', 1024 * 1024);
    await progress;
    await store.stop(5_000);
    expect(await fault).toBeInstanceOf(TransientError);
    expect(source.destroyed).toBe(true);
    expect(await readdir(join(directory, '.unfinished'))).toEqual([]);
    expect(await readdir(join(directory, 'T1'))).toEqual(['whole.apk']);

    const late = Readable.from([Buffer.from('abc')]);
    await expect(store.write('T1/late.apk', late, MAX)).rejects.toBeInstanceOf(TransientError);
    expect(late.destroyed).toBe(true);
    await store.stop(5_000);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('a stop gives up the parts that are in the bucket already', async () => {
  const keys = { accessKeyId: 'AKIASANDBOX', secretAccessKey: 'sandbox-secret' };
  const s3 = await startS3({ keys });
  try {
    const store = stoppable(
      createArtifactStore({
        kind: 'S3',
        bucket: s3.bucket,
        region: 'us-east-1',
        endpoint: s3.endpoint,
        serverSideEncryption: false,
        credentials: keys,
        prefix: '',
      }),
    );
    const { progress, ended: fault } = begin(store, 'T1/half.apk', 12 * 1024 * 1024);
    await progress;
    await store.stop(10_000);
    expect(await fault).toBeInstanceOf(TransientError);
    expect([s3.keys(), s3.pendingUploads()]).toEqual([[], 0]);
  } finally {
    await s3.close();
  }
});

test('a store that does not come back holds a stop up no longer than it is told', async () => {
  const never = new Promise<never>(() => undefined);
  const store = stoppable({ ...createArtifactStore({ kind: 'LOCAL', directory: '.' }), write: () => never });
  void store.write('T1/a.apk', Readable.from([]), MAX).catch(() => undefined);
  await expect(store.stop(10)).resolves.toBeUndefined();
});
