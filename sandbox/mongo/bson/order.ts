import { type Binary, type Doc, type Int32, isDoc, isNumber, type Maybe, type TypeName, typeOf } from './values.ts';

/**
 * Every value has a key: a string of bytes (latin1) with the property that keys compare as MongoDB compares the
 * values, and are equal exactly if the values are (numbers of all types by value). No key is the beginning of
 * another, so keys may be put one after the other. Byte 0xff begins no key, turned round or not: `key + AFTER` lies
 * behind all rows of keys that begin with `key`. Indexes, sorting, grouping, `$in` and equality all go by these keys.
 */
export type Key = string;

export const AFTER = '\xff';
/** What an empty array is in an index or sort key: before null. */
export const EMPTY_ARRAY_KEY = '\x05';
const NULL_KEY = '\x0a';

const BRACKETS: Readonly<Record<TypeName, string>> = {
  minKey: '\x01',
  null: NULL_KEY,
  int: '\x14',
  long: '\x14',
  double: '\x14',
  string: '\x1e',
  object: '\x28',
  array: '\x32',
  binData: '\x3c',
  objectId: '\x46',
  bool: '\x50',
  date: '\x5a',
  regex: '\x6e',
  maxKey: '\x7f',
};

const NUMBER_BYTES = Buffer.alloc(8);
const LONG_DOUBLES = 2 ** 53;

/** The first byte of the key: types that compare with each other share it. */
export function bracketOf(value: Maybe): string {
  return value === undefined ? NULL_KEY : BRACKETS[typeOf(value)];
}

export function keyOf(value: Maybe): Key {
  if (value === undefined || value === null) return NULL_KEY;
  if (typeof value === 'string') return `\x1e${textKey(value)}`;
  if (isNumber(value)) return `\x14${numberKey(value)}`;
  if (typeof value === 'boolean') return value ? '\x50\x01' : '\x50\x00';
  if (value instanceof Date) return `\x5a${doubleKey(value.getTime())}`;
  if (isDoc(value)) return `\x28${docKey(value)}`;
  if (Array.isArray(value)) return `\x32${value.map(keyOf).join('')}\0`;
  switch (value.type) {
    case 'objectId':
      return `\x46${value.bytes}`;
    case 'binData':
      return `\x3c${binaryKey(value)}`;
    case 'regex':
      return `\x6e${textKey(value.pattern)}${textKey(value.options)}`;
    case 'minKey':
      return BRACKETS.minKey;
    case 'maxKey':
      return BRACKETS.maxKey;
    default:
      return NULL_KEY;
  }
}

/** The same key for a descending field: every byte turned round. */
export function invertKey(key: Key): Key {
  let result = '';
  for (let at = 0; at < key.length; at += 1) result += String.fromCharCode(255 - key.charCodeAt(at));
  return result;
}

export function compareKeys(a: Key, b: Key): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** By BSON order; missing counts as null. */
export function compare(a: Maybe, b: Maybe): number {
  if (typeof a === 'number' && typeof b === 'number' && !Number.isNaN(a - b)) return a - b;
  return compareKeys(keyOf(a), keyOf(b));
}

export function isEqual(a: Maybe, b: Maybe): boolean {
  return a === b || keyOf(a) === keyOf(b);
}

/** UTF-8 and a NUL; the bytes 0 and 1 become 1 1 and 1 2, so that no text's key is the beginning of another's. */
function textKey(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the two control characters are what must be found
  if (/^[\x02-\x7f]*$/.test(value)) return `${value}\0`;
  const bytes = Buffer.from(value, 'utf8').toString('latin1');
  return `${bytes.replaceAll('\x01', '\x01\x02').replaceAll('\0', '\x01\x01')}\0`;
}

function numberKey(value: number | bigint | Int32): string {
  if (typeof value === 'number') return doubleKey(value) + (Math.abs(value) >= LONG_DOUBLES ? '\x80\x00' : '');
  if (typeof value !== 'bigint') return doubleKey(value.value);
  const near = Number(value);
  if (Math.abs(near) < LONG_DOUBLES) return doubleKey(near);
  // The nearest double first, then how far the long lies from it (at most 512).
  const rest = Number(value - BigInt(near)) + 0x8000;
  return doubleKey(near) + String.fromCharCode(rest >> 8, rest & 0xff);
}

function doubleKey(value: number): string {
  if (Number.isNaN(value)) return '\0\0\0\0\0\0\0\0';
  const bytes = NUMBER_BYTES;
  bytes.writeDoubleBE(value === 0 ? 0 : value, 0);
  if (value < 0) for (let at = 0; at < 8; at += 1) bytes[at] = 255 - (bytes[at] ?? 0);
  else bytes[0] = (bytes[0] ?? 0) | 0x80;
  return bytes.toString('latin1');
}

/** Field by field: the type, then the name, then the value; an object that ends first is less. */
function docKey(doc: Doc): string {
  let key = '';
  for (const [name, value] of doc) key += bracketOf(value) + textKey(name) + keyOf(value);
  return `${key}\0`;
}

/** By length, then subtype, then bytes. */
function binaryKey(value: Binary): string {
  const length = value.bytes.length;
  const head = String.fromCharCode(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255);
  return head + String.fromCharCode(value.subType) + value.bytes;
}
