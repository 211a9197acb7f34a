import { decodeDoc } from './decode.ts';
import { Binary, type Doc, Int32, MaxKey, MinKey, ObjectId, Regex, type Value } from './values.ts';

/**
 * A document as stored: its BSON bytes in a latin1 string. It costs 16 bytes beside them, the garbage collector
 * can move it, it cannot change, and two are equal exactly if `===` says so.
 */
export type RawDoc = string;

/** What a reply may hold: values, and stored documents that are copied as they are. */
export type Reply = { readonly [name: string]: Sendable | undefined };
export type Sendable = Value | Raw | readonly Sendable[] | Reply;

const FIRST_SIZE = 64 * 1024;
let scratch = Buffer.allocUnsafe(FIRST_SIZE);
let decodeScratch = Buffer.allocUnsafe(FIRST_SIZE);

/** Marks a stored document inside a reply. */
export class Raw {
  readonly bytes: RawDoc;
  constructor(bytes: RawDoc) {
    this.bytes = bytes;
  }
}

export function encodeRaw(doc: Doc): RawDoc {
  const end = writeDoc(doc, 0);
  return scratch.toString('latin1', 0, end);
}

export function decodeRaw(raw: RawDoc): Doc {
  if (raw.length > decodeScratch.length) decodeScratch = Buffer.allocUnsafe(raw.length * 2);
  decodeScratch.write(raw, 0, 'latin1');
  const doc = decodeDoc(decodeScratch);
  if (decodeScratch.length > 16 * FIRST_SIZE) decodeScratch = Buffer.allocUnsafe(FIRST_SIZE);
  return doc;
}

/** A fresh buffer: `headRoom` unused bytes, then the document. */
export function encodeReply(reply: Reply | Doc, headRoom: number): Buffer {
  const end = writeDoc(reply, headRoom);
  const written = scratch.subarray(0, end);
  if (scratch.length <= 16 * FIRST_SIZE) return Buffer.from(written);
  // A large one is given away as it is: to copy it would take as much memory again.
  scratch = Buffer.allocUnsafe(FIRST_SIZE);
  return written;
}

function reserve(end: number): void {
  if (end <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(end, scratch.length * 2));
  scratch.copy(larger);
  scratch = larger;
}

function writeDoc(doc: Doc | Reply, start: number): number {
  let at = start + 4;
  if (doc instanceof Map) for (const [name, value] of doc) at = writeElement(name, value, at);
  else for (const [name, value] of Object.entries(doc)) if (value !== undefined) at = writeElement(name, value, at);
  return endDoc(start, at);
}

function writeArray(values: readonly Sendable[], start: number): number {
  let at = start + 4;
  reserve(at + storedBytes(values));
  for (let index = 0; index < values.length; index += 1) at = writeElement(String(index), values[index] ?? null, at);
  return endDoc(start, at);
}

/** Of the stored documents among them, with their names: room is made once, not by doubling time and again. */
function storedBytes(values: readonly Sendable[]): number {
  let bytes = 0;
  for (const value of values) if (value instanceof Raw) bytes += value.bytes.length + 8;
  return bytes;
}

function endDoc(start: number, at: number): number {
  reserve(at + 1);
  scratch[at] = 0;
  scratch.writeInt32LE(at + 1 - start, start);
  return at + 1;
}

/** `at` is where the type byte goes; each writer reserves what it needs. */
function writeElement(name: string, value: Sendable, at: number): number {
  reserve(at + 1 + name.length * 3 + 32);
  const body = at + 1 + scratch.write(name, at + 1, 'utf8') + 1;
  scratch[body - 1] = 0;
  if (typeof value === 'string') return writeString(value, at, body);
  if (typeof value === 'number') {
    scratch[at] = 0x01;
    return scratch.writeDoubleLE(value, body);
  }
  if (typeof value === 'bigint') {
    scratch[at] = 0x12;
    return scratch.writeBigInt64LE(value, body);
  }
  if (typeof value === 'boolean') {
    scratch[at] = 0x08;
    scratch[body] = value ? 1 : 0;
    return body + 1;
  }
  if (value === null) {
    scratch[at] = 0x0a;
    return body;
  }
  return writeObject(value, at, body);
}

function writeObject(
  value: Exclude<Sendable, string | number | bigint | boolean | null>,
  at: number,
  body: number,
): number {
  if (value instanceof Map) {
    scratch[at] = 0x03;
    return writeDoc(value, body);
  }
  if (value instanceof Int32) {
    scratch[at] = 0x10;
    return scratch.writeInt32LE(value.value, body);
  }
  if (value instanceof Date) {
    scratch[at] = 0x09;
    return scratch.writeBigInt64LE(BigInt(value.getTime()), body);
  }
  if (value instanceof ObjectId) {
    scratch[at] = 0x07;
    return body + scratch.write(value.bytes, body, 'latin1');
  }
  if (value instanceof Raw) {
    scratch[at] = 0x03;
    reserve(body + value.bytes.length);
    return body + scratch.write(value.bytes, body, 'latin1');
  }
  if (value instanceof Binary) return writeBinary(value, at, body);
  if (value instanceof Regex) return writeRegex(value, at, body);
  if (value instanceof MinKey || value instanceof MaxKey) {
    scratch[at] = value instanceof MinKey ? 0xff : 0x7f;
    return body;
  }
  if (isList(value)) {
    scratch[at] = 0x04;
    return writeArray(value, body);
  }
  scratch[at] = 0x03;
  return writeDoc(value, body);
}

function isList(value: object): value is readonly Sendable[] {
  return Array.isArray(value);
}

function writeString(value: string, at: number, body: number): number {
  scratch[at] = 0x02;
  reserve(body + 5 + value.length * 3);
  const length = scratch.write(value, body + 4, 'utf8');
  scratch.writeInt32LE(length + 1, body);
  scratch[body + 4 + length] = 0;
  return body + 5 + length;
}

function writeBinary(value: Binary, at: number, body: number): number {
  scratch[at] = 0x05;
  reserve(body + 5 + value.bytes.length);
  scratch.writeInt32LE(value.bytes.length, body);
  scratch[body + 4] = value.subType;
  return body + 5 + scratch.write(value.bytes, body + 5, 'latin1');
}

function writeRegex(value: Regex, at: number, body: number): number {
  scratch[at] = 0x0b;
  reserve(body + (value.pattern.length + value.options.length) * 3 + 2);
  let end = body + scratch.write(value.pattern, body, 'utf8');
  scratch[end] = 0;
  end += 1;
  end += scratch.write(value.options, end, 'utf8');
  scratch[end] = 0;
  return end + 1;
}
