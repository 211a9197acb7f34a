import { isUtf8 } from 'node:buffer';
import { Fault, unsupported } from '../errors.ts';
import { Binary, type Doc, Int32, MaxKey, MinKey, ObjectId, Regex, type Value } from './values.ts';

/** MongoDB's limit on nesting; deeper documents are refused with code 15. */
export const MAX_DEPTH = 180;
const MAX_DATE_MS = 8_640_000_000_000_000n;

const REFUSED_TYPES: Readonly<Record<number, string>> = {
  6: 'the BSON type undefined',
  12: 'the BSON type dbPointer',
  13: 'the BSON type javascript',
  14: 'the BSON type symbol',
  15: 'the BSON type javascriptWithScope',
  17: 'the BSON type timestamp',
  19: 'the BSON type decimal',
};

/** A place in a buffer and the end of the document around it. */
interface Reader {
  readonly buffer: Buffer;
  at: number;
  end: number;
}

/**
 * The document that begins at `start`; the length it gives must lie within the buffer.
 * Throws Fault 22 for bytes that are no BSON, 15 for nesting beyond 180, 115 for a type that is not supported.
 */
export function decodeDoc(buffer: Buffer, start = 0): Doc {
  const reader = { buffer, at: start, end: buffer.length };
  return readDoc(reader, 1);
}

/** The length a document claims, checked against the bytes that are there. */
export function docLength(buffer: Buffer, start: number, end: number): number {
  if (end - start < 5) throw invalid('a document has at least 5 bytes');
  const length = buffer.readInt32LE(start);
  if (length < 5 || length > end - start) throw invalid(`a document of ${length} bytes where ${end - start} are left`);
  return length;
}

function invalid(detail: string): Fault {
  return new Fault(22, `Invalid BSON: ${detail}`);
}

function readDoc(reader: Reader, depth: number): Doc {
  const doc: Doc = new Map();
  readElements(reader, depth, (name, value) => {
    const before = doc.size;
    doc.set(name, value);
    if (doc.size === before) throw unsupported(`a document with two fields of the name ${name}`);
  });
  return doc;
}

function readArray(reader: Reader, depth: number): Value[] {
  const values: Value[] = [];
  readElements(reader, depth, (_name, value) => values.push(value));
  return values;
}

function readElements(reader: Reader, depth: number, take: (name: string, value: Value) => void): void {
  if (depth > MAX_DEPTH) throw new Fault(15, `the document is nested deeper than ${MAX_DEPTH} levels`);
  const { buffer } = reader;
  const outerEnd = reader.end;
  const end = reader.at + docLength(buffer, reader.at, outerEnd);
  reader.at += 4;
  reader.end = end - 1;
  for (;;) {
    const type = buffer[reader.at] ?? 0;
    reader.at += 1;
    if (reader.at >= end || type === 0) break;
    const name = readName(reader);
    take(name, readValue(reader, type, depth));
  }
  if (reader.at !== end) throw invalid('a document does not end where its length says');
  reader.end = outerEnd;
}

function readName(reader: Reader): string {
  const { buffer, at } = reader;
  const zero = buffer.indexOf(0, at);
  if (zero < 0 || zero >= reader.end) throw invalid('a name without an end');
  reader.at = zero + 1;
  return text(buffer, at, zero);
}

/** Short ASCII, the usual case, without the cost of a call into native code. */
function text(buffer: Buffer, from: number, to: number): string {
  if (to - from > 12) return utf8(buffer, from, to);
  let result = '';
  for (let at = from; at < to; at += 1) {
    const byte = buffer[at] ?? 0;
    if (byte > 0x7f) return utf8(buffer, from, to);
    result += String.fromCharCode(byte);
  }
  return result;
}

/** Bytes that are no UTF-8 would come out as U+FFFD, and would not go back as they came. */
function utf8(buffer: Buffer, from: number, to: number): string {
  const result = buffer.toString('utf8', from, to);
  if (result.includes('\ufffd') && !isUtf8(buffer.subarray(from, to))) throw unsupported('text that is not UTF-8');
  return result;
}

function take(reader: Reader, length: number): number {
  const at = reader.at;
  if (length < 0 || length > reader.end - at) throw invalid('a value reaches beyond its document');
  reader.at = at + length;
  return at;
}

function readValue(reader: Reader, type: number, depth: number): Value {
  const { buffer } = reader;
  switch (type) {
    case 0x01:
      return buffer.readDoubleLE(take(reader, 8));
    case 0x02:
      return readString(reader);
    case 0x03:
      return readDoc(reader, depth + 1);
    case 0x04:
      return readArray(reader, depth + 1);
    case 0x05:
      return readBinary(reader);
    case 0x07: {
      const at = take(reader, 12);
      return new ObjectId(buffer.toString('latin1', at, at + 12));
    }
    case 0x08:
      return buffer[take(reader, 1)] === 1;
    case 0x09:
      return readDate(reader);
    case 0x0a:
      return null;
    case 0x0b:
      return new Regex(readName(reader), readName(reader));
    case 0x10:
      return new Int32(buffer.readInt32LE(take(reader, 4)));
    case 0x12:
      return buffer.readBigInt64LE(take(reader, 8));
    case 0xff:
      return new MinKey();
    case 0x7f:
      return new MaxKey();
    default: {
      const refused = REFUSED_TYPES[type];
      throw refused ? unsupported(refused) : invalid(`unknown type ${type}`);
    }
  }
}

function readString(reader: Reader): string {
  const length = reader.buffer.readInt32LE(take(reader, 4));
  const at = take(reader, length);
  if (length < 1 || reader.buffer[at + length - 1] !== 0) throw invalid('a string without an end');
  return text(reader.buffer, at, at + length - 1);
}

function readBinary(reader: Reader): Binary {
  const length = reader.buffer.readInt32LE(take(reader, 4));
  const subType = reader.buffer[take(reader, 1)] ?? 0;
  const at = take(reader, length);
  return new Binary(subType, reader.buffer.toString('latin1', at, at + length));
}

function readDate(reader: Reader): Date {
  const at = take(reader, 8);
  const low = reader.buffer.readUInt32LE(at);
  const high = reader.buffer.readInt32LE(at + 4);
  if (high > -0x100000 && high < 0x100000) return new Date(high * 0x1_0000_0000 + low);
  const ms = reader.buffer.readBigInt64LE(at);
  if (ms > MAX_DATE_MS || ms < -MAX_DATE_MS) throw unsupported('a date outside the years -271821 to 275760');
  return new Date(Number(ms));
}
