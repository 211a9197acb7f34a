import { crc32 } from 'node:zlib';

/**
 * The log file begins with 24 bytes: magic, format version, how far the file is safe, CRC32 of the 20 bytes before.
 * What lies before `safe` was on disk when the frame there was begun: only that frame may be torn. It is written with
 * every frame, so that a file that was cut short by somebody else is told from one whose last write was not finished.
 */
export const FORMAT_VERSION = 2;
export const FILE_HEADER_BYTES = 24;
const FILE_MAGIC = Buffer.from('EMBDMNGO', 'latin1');
const SAFE_AT = 12;
const CRC_AT = 20;
/** Format 1 had magic and version alone. It is read, and written anew at once. */
const HEADER_BYTES_1 = 12;

export interface FileHeader {
  readonly version: number;
  /** Where the frames begin. */
  readonly bytes: number;
  readonly safe: number;
}

export class LogDamaged extends Error {
  constructor(path: string, offset: number, detail: string) {
    super(
      `${path}: damaged at byte ${offset} (${detail}); nothing was changed. Restore the file from a copy, or move it away to begin anew.`,
    );
    this.name = 'LogDamaged';
  }
}

export function fileHeader(safe = FILE_HEADER_BYTES): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  FILE_MAGIC.copy(header);
  header.writeUInt32LE(FORMAT_VERSION, FILE_MAGIC.length);
  header.writeDoubleLE(safe, SAFE_AT);
  header.writeUInt32LE(crc32(header.subarray(0, CRC_AT)), CRC_AT);
  return header;
}

/** The header, from the first bytes of a file. Throws Error for a newer format, LogDamaged for a file that is no log. */
export function parseFileHeader(path: string, head: Buffer): FileHeader {
  if (head.length < HEADER_BYTES_1 || !head.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) {
    throw new LogDamaged(path, 0, 'it does not begin as a log of the embedded database');
  }
  const version = head.readUInt32LE(FILE_MAGIC.length);
  if (version > FORMAT_VERSION) {
    throw new Error(
      `${path}: written in format ${version} by a newer version; this one reads up to ${FORMAT_VERSION}. Nothing was changed.`,
    );
  }
  if (version === 1) return { version, bytes: HEADER_BYTES_1, safe: HEADER_BYTES_1 };
  const isWhole = version === FORMAT_VERSION && head.length >= FILE_HEADER_BYTES;
  if (!isWhole || head.readUInt32LE(CRC_AT) !== crc32(head.subarray(0, CRC_AT)))
    throw new LogDamaged(path, 0, 'the checksum of its beginning does not fit');
  return { version, bytes: FILE_HEADER_BYTES, safe: head.readDoubleLE(SAFE_AT) };
}
