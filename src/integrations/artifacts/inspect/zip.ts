import { crc32, inflateRawSync } from 'node:zlib';
import { type Entry, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { ProviderError, Refusal } from '../../../shared/errors.ts';
import type { ArtifactStore } from '../port.ts';
import { StoreReader } from './store-reader.ts';

const MIB = 1024 * 1024;
/** what may be read of a build file to find out what it is: its directory and one manifest */
const MAX_READ_BYTES = 96 * MIB;
const MAX_ENTRIES = 200_000;
const MAX_CONTENT_BYTES = 4 * MIB;
const MAX_RATIO = 100;
/** below this an archive may be as dense as it likes */
const HARMLESS_BYTES = 512 * MIB;
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER = 0x04034b50;
const DEFLATED = 8;

export interface ZipEntry {
  name: string;
  /** the content, at most 4 MiB; refused when it is larger, damaged or compressed in an unknown way */
  read(): Promise<Buffer>;
}

/** Refuses with a sentence that names the file; `what` is the rest of it. */
export function refuseBuild(
  fileName: string,
  what: string,
  code: 'INVALID_BUILD' | 'UNSUPPORTED_FILE' = 'INVALID_BUILD',
): never {
  throw new Refusal(code, `"${fileName}" ${what}`);
}

/** What our reader or the store said goes on; everything else yauzl throws is about the zip. */
function isOurs(error: unknown): boolean {
  return error instanceof ProviderError || error instanceof Refusal;
}

function checkEntries(fileName: string, entries: readonly Entry[], sizeBytes: number): void {
  const names = new Set<string>();
  let unpacked = 0;
  for (const entry of entries) {
    if (entry.isEncrypted()) refuseBuild(fileName, 'is encrypted; upload it without a password.');
    if (names.has(entry.fileName))
      refuseBuild(fileName, `holds ${entry.fileName} twice; nobody can tell which one counts.`);
    names.add(entry.fileName);
    unpacked += entry.uncompressedSize;
  }
  if (unpacked > HARMLESS_BYTES && unpacked > sizeBytes * MAX_RATIO) {
    refuseBuild(fileName, `would unpack to over ${MAX_RATIO} times its size, as a zip bomb does.`);
  }
  const byPlace = [...entries].sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let freeFrom = 0;
  for (const entry of byPlace) {
    const start = entry.relativeOffsetOfLocalHeader;
    const end = start + LOCAL_HEADER_BYTES + entry.fileNameLength + entry.compressedSize;
    if (start < freeFrom || end > sizeBytes)
      refuseBuild(fileName, 'is a damaged zip: its parts overlap or lie outside of it.');
    freeFrom = end;
  }
}

/** Where the content begins: the local header may hold a longer name and extra field than the directory says. */
async function contentStart(reader: StoreReader, entry: Entry): Promise<number> {
  const at = entry.relativeOffsetOfLocalHeader;
  const header = await reader.bytes(at, at + LOCAL_HEADER_BYTES);
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER) throw new Error('no local header');
  return at + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

async function readContent(fileName: string, reader: StoreReader, entry: Entry): Promise<Buffer> {
  if (Math.max(entry.uncompressedSize, entry.compressedSize) > MAX_CONTENT_BYTES) {
    refuseBuild(
      fileName,
      `holds ${entry.fileName} with more than ${MAX_CONTENT_BYTES / MIB} MiB, which no real build does.`,
    );
  }
  try {
    const start = await contentStart(reader, entry);
    const packed = await reader.bytes(start, start + entry.compressedSize);
    const isDeflated = entry.compressionMethod === DEFLATED;
    // stops at the announced size: a content that lies about it cannot fill the memory
    const content = isDeflated
      ? inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.uncompressedSize) })
      : packed;
    if (!isDeflated && entry.compressionMethod !== 0) throw new Error('unknown compression');
    if (content.length !== entry.uncompressedSize || crc32(content) !== entry.crc32) throw new Error('wrong content');
    return content;
  } catch (error) {
    if (isOurs(error)) throw error;
    return refuseBuild(fileName, `is damaged: its ${entry.fileName} cannot be unpacked. Build and upload it again.`);
  }
}

async function directoryOf(fileName: string, reader: StoreReader, sizeBytes: number): Promise<Entry[]> {
  let zip: ZipFile;
  const entries: Entry[] = [];
  try {
    zip = await fromRandomAccessReaderPromise(reader, sizeBytes, { autoClose: false, strictFileNames: true });
    if (zip.entryCount > MAX_ENTRIES) refuseBuild(fileName, `holds ${zip.entryCount} files, more than any build has.`);
    for await (const entry of zip.eachEntry()) entries.push(entry);
  } catch (error) {
    if (isOurs(error)) throw error;
    return refuseBuild(fileName, 'is a damaged zip: its directory cannot be read. Was the upload cut short?');
  }
  return entries;
}

/** The files inside of a stored zip, found by random access; never the whole of it in memory. */
export async function openZip(options: {
  store: ArtifactStore;
  path: string;
  fileName: string;
  sizeBytes: number;
  /** e.g. `an Android package (.apk)`, for the refusal */
  expected: string;
}): Promise<ZipEntry[]> {
  const { fileName, sizeBytes } = options;
  const reader = new StoreReader({ ...options, maxBytes: MAX_READ_BYTES });
  const start = await reader.bytes(0, 4);
  if (start.length < 4 || start.readUInt32LE(0) !== LOCAL_HEADER) {
    refuseBuild(fileName, `is not a zip, so it cannot be ${options.expected}.`, 'UNSUPPORTED_FILE');
  }
  const entries = await directoryOf(fileName, reader, sizeBytes);
  checkEntries(fileName, entries, sizeBytes);
  return entries.map((entry) => ({ name: entry.fileName, read: () => readContent(fileName, reader, entry) }));
}
