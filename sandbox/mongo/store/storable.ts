import { MAX_DEPTH } from '../bson/decode.ts';
import { type Doc, isDoc, newObjectId, Regex, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';

/** A document as it may be stored, `_id` first. Throws Fault 53 for ids that cannot be, 115 for field names with `$`. */
export function storable(given: Value): Doc {
  if (!isDoc(given)) throw new Fault(14, 'documents must be objects');
  checkStorable(given);
  const first = given.keys().next();
  if (!first.done && first.value === '_id') return given;
  const doc: Doc = new Map([['_id', idOf(given)]]);
  for (const [name, value] of given) if (name !== '_id') doc.set(name, value);
  return doc;
}

/** The document's own id, null too, or a new one. */
export function idOf(doc: Doc): Value {
  const id = doc.get('_id');
  return id === undefined ? newObjectId() : id;
}

/** What no stored document may have. */
export function checkStorable(doc: Doc): void {
  const id = doc.get('_id');
  if (Array.isArray(id) || id instanceof Regex) {
    throw new Fault(53, `The '_id' value cannot be of type ${Array.isArray(id) ? 'array' : 'regex'}`);
  }
  refuseDollars(doc, 1);
}

function refuseDollars(value: Value, depth: number): void {
  if (depth > MAX_DEPTH) throw new Fault(15, `the document is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (const element of value) if (isNested(element)) refuseDollars(element, depth + 1);
  } else if (isDoc(value)) {
    for (const [name, member] of value) {
      if (name.startsWith('$')) throw unsupported(`the field name ${name} in a document`);
      if (isNested(member)) refuseDollars(member, depth + 1);
    }
  }
}

function isNested(value: Value): boolean {
  return value !== null && typeof value === 'object';
}
