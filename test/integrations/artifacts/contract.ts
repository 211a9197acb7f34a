import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ArtifactStore } from '../../../src/integrations/artifacts/port.ts';
import { InvariantError, PermanentError, Refusal } from '../../../src/shared/errors.ts';

/** A provider of the `ArtifactStore` port with real storage behind it. */
export interface StoreHarness {
  store: ArtifactStore;
  /** everything that is kept, finished or not: a name per file, object or unfinished upload */
  contents(): Promise<string[]>;
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Bytes of which no two blocks are alike, so that a part in the wrong place is seen. */
export function sampleBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 2654435761) >>> 0, at);
  return bytes;
}

/** In pieces of 64 KiB, as the network brings them; `then` runs before the end. */
export function streamOf(bytes: Buffer, then?: () => void): Readable {
  return Readable.from(
    (function* pieces() {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
      then?.();
    })(),
  );
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function failureOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error,
  );
}

/** What every artifact store promises (Spec 8.3): whole or not at all, the right hash, ranges, no path that leads elsewhere. */
export function describeStore(name: string, start: () => Promise<StoreHarness>): void {
  describe(`${name} as artifact store`, () => {
    const big = sampleBytes(13 * MIB + 5);
    const path = 'releases/r1/u1/app.ipa';
    const maxBytes = 64 * MIB;
    let at: StoreHarness;
    let store: ArtifactStore;
    beforeEach(async () => {
      at = await start();
      store = at.store;
    });
    afterEach(() => at.close());

    test.each([
      ['a small file', 1000],
      ['a file of exactly one part', 5 * MIB],
      ['a file of several parts', big.length],
    ])('%s comes back as it went, with its size and SHA-256', async (_, size) => {
      const bytes = big.subarray(0, size);
      const progress: number[] = [];
      const written = await store.write(path, streamOf(bytes), { maxBytes, onProgress: (now) => progress.push(now) });
      expect(written).toEqual({ path, sizeBytes: size, sha256: sha256(bytes) });
      expect(progress.at(-1)).toBe(size);
      expect([...progress].sort((a, b) => a - b)).toEqual(progress);
      expect(await store.head(path)).toEqual({ sizeBytes: size });
      expect((await buffer(await store.read(path))).equals(bytes)).toBe(true);
      expect(await at.contents()).toEqual([path]);
    });

    test('an empty file is kept as what it is', async () => {
      const written = await store.write(path, Readable.from([]), { maxBytes });
      expect(written).toEqual({ path, sizeBytes: 0, sha256: EMPTY_SHA256 });
      expect(await store.head(path)).toEqual({ sizeBytes: 0 });
    });

    test.each([
      ['the first byte', 0, 0],
      ['across the border of two parts', 5 * MIB - 3, 5 * MIB + 3],
      ['to beyond the end', big.length - 4, big.length + 1000],
    ])('a range: %s', async (_, from, endInclusive) => {
      await store.write(path, streamOf(big), { maxBytes });
      const found = await buffer(await store.read(path, { start: from, endInclusive }));
      expect(found.equals(big.subarray(from, endInclusive + 1))).toBe(true);
    });

    test('a range that begins after the end is refused', async () => {
      await store.write(path, Readable.from(['abc']), { maxBytes });
      const error = await failureOf(store.read(path, { start: 3, endInclusive: 5 }));
      expect(error).toBeInstanceOf(PermanentError);
      expect(error).toMatchObject({ fault: { operation: 'read', status: 416 } });
    });

    test('a name in any script is kept', async () => {
      const odd = "releases/r1/u1/приложение (1) +'&= 100%.ipa";
      await store.write(odd, Readable.from(['abc']), { maxBytes });
      expect((await buffer(await store.read(odd))).toString()).toBe('abc');
    });

    test('writing again replaces', async () => {
      await store.write(path, Readable.from(['first']), { maxBytes });
      await store.write(path, Readable.from(['second']), { maxBytes });
      expect((await buffer(await store.read(path))).toString()).toBe('second');
      expect(await at.contents()).toEqual([path]);
    });

    test.each([
      ['of one part', 1000],
      ['of several parts', 12 * MIB],
    ])('a file %s may have exactly the largest size, and not one byte more', async (_, limit) => {
      await store.write(path, streamOf(big.subarray(0, limit)), { maxBytes: limit });
      const error = await failureOf(store.write('other', streamOf(big.subarray(0, limit + 1)), { maxBytes: limit }));
      expect(error).toBeInstanceOf(Refusal);
      expect(error).toMatchObject({ code: 'TOO_LARGE' });
      expect(await at.contents()).toEqual([path]);
    });

    test.each([
      ['early', 1000],
      ['after two parts', 12 * MIB],
    ])('a source that breaks %s leaves nothing, and its own error comes out', async (_, size) => {
      const broken = new Error('the sender went away');
      const source = streamOf(big.subarray(0, size), () => {
        throw broken;
      });
      expect(await failureOf(store.write(path, source, { maxBytes }))).toBe(broken);
      expect(await at.contents()).toEqual([]);
      expect(await store.head(path)).toBeNull();
    });

    test.each([
      ['early', 1000],
      ['after two parts', 12 * MIB],
    ])('stopped %s by the caller it leaves nothing', async (_, size) => {
      const stop = new AbortController();
      const source = streamOf(big.subarray(0, size), () => stop.abort());
      expect(await failureOf(store.write(path, source, { maxBytes, signal: stop.signal }))).toMatchObject({
        name: 'AbortError',
      });
      expect(source.destroyed).toBe(true);
      expect(await at.contents()).toEqual([]);
    });

    test('stopped before it begins', async () => {
      const source = Readable.from(['abc']);
      const asked = store.write(path, source, { maxBytes, signal: AbortSignal.abort() });
      expect(await failureOf(asked)).toMatchObject({ name: 'AbortError' });
      expect(await at.contents()).toEqual([]);
    });

    test('a write that fails keeps what was there before', async () => {
      await store.write(path, Readable.from(['first']), { maxBytes });
      const source = streamOf(big.subarray(0, 12 * MIB), () => {
        throw new Error('broken');
      });
      await failureOf(store.write(path, source, { maxBytes }));
      expect((await buffer(await store.read(path))).toString()).toBe('first');
    });

    test('what is deleted is gone, and may be deleted again', async () => {
      await store.write(path, Readable.from(['abc']), { maxBytes });
      await store.write('releases/r1/u2/app.ipa', Readable.from(['abc']), { maxBytes });
      await store.delete(path);
      await store.delete(path);
      expect(await store.head(path)).toBeNull();
      expect(await at.contents()).toEqual(['releases/r1/u2/app.ipa']);
    });

    test('reading what is not there', async () => {
      for (const missing of [path, 'releases']) {
        const error = await failureOf(store.read(missing));
        expect(error).toBeInstanceOf(PermanentError);
        expect(error).toMatchObject({ fault: { status: 404 } });
        expect(await store.head(missing)).toBeNull();
      }
    });

    test.each([
      '',
      '/etc/passwd',
      '../x',
      'a/../../x',
      'a/./b',
      'a//b',
      'a/',
      'a\\b',
      'a/\u0000',
      'a/\n',
      'x'.repeat(256),
      'ab/'.repeat(400),
    ])('the path %j is refused by every operation', async (bad) => {
      for (const asked of [
        store.write(bad, Readable.from(['abc']), { maxBytes }),
        store.read(bad),
        store.head(bad),
        store.delete(bad),
      ]) {
        expect(await failureOf(asked)).toBeInstanceOf(InvariantError);
      }
      expect(await at.contents()).toEqual([]);
    });

    test('verify leaves nothing', async () => {
      expect((await store.verify()).detail).not.toBe('');
      expect(await at.contents()).toEqual([]);
    });

    test('several writes at once do not mix', async () => {
      const sizes = [1000, 6 * MIB, 7 * MIB, 2000];
      const written = await Promise.all(
        sizes.map((size, index) =>
          store.write(`r/${index}/f`, streamOf(big.subarray(index, index + size)), { maxBytes }),
        ),
      );
      expect(written.map((one) => one.sha256)).toEqual(
        sizes.map((size, index) => sha256(big.subarray(index, index + size))),
      );
    });
  });
}
