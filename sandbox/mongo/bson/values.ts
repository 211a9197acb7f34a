import { randomBytes } from 'node:crypto';

/**
 * The values of a document, one JavaScript shape a BSON type, so that nothing is lost on the way through:
 * double = number, int = Int32, long = bigint, object = Map (any field name, order kept), missing = undefined.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Int32
  | ObjectId
  | Binary
  | Regex
  | MinKey
  | MaxKey
  | Value[]
  | Doc;
export type Doc = Map<string, Value>;
export type Maybe = Value | undefined;

/** The names `$type` knows, with their numbers, for the types that can be stored. */
export const TYPE_NUMBERS = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  int: 16,
  long: 18,
  minKey: -1,
  maxKey: 127,
} as const;
export type TypeName = keyof typeof TYPE_NUMBERS;

let counter = randomBytes(3).readUIntBE(0, 3);
const processUnique = randomBytes(5);

export function typeOf(value: Value): TypeName {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number') return 'double';
  if (typeof value === 'bigint') return 'long';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return 'null';
  if (value instanceof Map) return 'object';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  return value.type;
}

export function isDoc(value: unknown): value is Doc {
  return value instanceof Map;
}

export function isNumber(value: Maybe): value is number | bigint | Int32 {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Int32;
}

/** The value of a number of any type as a double; longs beyond 2^53 are rounded. */
export function toNumber(value: number | bigint | Int32): number {
  if (typeof value === 'number') return value;
  return typeof value === 'bigint' ? Number(value) : value.value;
}

/** MongoDB's truth: everything but false, null, missing and zero. */
export function isTruthy(value: Maybe): boolean {
  if (value === undefined || value === null || value === false) return false;
  return isNumber(value) ? toNumber(value) !== 0 : true;
}

export function newObjectId(): ObjectId {
  const bytes = Buffer.allocUnsafe(12);
  bytes.writeUInt32BE(Math.floor(Date.now() / 1000) % 0x1_0000_0000, 0);
  processUnique.copy(bytes, 4);
  counter = (counter + 1) % 0x100_0000;
  bytes.writeUIntBE(counter, 9, 3);
  return new ObjectId(bytes.toString('latin1'));
}

/** A document from pairs; pairs with an undefined value are left out. */
export function docOf(fields: Readonly<Record<string, Maybe>>): Doc {
  const doc: Doc = new Map();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) doc.set(name, value);
  return doc;
}

/** A whole number in the smallest type that holds it, as the server answers counts. */
export function int(value: number): Int32 | bigint {
  return value >= -0x8000_0000 && value <= 0x7fff_ffff ? new Int32(value) : BigInt(value);
}

export class Int32 {
  readonly type = 'int';
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** `bytes` is a latin1 string of 12 characters. */
export class ObjectId {
  readonly type = 'objectId';
  readonly bytes: string;
  constructor(bytes: string) {
    this.bytes = bytes;
  }
}

/** `bytes` is a latin1 string. */
export class Binary {
  readonly type = 'binData';
  readonly subType: number;
  readonly bytes: string;
  constructor(subType: number, bytes: string) {
    this.subType = subType;
    this.bytes = bytes;
  }
}

export class Regex {
  readonly type = 'regex';
  readonly pattern: string;
  readonly options: string;
  constructor(pattern: string, options: string) {
    this.pattern = pattern;
    this.options = options;
  }
}

export class MinKey {
  readonly type = 'minKey';
}

export class MaxKey {
  readonly type = 'maxKey';
}
