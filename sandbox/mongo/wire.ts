import { decodeDoc, docLength } from './bson/decode.ts';
import type { Request } from './commands/context.ts';
import { Fault, unsupported } from './errors.ts';

/** The two message formats a driver sends, and the two this server answers with. */
export const OP_REPLY = 1;
export const OP_QUERY = 2004;
const OP_COMPRESSED = 2012;
export const OP_MSG = 2013;

/** Bytes before the document of a reply. */
export const OP_MSG_HEAD = 16 + 4 + 1;
export const OP_REPLY_HEAD = 16 + 20;
export const HEADER_BYTES = 16;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_FLAGS = 0x10003;

/** Whether the client reads no reply (w: 0), be the rest of the message what it may: one would be taken for the next. */
export function wantsNoReply(buffer: Buffer): boolean {
  return buffer.length >= 20 && buffer.readInt32LE(12) === OP_MSG && (buffer.readUInt32LE(16) & MORE_TO_COME) !== 0;
}

/** One whole message. Throws a Fault; what the bytes are has to be a message all the same, or the connection ends. */
export function parseMessage(buffer: Buffer): Request {
  const opCode = buffer.readInt32LE(12);
  if (opCode === OP_MSG) return parseMsg(buffer);
  if (opCode === OP_QUERY) return parseQuery(buffer);
  if (opCode === OP_COMPRESSED) throw unsupported('OP_COMPRESSED');
  throw new Fault(17, `unknown message format ${opCode}`);
}

function parseMsg(buffer: Buffer): Request {
  if (buffer.length < OP_MSG_HEAD + 5) throw new Fault(17, 'an OP_MSG message that is too short');
  const flags = buffer.readUInt32LE(16);
  if ((flags & 0xffff & ~KNOWN_FLAGS) !== 0) throw new Fault(17, `unknown OP_MSG flags ${flags}`);
  const hasChecksum = (flags & CHECKSUM_PRESENT) !== 0;
  const end = hasChecksum ? buffer.length - 4 : buffer.length;
  if (hasChecksum && crc32c(buffer.subarray(0, end)) !== buffer.readUInt32LE(end))
    throw new Fault(17, 'an OP_MSG message whose checksum does not fit');
  const sequences = new Map<string, Buffer[]>();
  let body: Request['body'] | undefined;
  let at = 20;
  while (at < end) {
    const kind = buffer[at];
    at += 1;
    if (kind === 0) {
      if (body) throw new Fault(17, 'an OP_MSG message with two bodies');
      const length = docLength(buffer, at, end);
      body = decodeDoc(buffer.subarray(at, at + length));
      at += length;
    } else if (kind === 1) at = parseSequence(buffer, at, end, sequences);
    else throw new Fault(17, `unknown OP_MSG section ${kind}`);
  }
  if (!body) throw new Fault(17, 'an OP_MSG message without a body');
  return { body, sequences };
}

function parseSequence(buffer: Buffer, start: number, end: number, sequences: Map<string, Buffer[]>): number {
  const length = end - start < 5 ? 0 : buffer.readInt32LE(start);
  if (length < 5 || length > end - start) throw new Fault(17, 'an OP_MSG section with a wrong length');
  const stop = start + length;
  const zero = buffer.indexOf(0, start + 4);
  if (zero < 0 || zero >= stop) throw new Fault(17, 'an OP_MSG section without a name');
  const name = buffer.toString('utf8', start + 4, zero);
  if (sequences.has(name)) throw new Fault(17, `two OP_MSG sections named ${name}`);
  const docs: Buffer[] = [];
  let at = zero + 1;
  while (at < stop) {
    const size = docLength(buffer, at, stop);
    docs.push(buffer.subarray(at, at + size));
    at += size;
  }
  sequences.set(name, docs);
  return stop;
}

const HELLOS: ReadonlySet<string> = new Set(['hello', 'ismaster', 'isMaster']);

/** The old format: drivers say hello in it, before they know better, and nothing else. */
function parseQuery(buffer: Buffer): Request {
  const nameEnd = buffer.indexOf(0, 20);
  if (nameEnd < 0 || buffer.length < nameEnd + 14) throw new Fault(17, 'an OP_QUERY message that is too short');
  const namespace = buffer.toString('utf8', 20, nameEnd);
  if (!namespace.endsWith('.$cmd')) throw unsupported('OP_QUERY for anything but commands');
  const body = decodeDoc(buffer, nameEnd + 9);
  const [name = ''] = body.keys();
  if (!HELLOS.has(name)) throw unsupported(`the command ${name} in an OP_QUERY message`);
  body.set('$db', namespace.slice(0, -'.$cmd'.length));
  return { body, sequences: new Map() };
}

/** How many bytes a reply needs before its document. */
export function headRoom(opCode: number): number {
  return opCode === OP_QUERY ? OP_REPLY_HEAD : OP_MSG_HEAD;
}

/** Fills in the bytes before the document. */
export function completeReply(buffer: Buffer, opCode: number, requestId: number, responseId: number): Buffer {
  buffer.fill(0, 0, headRoom(opCode));
  buffer.writeInt32LE(buffer.length, 0);
  buffer.writeInt32LE(responseId, 4);
  buffer.writeInt32LE(requestId, 8);
  buffer.writeInt32LE(opCode === OP_QUERY ? OP_REPLY : OP_MSG, 12);
  if (opCode === OP_QUERY) {
    buffer.writeInt32LE(8, 16);
    buffer.writeInt32LE(1, 32);
  }
  return buffer;
}

/** The Castagnoli CRC of OP_MSG's checksum; drivers hardly ever send it. */
export function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f6_3b78 : 0);
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
