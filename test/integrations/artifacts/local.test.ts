import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { createArtifactStore } from '../../../src/integrations/artifacts/index.ts';
import { InvariantError, PermanentError } from '../../../src/shared/errors.ts';
import { describeStore } from './contract.ts';

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

describeStore('a directory', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'artifacts-'));
  return {
    store: createArtifactStore({ kind: 'LOCAL', directory }),
    contents: () => filesBelow(directory),
    close: () => rm(directory, { recursive: true }),
  };
});

describe('the local store', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'artifacts-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('is made on first use, also deep down', async () => {
    const store = createArtifactStore({ kind: 'LOCAL', directory: join(directory, 'data', 'artifacts') });
    expect(await store.head('a')).toBeNull();
    await store.write('a', Readable.from(['abc']), { maxBytes: 3 });
    expect(await store.head('a')).toEqual({ sizeBytes: 3 });
  });

  test('what a killed process left half-written goes after a day, what is being written stays', async () => {
    const unfinished = join(directory, '.unfinished');
    await mkdir(unfinished);
    await writeFile(join(unfinished, 'old'), 'x');
    await writeFile(join(unfinished, 'young'), 'x');
    const twoDaysAgo = new Date(Date.now() - 2 * 86_400_000);
    await utimes(join(unfinished, 'old'), twoDaysAgo, twoDaysAgo);
    await createArtifactStore({ kind: 'LOCAL', directory }).verify();
    expect(await readdir(unfinished)).toEqual(['young']);
  });

  test('half-written files cannot be read as builds', async () => {
    const store = createArtifactStore({ kind: 'LOCAL', directory });
    await expect(store.head('.unfinished/x')).rejects.toBeInstanceOf(InvariantError);
  });

  test('empty folders go with the last file, others stay', async () => {
    const store = createArtifactStore({ kind: 'LOCAL', directory });
    for (const path of ['r/1/a', 'r/2/a']) await store.write(path, Readable.from(['x']), { maxBytes: 1 });
    await store.delete('r/1/a');
    expect(await readdir(join(directory, 'r'))).toEqual(['2']);
  });

  test('a directory that cannot be one is said in words', async () => {
    await writeFile(join(directory, 'file'), 'x');
    const store = createArtifactStore({ kind: 'LOCAL', directory: join(directory, 'file', 'artifacts') });
    await expect(store.verify()).rejects.toBeInstanceOf(PermanentError);
    await expect(store.write('a', Readable.from(['x']), { maxBytes: 1 })).rejects.toThrow('leads through a file');
  });

  test('has no links', async () => {
    const store = createArtifactStore({ kind: 'LOCAL', directory });
    expect(await store.signedLink('a', { fileName: 'a', expiresInSeconds: 60 })).toBeNull();
  });
});
