import { type Doc, isDoc, newObjectId, Regex, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';

/** A document as it may be stored, `_id` first. Throws Fault 53 for ids that cannot be, 115 for field names with `$`. */
export function storable(given: Value): Doc {
  if (!isDoc(given)) throw new Fault(14, 'documents must be objects');
  checkStorable(given);
  const id = given.get('_id');
  const first = given.keys().next();
  if (!first.done && first.value === '_id') return given;
  const doc: Doc = new Map([['_id', id ?? newObjectId()]]);
  for (const [name, value] of given) if (name !== '_id') doc.set(name, value);
  return doc;
}

/** What no stored document may have. */
export function checkStorable(doc: Doc): void {
  const id = doc.get('_id');
  if (Array.isArray(id) || id instanceof Regex) {
    throw new Fault(53, `The '_id' value cannot be of type ${Array.isArray(id) ? 'array' : 'regex'}`);
  }
  refuseDollars(doc);
}

function refuseDollars(value: Value): void {
  if (Array.isArray(value)) for (const element of value) refuseDollars(element);
  if (!isDoc(value)) return;
  for (const [name, member] of value) {
    if (name.startsWith('$')) throw unsupported(`the field name ${name} in a document`);
    if (member !== null && typeof member === 'object') refuseDollars(member);
  }
}
