import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { messageOf } from '../errors.ts';
import { FILE_HEADER_BYTES, LogDamaged, parseFileHeader } from './header.ts';

/**
 * The log file: a header (header.ts), then frames. A frame is what was written to disk in one go: 16 bytes (magic,
 * length, CRC32 of the payload, CRC32 of the 12 bytes before) and the payload.
 */
export const FRAME_HEADER_BYTES = 16;
const FRAME_MAGIC = 0x31_4d_52_46;
const MAX_PAYLOAD = 0x7000_0000;
const READ_BYTES = 1024 * 1024;
const SECTOR_BYTES = 512;
const LEAST_ZEROS = 16;

/** One frame around changes put one after the other. */
export function frameOf(changes: readonly Buffer[]): Buffer {
  const frame = Buffer.concat([Buffer.allocUnsafe(FRAME_HEADER_BYTES), ...changes]);
  frame.writeUInt32LE(FRAME_MAGIC, 0);
  frame.writeUInt32LE(frame.length - FRAME_HEADER_BYTES, 4);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEADER_BYTES)), 8);
  frame.writeUInt32LE(crc32(frame.subarray(0, 12)), 12);
  return frame;
}

export interface ReadResult {
  readonly version: number;
  /** Where the good part of the file ends. */
  readonly end: number;
  /** Bytes behind it that were never acknowledged: a frame torn while it was written. */
  readonly torn: number;
}

/**
 * Gives every payload to `take`, in order; reads no further than `upTo`. A torn last frame is left out; it is told
 * from damage by the file's end inside it, or by sectors that were never written, and it begins where the header says
 * that the file is safe, not before. Throws LogDamaged for everything else, also where `take` throws.
 */
export async function readFrames(
  path: string,
  take: (payload: Buffer) => void,
  upTo = Number.POSITIVE_INFINITY,
): Promise<ReadResult> {
  const file = await open(path, 'r');
  try {
    const size = Math.min((await file.stat()).size, upTo);
    const { version, safe, bytes: headerBytes } = parseFileHeader(path, await readAt(file, 0, FILE_HEADER_BYTES));
    const endAt = (end: number): ReadResult => {
      if (end < safe) throw new LogDamaged(path, end, `what was written up to byte ${safe} is missing`);
      return { version, end, torn: size - end };
    };
    let offset = headerBytes;
    const takeAt = (at: number, payload: Buffer): void => {
      try {
        take(payload);
      } catch (error) {
        throw new LogDamaged(path, at, messageOf(error));
      }
    };
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
      const head = await bytes(offset, Math.min(left, FRAME_HEADER_BYTES));
      const length = left < FRAME_HEADER_BYTES ? undefined : lengthOf(head);
      if (length !== undefined && length <= left - FRAME_HEADER_BYTES) {
        const crc = head.readUInt32LE(8);
        const payload = await bytes(offset + FRAME_HEADER_BYTES, length);
        if (crc32(payload) === crc) {
          takeAt(offset, payload);
          offset += FRAME_HEADER_BYTES + length;
          continue;
        }
        const isLast = offset + FRAME_HEADER_BYTES + length === size;
        if (!isLast || !hasUnwrittenSector(payload, offset + FRAME_HEADER_BYTES))
          throw new LogDamaged(path, offset, 'a checksum does not fit');
      } else if (length === undefined && !(await isTornHead(head, left, bytes, offset))) {
        throw new LogDamaged(path, offset, 'no frame begins here');
      }
      return endAt(offset);
    }
    return endAt(offset);
  } finally {
    await file.close();
  }
}

/** The payload's length, or undefined where the 16 bytes are no frame's beginning. */
function lengthOf(header: Buffer): number | undefined {
  if (header.readUInt32LE(0) !== FRAME_MAGIC || header.readUInt32LE(12) !== crc32(header.subarray(0, 12)))
    return undefined;
  const length = header.readUInt32LE(4);
  return length > MAX_PAYLOAD ? undefined : length;
}

/** A beginning cut off by the end of the file, or a sector of zeros: room that was given but never written. */
async function isTornHead(
  head: Buffer,
  left: number,
  bytes: (from: number, length: number) => Promise<Buffer>,
  offset: number,
): Promise<boolean> {
  if (left < FRAME_HEADER_BYTES) {
    const magic = Buffer.alloc(4);
    magic.writeUInt32LE(FRAME_MAGIC, 0);
    const known = Math.min(4, left);
    if (head.subarray(0, known).equals(magic.subarray(0, known))) return true;
  }
  const sector = await bytes(offset, Math.min(left, SECTOR_BYTES - (offset % SECTOR_BYTES)));
  return sector.every((byte) => byte === 0);
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
