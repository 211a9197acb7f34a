import { type Doc, isDoc, isNumber, type Maybe, typeOf, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { countField } from './context.ts';
import { FIRST_BATCH } from './cursors.ts';

/*
 * The form of commands, as MongoDB reads them: a field of another type is an error, nothing is converted, and null is as
 * good as missing.
 */

const IS_OF: Readonly<Record<'object' | 'array' | 'bool' | 'string', (value: Value) => boolean>> = {
  object: isDoc,
  array: Array.isArray,
  bool: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
};

/** Throws Fault 14 unless the field is of the type or missing, 40414 if it is required and missing. */
export function checkField(doc: Doc, where: string, name: string, type: keyof typeof IS_OF, isRequired = false): void {
  const value = isRequired ? needed(doc, where, name) : doc.get(name);
  if (value === undefined || value === null || IS_OF[type](value)) return;
  throw wrongType(`${where}.${name}`, value, type);
}

/** A list that has to be there. */
export function arrayField(doc: Doc, where: string, name: string): readonly Value[] {
  const value = needed(doc, where, name);
  if (Array.isArray(value)) return value;
  throw wrongType(`${where}.${name}`, value, 'array');
}

export function needed(doc: Doc, where: string, name: string): Value {
  const value = doc.get(name);
  if (value !== undefined && value !== null) return value;
  throw new Fault(40414, `BSON field '${where}.${name}' is missing but a required field`);
}

export function wrongType(where: string, value: Value, type: string): Fault {
  return new Fault(14, `BSON field '${where}' is the wrong type '${typeOf(value)}', expected type '${type}'`);
}

export function checkHint(hint: Maybe): void {
  if (hint !== undefined && typeof hint !== 'string' && !isDoc(hint))
    throw new Fault(9, 'Hint must be a string or an object');
}

/** Options that are true or false and, unlike others, no number. */
const STRICT_FLAGS = ['singleBatch', 'noCursorTimeout', 'allowDiskUse', 'allowPartialResults', 'ordered'];
const FLAGS = [
  'bypassDocumentValidation',
  'nameOnly',
  'authorizedCollections',
  'authorizedDatabases',
  'showPrivileges',
  'autoIndexId',
];

/** Also those that make no difference here have to be what they must be in MongoDB. */
export function checkFlags(name: string, body: Doc): void {
  for (const flag of STRICT_FLAGS) checkField(body, name, flag, 'bool');
  for (const flag of FLAGS) if (!isNumber(body.get(flag))) checkField(body, name, flag, 'bool');
}

/** The batch size of a command's `cursor` option, which has nothing else in it. */
export function cursorBatch(name: string, body: Doc): number {
  checkField(body, name, 'cursor', 'object');
  const cursor = body.get('cursor');
  if (!isDoc(cursor)) return FIRST_BATCH;
  for (const field of cursor.keys()) if (field !== 'batchSize') throw unsupported(`the cursor option ${field}`);
  return countField(cursor, 'batchSize', FIRST_BATCH);
}
