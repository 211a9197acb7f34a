import BinaryXmlParser from '@devicefarmer/adbkit-apkreader/lib/apkreader/parser/binaryxml.js';
import { type ManifestValues, plainValue } from './manifest-values.ts';

/** Chunks of Android's binary XML (frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h). */
const XML = 0x0003;
const STRING_POOL = 0x0001;
const START_ELEMENT = 0x0102;
const UTF8_FLAG = 1 << 8;
const HEADER_BYTES = 8;
const POOL_HEADER_BYTES = 28;
const ELEMENT_HEADER_BYTES = 36;
const ATTRIBUTE_BYTES = 20;
const MAX_CHUNKS = 64;
const MAX_STRINGS = 100_000;

function check(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`not a binary manifest: ${what}`);
}

/** Strings may share bytes; what they come to when read one by one must stay near what is there. */
function checkPool(pool: Buffer): void {
  check(pool.length >= POOL_HEADER_BYTES, 'string pool');
  const [count, flags, start] = [pool.readUInt32LE(8), pool.readUInt32LE(16), pool.readUInt32LE(20)];
  check(count <= MAX_STRINGS && POOL_HEADER_BYTES + count * 4 <= pool.length, 'number of strings');
  let bytes = 0;
  for (let index = 0; index < count; index += 1) {
    const at = start + pool.readUInt32LE(POOL_HEADER_BYTES + index * 4);
    if ((flags & UTF8_FLAG) === 0) {
      const length = pool.readUInt16LE(at);
      bytes += 2 * ((length & 0x8000) === 0 ? length : ((length & 0x7fff) << 16) + pool.readUInt16LE(at + 2));
    } else {
      const skip = (pool.readUInt8(at) & 0x80) === 0 ? 1 : 2;
      const length = pool.readUInt8(at + skip);
      bytes += (length & 0x80) === 0 ? length : ((length & 0x7f) << 8) + pool.readUInt8(at + skip + 1);
    }
  }
  check(bytes <= 2 * pool.length, 'overlapping strings');
}

/**
 * The manifest up to its first element, which carries all that is wanted, every size in it checked: the library that reads
 * it believes sizes, and would run for ever or fill the memory on a file made to hurt.
 */
function upToFirstElement(manifest: Buffer): Buffer {
  check(manifest.length >= HEADER_BYTES && manifest.readUInt16LE(0) === XML, 'beginning');
  let at = manifest.readUInt16LE(2);
  check(at === HEADER_BYTES, 'header');
  for (let chunks = 0; chunks < MAX_CHUNKS && at + HEADER_BYTES <= manifest.length; chunks += 1) {
    const [type, headerBytes, bytes] = [
      manifest.readUInt16LE(at),
      manifest.readUInt16LE(at + 2),
      manifest.readUInt32LE(at + 4),
    ];
    check(headerBytes >= HEADER_BYTES && bytes >= headerBytes && at + bytes <= manifest.length, 'size of a chunk');
    const chunk = manifest.subarray(at, at + bytes);
    if (type === STRING_POOL) checkPool(chunk);
    at += bytes;
    if (type !== START_ELEMENT) continue;
    check(bytes >= ELEMENT_HEADER_BYTES, 'first element');
    check(ELEMENT_HEADER_BYTES + chunk.readUInt16LE(28) * ATTRIBUTE_BYTES <= bytes, 'attributes of the first element');
    return manifest.subarray(0, at);
  }
  throw new Error('not a binary manifest: no element');
}

/** `package`, `versionName` and `versionCode` of an APK's AndroidManifest.xml. Throws on what is no such manifest. */
export function readApkManifest(manifest: Buffer): ManifestValues {
  const element = new BinaryXmlParser(upToFirstElement(manifest)).parse();
  check(element?.nodeName === 'manifest', 'its first element');
  const value = (name: string): string | null => {
    const found = element?.attributes.find((attribute) => attribute.name === name);
    return plainValue(found?.typedValue.value) ?? plainValue(found?.value);
  };
  return { applicationId: value('package'), version: value('versionName'), buildNumber: value('versionCode') };
}
