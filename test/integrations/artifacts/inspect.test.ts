import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';
import { parseBuffer } from 'bplist-parser';
import fc from 'fast-check';
import { build, buildBinary, parse } from 'plist';
import { encodeBinaryManifest } from '../../../sandbox/build-files/axml.ts';
import type { BuildFileInfo } from '../../../src/integrations/artifacts/build-file.ts';
import { readAabManifest } from '../../../src/integrations/artifacts/inspect/aab-manifest.ts';
import { readApkManifest } from '../../../src/integrations/artifacts/inspect/apk-manifest.ts';
import { textsOfBinaryPlist } from '../../../src/integrations/artifacts/inspect/binary-plist.ts';
import { inspectBuildFile } from '../../../src/integrations/artifacts/inspect/index.ts';
import { textsOfXmlPlist } from '../../../src/integrations/artifacts/inspect/xml-plist.ts';
import { createLocalStore } from '../../../src/integrations/artifacts/local.ts';
import type { ArtifactStore } from '../../../src/integrations/artifacts/port.ts';
import { Refusal, TransientError } from '../../../src/shared/errors.ts';
import { makeAab, makeApk, makeIpa, zipOf } from '../../fixtures/build-files.ts';

const ANDROID = { applicationId: 'com.acme.app', versionName: '7.0.0', versionCode: 700 };
const IOS = { bundleId: 'com.acme.app', version: '7.0.0', build: '7.0.0.42' };
const CENTRAL = 0x02014b50;

let directory: string;
let store: ArtifactStore;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inspect-'));
  store = createLocalStore({ directory });
});
afterAll(() => rm(directory, { recursive: true }));

async function inspect(fileName: string, bytes: Buffer, from: ArtifactStore = store): Promise<BuildFileInfo> {
  const path = `u/${fileName}`;
  const { sizeBytes } = await store.write(path, Readable.from([bytes]), { maxBytes: 1e9 });
  return inspectBuildFile({ store: from, path, fileName, webArchiveEndings: ['.zip'], sizeBytes });
}

/** Places of the central directory's headers, in order. */
function centralHeaders(zip: Buffer): number[] {
  const found: number[] = [];
  let at = zip.readUInt32LE(zip.length - 22 + 16);
  while (zip.readUInt32LE(at) === CENTRAL) {
    found.push(at);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return found;
}

/** A copy with the central header of the file at `index` changed. */
function bent(zip: Buffer, index: number, change: (header: Buffer) => void): Buffer {
  const copy = Buffer.from(zip);
  change(copy.subarray(centralHeaders(copy)[index]));
  return copy;
}

describe('a build says what it is', () => {
  const android = { platform: 'ANDROID', applicationId: 'com.acme.app', version: '7.0.0', buildNumber: '700' };
  const ios = {
    platform: 'IOS',
    format: 'IPA',
    applicationId: 'com.acme.app',
    version: '7.0.0',
    buildNumber: '7.0.0.42',
  };

  test.each([
    ['app.apk', () => makeApk(ANDROID), { ...android, format: 'APK' }],
    ['utf8.apk', () => makeApk({ ...ANDROID, utf8: true }), { ...android, format: 'APK' }],
    ['padded.APK', () => makeApk({ ...ANDROID, padToBytes: 3_000_000 }), { ...android, format: 'APK' }],
    ['app.aab', () => makeAab(ANDROID), { ...android, format: 'AAB' }],
    ['app.ipa', () => makeIpa(IOS), ios],
    ['binary.ipa', () => makeIpa({ ...IOS, binary: true }), ios],
  ])('%s', async (name, make, expected) => {
    expect(await inspect(name, await make())).toEqual(expected);
  });

  test('a build may be padded to an exact size', async () => {
    expect((await makeApk({ ...ANDROID, padToBytes: 1_234_567 })).length).toBe(1_234_567);
  });

  test('a web archive is only looked at by its name', async () => {
    const nothing = { applicationId: null, version: null, buildNumber: null };
    expect(await inspect('site.zip', Buffer.from('anything'))).toEqual({ platform: 'WEB', format: 'WEB', ...nothing });
  });

  test('of a large file only little is read', async () => {
    const bytes = await makeApk({ ...ANDROID, padToBytes: 20_000_000 });
    let read = 0;
    const counting: ArtifactStore = {
      ...store,
      read: (path, range) => {
        read += (range?.endInclusive ?? bytes.length) - (range?.start ?? 0) + 1;
        return store.read(path, range);
      },
    };
    expect(await inspect('large.apk', bytes, counting)).toMatchObject({ version: '7.0.0' });
    expect(read).toBeLessThan(1_000_000);
  });

  test('the apps inside of extensions and frameworks are not the app', async () => {
    const outer = await makeIpa(IOS);
    const plugin = { name: 'Payload/Sample.app/PlugIns/Widget.appex/Info.plist', content: Buffer.from('<plist/>') };
    const plist = {
      name: 'Payload/Sample.app/Info.plist',
      content: Buffer.from(buildBinary({ CFBundleIdentifier: 'com.acme.app' })),
    };
    expect(outer.length).toBeGreaterThan(0);
    expect(await inspect('with-plugin.ipa', await zipOf([plugin, plist]))).toMatchObject({
      applicationId: 'com.acme.app',
    });
  });
});

describe('a manifest that cannot be read says nothing, and the build counts', () => {
  const nothing = { applicationId: null, version: null, buildNumber: null };

  test.each([
    ['plain.apk', 'AndroidManifest.xml', Buffer.from('<manifest package="a"/>')],
    ['empty.apk', 'AndroidManifest.xml', Buffer.alloc(0)],
    ['text.ipa', 'Payload/A.app/Info.plist', Buffer.from('not a list')],
    ['cut.ipa', 'Payload/A.app/Info.plist', Buffer.from(buildBinary({ CFBundleVersion: '1' })).subarray(0, 30)],
    ['broken.ipa', 'Payload/A.app/Info.plist', Buffer.from('<plist><dict><key>CFBundleVersion</key>')],
    ['array.ipa', 'Payload/A.app/Info.plist', Buffer.from('<plist version="1.0"><array/></plist>')],
    [
      'entities.ipa',
      'Payload/A.app/Info.plist',
      Buffer.from('<!DOCTYPE p [<!ENTITY a "b">]><plist><string>&a;</string></plist>'),
    ],
  ])('%s', async (name, inside, content) => {
    expect(await inspect(name, await zipOf([{ name: inside, content }]))).toMatchObject(nothing);
  });

  test('a bundle without a manifest, and one with a garbled one', async () => {
    const config = { name: 'BundleConfig.pb', content: Buffer.from([0]) };
    const garbled = {
      name: 'base/manifest/AndroidManifest.xml',
      content: Buffer.from('\xff\xff\xff\xff garbled', 'latin1'),
    };
    expect(await inspect('bare.aab', await zipOf([config]))).toMatchObject(nothing);
    expect(await inspect('garbled.aab', await zipOf([config, garbled]))).toMatchObject(nothing);
  });

  test('a value that points into resources is not taken for a version', async () => {
    expect(await inspect('ref.apk', await makeApk({ ...ANDROID, versionName: '@string/version' }))).toMatchObject({
      version: null,
      buildNumber: '700',
    });
    expect(await inspect('var.ipa', await makeIpa({ ...IOS, version: '$(MARKETING_VERSION)' }))).toMatchObject({
      version: null,
    });
  });
});

describe('what is no build is refused with a sentence that names it', () => {
  async function refusal(name: string, bytes: Buffer): Promise<Refusal> {
    const error: unknown = await inspect(name, bytes).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).message).toMatch(new RegExp(`^"${name}" .*[.?]$`));
    return error as Refusal;
  }

  test('another ending', async () => {
    expect(await refusal('notes.txt', Buffer.from('x'))).toMatchObject({ code: 'UNSUPPORTED_FILE' });
  });

  test.each(['app.apk', 'app.aab', 'app.ipa', 'site.zip'])('an empty %s', async (name) => {
    expect(await refusal(name, Buffer.alloc(0))).toMatchObject({
      code: 'INVALID_BUILD',
      message: `"${name}" is empty.`,
    });
  });

  test.each([
    ['a short text', Buffer.from('hi')],
    ['a long text', Buffer.alloc(100_000, 'This is no zip. ')],
    ['a gzip', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])],
    ['a zip behind a text', Buffer.concat([Buffer.from('#!/bin/sh\n'), deflateRawSync(Buffer.from('x'))])],
  ])('%s with the ending of a build', async (_, bytes) => {
    const { code, message } = await refusal('app.apk', bytes);
    expect(code).toBe('UNSUPPORTED_FILE');
    expect(message).toContain('is not a zip');
  });

  test.each([
    ['app.apk', () => makeIpa(IOS), 'AndroidManifest.xml'],
    ['app.aab', () => makeApk(ANDROID), 'BundleConfig.pb'],
    ['app.ipa', () => makeAab(ANDROID), 'Payload/*.app/Info.plist'],
    ['deep.apk', () => zipOf([{ name: 'sub/AndroidManifest.xml', content: Buffer.from('x') }]), 'AndroidManifest.xml'],
  ])('%s that holds something else', async (name, make, missing) => {
    const { code, message } = await refusal(name, await make());
    expect(code).toBe('INVALID_BUILD');
    expect(message).toContain(`without ${missing}`);
  });

  test('an archive of two apps', async () => {
    const plist = (app: string) => ({ name: `Payload/${app}.app/Info.plist`, content: Buffer.from('<plist/>') });
    expect((await refusal('two.ipa', await zipOf([plist('A'), plist('B')]))).message).toContain('2 apps');
  });

  test('a zip cut short anywhere', async () => {
    const whole = await makeApk({ ...ANDROID, padToBytes: 5000 });
    for (let length = 5; length < whole.length; length += 97) {
      expect(await refusal('cut.apk', whole.subarray(0, length))).toMatchObject({ code: 'INVALID_BUILD' });
    }
  });

  const hurt: [string, (header: Buffer) => void, RegExp][] = [
    ['encrypted', (header) => header.writeUInt16LE(1, 8), /encrypted/],
    ['compressed in an unknown way', (header) => header.writeUInt16LE(99, 10), /cannot be unpacked/],
    ['with another checksum', (header) => header.writeUInt32LE(1, 16), /cannot be unpacked/],
    ['with a manifest of 5 MiB', (header) => header.writeUInt32LE(5 * 1024 * 1024, 24), /more than 4 MiB/],
    ['with a manifest larger than it says', (header) => header.writeUInt32LE(10, 24), /cannot be unpacked/],
    ['with a manifest smaller than it says', (header) => header.writeUInt32LE(100_000, 24), /cannot be unpacked/],
    ['with a part outside of the file', (header) => header.writeUInt32LE(1_000_000, 42), /overlap or lie outside/],
    ['with a part longer than the file', (header) => header.writeUInt32LE(1_000_000, 20), /overlap or lie outside/],
    ['with garbage for a directory', (header) => header.fill(0xee, 0, 4), /directory cannot be read/],
    ['with a name that leads elsewhere', (header) => header.write('../', 46), /directory cannot be read/],
  ];
  test.each(hurt)('a zip %s', async (_, change, words) => {
    const { code, message } = await refusal('hurt.apk', bent(await makeApk(ANDROID), 0, change));
    expect(code).toBe('INVALID_BUILD');
    expect(message).toMatch(words);
  });

  test('parts that share their bytes, as the densest bombs do', async () => {
    const zip = await makeApk(ANDROID);
    expect(
      (
        await refusal(
          'overlap.apk',
          bent(zip, 1, (header) => header.writeUInt32LE(0, 42)),
        )
      ).message,
    ).toContain('overlap');
  });

  test('a bomb by what its directory promises', async () => {
    const zip = bent(await makeApk(ANDROID), 1, (header) => header.writeUInt32LE(0xfffffff0, 24));
    expect((await refusal('bomb.apk', zip)).message).toContain('zip bomb');
  });

  test('a manifest that unpacks to far more than it says stops there', async () => {
    const content = Buffer.alloc(50_000_000);
    const zip = await zipOf([{ name: 'AndroidManifest.xml', content }]);
    const lying = bent(zip, 0, (header) => {
      header.writeUInt32LE(1000, 24);
      header.writeUInt32LE(crc32(content.subarray(0, 1000)), 16);
    });
    expect((await refusal('lying.apk', lying)).message).toContain('cannot be unpacked');
  });

  test('the same name twice', async () => {
    const manifest = { name: 'AndroidManifest.xml', content: Buffer.from('x') };
    expect((await refusal('twice.apk', await zipOf([manifest, manifest]))).message).toContain('twice');
  });
});

test('a store that fails is not blamed on the file', async () => {
  const fault = { provider: 'S3', operation: 'read', status: 503, detail: 'SlowDown' };
  const failing: ArtifactStore = { ...store, read: () => Promise.reject(new TransientError(fault)) };
  await expect(inspect('app.apk', await makeApk(ANDROID), failing)).rejects.toBeInstanceOf(TransientError);
  const cut: ArtifactStore = {
    ...store,
    read: async () =>
      new Readable({
        read() {
          this.destroy(new Error('socket hang up'));
        },
      }),
  };
  await expect(inspect('app.apk', await makeApk(ANDROID), cut)).rejects.toBeInstanceOf(TransientError);
});

describe('manifests made to hurt', () => {
  const axml = (): Buffer => encodeBinaryManifest(ANDROID);

  test.each([
    ['a chunk of no size', (bytes: Buffer) => bytes.writeUInt32LE(0, 12)],
    ['a chunk larger than the file', (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, 12)],
    ['four thousand million strings', (bytes: Buffer) => bytes.writeUInt32LE(0xffffffff, 16)],
    ['strings that lie outside', (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, 36)],
    [
      'all strings the same long one',
      (bytes: Buffer) => {
        const count = bytes.readUInt32LE(16);
        const start = 8 + bytes.readUInt32LE(28);
        for (let index = 0; index < count; index += 1) bytes.writeUInt32LE(0, 36 + index * 4);
        bytes.writeUInt16LE(100, start);
      },
    ],
  ])('%s ends at once', (_, change) => {
    const manifest = axml();
    change(manifest);
    expect(() => readApkManifest(manifest)).toThrow();
  });

  test('any bytes of a binary manifest may be wrong: it is read or refused, never hangs', () => {
    const right = axml();
    const spot = fc.tuple(fc.nat(right.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(spot, { minLength: 1, maxLength: 8 }), (spots) => {
        const manifest = Buffer.from(right);
        for (const [at, value] of spots) manifest[at] = value;
        try {
          const values = Object.values(readApkManifest(manifest));
          expect(values.every((value) => value === null || typeof value === 'string')).toBe(true);
        } catch (error) {
          expect(typeof (error as Error).message).toBe('string');
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('any bytes may pretend to be the manifest of a bundle or a property list', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => {
        for (const read of [readAabManifest, textsOfBinaryPlist]) {
          try {
            read(Buffer.from(raw));
          } catch (error) {
            expect(typeof (error as Error).message).toBe('string');
          }
        }
      }),
    );
  });

  test('a property list whose objects contain each other is not followed', () => {
    // each array holds the next one twice: 2^200 values when every reference is followed
    const arrays = Array.from({ length: 200 }, (_, index) => [0xa2, index + 2, index + 2]);
    const objects = [[0xd1, arrays.length + 2, 1], ...arrays, [0x50], [0x51, 0x61]];
    const offsets: number[] = [];
    let at = 8;
    for (const object of objects) {
      offsets.push(at);
      at += object.length;
    }
    const trailer = Buffer.alloc(32);
    trailer.writeUInt8(2, 6);
    trailer.writeUInt8(1, 7);
    trailer.writeUInt32BE(objects.length, 12);
    trailer.writeUInt32BE(at, 28);
    const table = Buffer.alloc(offsets.length * 2);
    for (const [index, offset] of offsets.entries()) table.writeUInt16BE(offset, index * 2);
    const plist = Buffer.concat([Buffer.from('bplist00'), Buffer.from(objects.flat()), table, trailer]);
    expect(textsOfBinaryPlist(plist)).toEqual(new Map());
  });

  describe('of a property list the texts are those another reader finds', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 });
    const leaf = fc.oneof(text, fc.integer({ min: 0, max: 1000 }), fc.boolean(), fc.array(text, { maxLength: 20 }));
    const nested = fc.dictionary(fc.constantFrom('CFBundleVersion', 'other'), leaf);
    // The other readers lose a key that means something to JavaScript.
    const key = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text !== '__proto__');
    const list = fc.dictionary(key, fc.oneof(leaf, nested), { maxKeys: 40 });
    const textsOf = (found: object) =>
      Object.entries(found)
        .filter(([, value]) => typeof value === 'string')
        .sort();

    test('binary', () => {
      fc.assert(
        fc.property(list, (dictionary) => {
          const bytes = Buffer.from(buildBinary(dictionary));
          const [other] = parseBuffer(bytes) as unknown as [object];
          expect([...textsOfBinaryPlist(bytes)].sort()).toEqual(textsOf(other));
        }),
      );
    });

    test('XML', () => {
      // the other reader keeps no control characters and trims nothing else
      const clean = list.filter((dictionary) => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(JSON.stringify(dictionary)));
      fc.assert(
        fc.property(clean, (dictionary) => {
          const xml = build(dictionary);
          expect([...textsOfXmlPlist(xml)].sort()).toEqual(textsOf(parse(xml) as object));
        }),
      );
    });

    test('XML with comments, CDATA and entities', () => {
      const xml = `<?xml version="1.0"?><!-- <key>no</key> --><plist version="1.0"><dict>
        <key>a</key><!-- between --><string>x &amp; &#65;&#x42; &unknown;</string>
        <key>b</key><string><![CDATA[<raw> & so]]></string><key>c</key><true/>
        <key>d</key><dict><key>a</key><string>deeper</string></dict></dict></plist>`;
      expect(Object.fromEntries(textsOfXmlPlist(xml))).toEqual({ a: 'x & AB &unknown;', b: '<raw> & so' });
    });

    test('a long file of openings takes no longer than it is', () => {
      for (const piece of ['<!--', '<dict>', '<key>', '<', '<string><![CDATA[', '&#1']) {
        expect(() => textsOfXmlPlist(piece.repeat(500_000))).toThrow('no property list');
      }
    });
  });
});
