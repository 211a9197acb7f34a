import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { encodeBinaryManifest } from '../../sandbox/build-files/axml.ts';

const CHUNK = randomBytes(1024 * 1024);

/** Writes an .apk of about `sizeBytes` to `path`: a real zip with a readable manifest and one big stored entry. */
export async function writeBigApk(path: string, sizeBytes: number, versionName: string): Promise<void> {
  const zip = new ZipFile();
  const manifest = encodeBinaryManifest(
    { applicationId: 'com.acme.app', versionName, versionCode: 1 },
    { utf8: false },
  );
  zip.addBuffer(manifest, 'AndroidManifest.xml');
  const chunks = Math.round(sizeBytes / CHUNK.length);
  function* content() {
    for (let index = 0; index < chunks; index += 1) yield CHUNK;
  }
  zip.addReadStream(Readable.from(content(), { objectMode: false }), 'assets/big.bin', { compress: false });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}
