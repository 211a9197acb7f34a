import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/**
 * The log file: a header of 12 bytes (magic, format version), then frames. A frame is what was written to disk in
 * one go: 16 bytes (magic, length, CRC32 of the payload, CRC32 of the 12 bytes before) and the payload.
 */
export const FORMAT_VERSION = 1;
export const FILE_HEADER_BYTES = 12;
export const FRAME_HEADER_BYTES = 16;
const FILE_MAGIC = Buffer.from('EMBDMNGO', 'latin1');
const FRAME_MAGIC = 0x31_4d_52_46;
const MAX_PAYLOAD = 0x7000_0000;
const READ_BYTES = 1024 * 1024;
const SECTOR_BYTES = 512;
const LEAST_ZEROS = 16;

export class LogDamaged extends Error {
  constructor(path: string, offset: number, detail: string) {
    super(
      `${path}: damaged at byte ${offset} (${detail}); nothing was changed. Restore the file from a copy, or move it away to begin anew.`,
    );
    this.name = 'LogDamaged';
  }
}

export function fileHeader(): Buffer {
  const header = Buffer.alloc(FILE_HEADER_BYTES);
  FILE_MAGIC.copy(header);
  header.writeUInt32LE(FORMAT_VERSION, FILE_MAGIC.length);
  return header;
}

/** Throws Error for a file that is no log or has a newer format. */
export function checkFileHeader(path: string, header: Buffer): void {
  if (header.length < FILE_HEADER_BYTES || !header.subarray(0, FILE_MAGIC.length).equals(FILE_MAGIC)) {
    throw new LogDamaged(path, 0, 'it does not begin as a log of the embedded database');
  }
  const version = header.readUInt32LE(FILE_MAGIC.length);
  if (version > FORMAT_VERSION) {
    throw new Error(
      `${path}: written in format ${version} by a newer version; this one reads up to ${FORMAT_VERSION}. Nothing was changed.`,
    );
  }
}

export function frameHeader(payload: Buffer): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(FRAME_MAGIC, 0);
  header.writeUInt32LE(payload.length, 4);
  header.writeUInt32LE(crc32(payload), 8);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  return header;
}

export interface ReadResult {
  /** Where the good part of the file ends. */
  readonly end: number;
  /** Bytes behind it that were never acknowledged: a frame torn while it was written. */
  readonly torn: number;
}

/**
 * Gives every payload to `take`, in order. A torn last frame is left out; it is told from damage by the file's end
 * inside it, or by sectors that were never written. Throws LogDamaged for everything else.
 */
export async function readFrames(path: string, take: (payload: Buffer) => void): Promise<ReadResult> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size < FILE_HEADER_BYTES) return await tornHeader(file, path, size);
    checkFileHeader(path, await readAt(file, 0, FILE_HEADER_BYTES));
    let offset = FILE_HEADER_BYTES;
    let window: Buffer = Buffer.alloc(0);
    let windowStart = offset;
    let room = Buffer.alloc(0);
    const bytes = async (from: number, length: number): Promise<Buffer> => {
      if (from + length > windowStart + window.length) {
        const wanted = Math.min(size - from, Math.max(length, READ_BYTES));
        // One buffer for all: what is read goes on as strings, and fresh buffers would pile up until collected.
        if (room.length < wanted) room = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * READ_BYTES));
        windowStart = from;
        window = await readInto(file, room.subarray(0, wanted), from);
      }
      return window.subarray(from - windowStart, from - windowStart + length);
    };
    while (offset < size) {
      const left = size - offset;
      const header = await bytes(offset, Math.min(left, FRAME_HEADER_BYTES));
      const length = left < FRAME_HEADER_BYTES ? undefined : lengthOf(header);
      if (length !== undefined && length <= left - FRAME_HEADER_BYTES) {
        const crc = header.readUInt32LE(8);
        const payload = await bytes(offset + FRAME_HEADER_BYTES, length);
        if (crc32(payload) === crc) {
          take(payload);
          offset += FRAME_HEADER_BYTES + length;
          continue;
        }
        const isLast = offset + FRAME_HEADER_BYTES + length === size;
        if (!isLast || !hasUnwrittenSector(payload, offset + FRAME_HEADER_BYTES))
          throw new LogDamaged(path, offset, 'a checksum does not fit');
      } else if (length === undefined && !(await isTornHead(header, left, bytes, offset))) {
        throw new LogDamaged(path, offset, 'no frame begins here');
      }
      return { end: offset, torn: left };
    }
    return { end: offset, torn: 0 };
  } finally {
    await file.close();
  }
}

/** A file so short that not even its own beginning was written. */
async function tornHeader(file: FileHandle, path: string, size: number): Promise<ReadResult> {
  const head = await readAt(file, 0, size);
  if (!head.equals(fileHeader().subarray(0, size)))
    throw new LogDamaged(path, 0, 'it does not begin as a log of the embedded database');
  return { end: 0, torn: size };
}

/** The payload's length, or undefined where the 16 bytes are no frame's beginning. */
function lengthOf(header: Buffer): number | undefined {
  if (header.readUInt32LE(0) !== FRAME_MAGIC || header.readUInt32LE(12) !== crc32(header.subarray(0, 12)))
    return undefined;
  const length = header.readUInt32LE(4);
  return length > MAX_PAYLOAD ? undefined : length;
}

/** A beginning cut off by the end of the file, or zeros to the end: room that was given but never written. */
async function isTornHead(
  header: Buffer,
  left: number,
  bytes: (from: number, length: number) => Promise<Buffer>,
  offset: number,
): Promise<boolean> {
  if (left < FRAME_HEADER_BYTES) {
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(FRAME_MAGIC, 0);
    const known = Math.min(4, left);
    return header.subarray(0, known).equals(magic.subarray(0, known)) || header.every((byte) => byte === 0);
  }
  return (await bytes(offset, left)).every((byte) => byte === 0);
}

/**
 * A disk writes whole sectors: where power failed, one of the payload's is still all zeros. So is the part of one at
 * its end, if it is long enough not to be zeros by chance. A single wrong byte leaves no such sector: that is damage.
 */
function hasUnwrittenSector(payload: Buffer, offset: number): boolean {
  const first = (SECTOR_BYTES - (offset % SECTOR_BYTES)) % SECTOR_BYTES;
  for (let at = first; at + LEAST_ZEROS <= payload.length; at += SECTOR_BYTES) {
    if (payload.subarray(at, at + SECTOR_BYTES).every((byte) => byte === 0)) return true;
  }
  return false;
}

async function readAt(file: FileHandle, from: number, length: number): Promise<Buffer> {
  return await readInto(file, Buffer.allocUnsafe(length), from);
}

async function readInto(file: FileHandle, buffer: Buffer, from: number): Promise<Buffer> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
