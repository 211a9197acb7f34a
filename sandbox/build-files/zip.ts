import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

export interface ZipPart {
  name: string;
  content: Buffer;
  /** default true */
  compress?: boolean;
}

const MTIME = new Date('2026-01-01T00:00:00Z');
const PADDING_NAME = 'assets/padding.bin';

async function zip(parts: readonly ZipPart[]): Promise<Buffer> {
  const file = new ZipFile();
  for (const { name, content, compress } of parts) {
    file.addBuffer(content, name, { mtime: MTIME, compress: compress ?? true });
  }
  file.end();
  return buffer(file.outputStream);
}

/** Bytes that do not compress and are the same every time. */
function noise(bytes: number): Buffer {
  const block = createHash('sha512').update('slipway').digest();
  const filled = Buffer.alloc(bytes, block);
  // no two blocks alike, at little cost
  for (let at = 0; at + 4 <= bytes; at += block.length) filled.writeUInt32LE((at * 2654435761) >>> 0, at);
  return filled;
}

/** A zip of these files; with `padToBytes` of exactly that size, filled with an uncompressed asset. */
export async function zipOf(parts: readonly ZipPart[], padToBytes?: number): Promise<Buffer> {
  if (padToBytes === undefined) return zip(parts);
  const padding = (bytes: number): ZipPart => ({ name: PADDING_NAME, content: noise(bytes), compress: false });
  const least = (await zip([...parts, padding(0)])).length;
  if (padToBytes < least) throw new Error(`a build file of ${padToBytes} bytes is too small: at least ${least}`);
  return zip([...parts, padding(padToBytes - least)]);
}
