import type { Key } from '../bson/order.ts';
import { type Doc, isDoc, isNumber, type Maybe, toNumber } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { docKeys, type KeyPart } from '../store/index-keys.ts';
import { isArrayIndex } from './path.ts';

/**
 * A sort specification as the parts of an index key: `{ a: 1, 'b.c': -1 }`.
 * Throws Fault 14 or 15974 and the like for bad ones, 115 for `$meta`.
 */
export function parseSort(value: Maybe): KeyPart[] {
  if (value === undefined) return [];
  if (!isDoc(value)) throw new Fault(14, 'Expected field sort to be of type object');
  return [...value].map(([name, direction]) => {
    if (isDoc(direction)) throw unsupported('sorting by $meta');
    const number = isNumber(direction) ? toNumber(direction) : 0;
    if (number !== 1 && number !== -1) throw new Fault(15975, `$sort key ordering must be 1 (for ascending) or -1`);
    if (name === '$natural') throw unsupported('sorting by $natural');
    if (name === '') throw new Fault(15998, 'FieldPath cannot be constructed with empty string');
    if (name.startsWith('$')) throw new Fault(16410, `FieldPath field names may not start with '$'`);
    const path = name.split('.');
    if (path.some(isArrayIndex)) throw unsupported(`sorting by the array position ${name}`);
    return { path, name, descending: number < 0 };
  });
}

/**
 * The key by which a document sorts: the first of those an index on the same fields would hold it under. So of an
 * array it is the least element ascending, the greatest descending, and an empty array comes before null.
 * Throws Fault 2 for two arrays side by side.
 */
export function sortKey(doc: Doc, parts: readonly KeyPart[]): Key {
  try {
    const { keys } = docKeys(doc, parts, false);
    return (keys.length === 1 ? keys[0] : [...keys].sort()[0]) ?? '';
  } catch (error) {
    if (error instanceof Fault && error.code === 171)
      throw new Fault(2, 'cannot sort with keys that are parallel arrays');
    throw error;
  }
}
