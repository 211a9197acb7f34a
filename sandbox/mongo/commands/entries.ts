import { decodeDoc } from '../bson/decode.ts';
import { type Doc, isDoc, isNumber, type Maybe, toNumber, typeOf, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import type { Context } from './context.ts';

/*
 * What `insert`, `update` and `delete` carry. As in MongoDB, a wrong form (a field that is missing or of another type)
 * fails the whole command before anything is done; what is wrong with what an entry says fails that entry alone.
 */

const MAX_BATCH = 100_000;

export interface Incoming {
  readonly given: Value;
  /** The bytes it came in, if it came beside the body: they can be stored as they are. */
  readonly raw: string | undefined;
}

export function documentsOf(context: Context): Incoming[] {
  checkField(context.command, 'insert', 'ordered', 'bool');
  const beside = context.sequences.get('documents');
  if (!beside) return listField(context, 'insert', 'documents').map((given) => ({ given, raw: undefined }));
  checkBatch(beside.length);
  return beside.map((buffer) => ({ given: decodeDoc(buffer), raw: buffer.toString('latin1') }));
}

export function updatesOf(context: Context): Doc[] {
  checkField(context.command, 'update', 'ordered', 'bool');
  const entries = listField(context, 'update', 'updates');
  for (const entry of entries) {
    for (const field of entry.keys()) checkSupported('updateEntry', field, `the field ${field} of an update`);
    checkField(entry, 'update.updates', 'q', 'object', true);
    for (const flag of ['multi', 'upsert']) checkField(entry, 'update.updates', flag, 'bool');
    checkField(entry, 'update.updates', 'arrayFilters', 'array');
    checkHint(entry.get('hint'));
    const update = needed(entry, 'update.updates', 'u');
    if (Array.isArray(update)) throw unsupported('an aggregation pipeline as an update');
    if (!isDoc(update)) throw new Fault(9, 'Update argument must be either an object or an array');
  }
  return entries;
}

export function deletesOf(context: Context): Doc[] {
  checkField(context.command, 'delete', 'ordered', 'bool');
  const entries = listField(context, 'delete', 'deletes');
  for (const entry of entries) {
    for (const field of entry.keys()) checkSupported('deleteEntry', field, `the field ${field} of a delete`);
    checkField(entry, 'delete.deletes', 'q', 'object', true);
    checkHint(entry.get('hint'));
    const limit = needed(entry, 'delete.deletes', 'limit');
    if (!isNumber(limit) || ![0, 1].includes(toNumber(limit))) {
      const got = isNumber(limit) ? toNumber(limit) : typeOf(limit);
      throw new Fault(9, `The limit field in delete objects must be 0 or 1. Got ${got}`);
    }
  }
  return entries;
}

/** The documents of a command, from its body or from beside it. */
function listField(context: Context, command: string, name: string): Doc[] {
  const beside = context.sequences.get(name)?.map((buffer) => decodeDoc(buffer));
  if (!beside) checkField(context.command, command, name, 'array', true);
  const list: Maybe = beside ?? context.command.get(name);
  if (!Array.isArray(list)) return [];
  checkBatch(list.length);
  return list.map((entry, index) => {
    if (!isDoc(entry)) throw wrongType(`${command}.${name}.${index}`, entry, 'object');
    return entry;
  });
}

function checkBatch(length: number): void {
  if (length > 0 && length <= MAX_BATCH) return;
  throw new Fault(16, `Write batch sizes must be between 1 and ${MAX_BATCH}. Got ${length} operations.`);
}

const IS_OF: Readonly<Record<'object' | 'array' | 'bool', (value: Value) => boolean>> = {
  object: isDoc,
  array: Array.isArray,
  bool: (value) => typeof value === 'boolean',
};

/** As MongoDB reads its commands: null is as good as missing, and nothing is converted. */
function checkField(doc: Doc, where: string, name: string, type: keyof typeof IS_OF, isRequired = false): void {
  const value = isRequired ? needed(doc, where, name) : doc.get(name);
  if (value === undefined || value === null || IS_OF[type](value)) return;
  throw wrongType(`${where}.${name}`, value, type);
}

function needed(doc: Doc, where: string, name: string): Value {
  const value = doc.get(name);
  if (value !== undefined && value !== null) return value;
  throw new Fault(40414, `BSON field '${where}.${name}' is missing but a required field`);
}

function wrongType(where: string, value: Value, type: string): Fault {
  return new Fault(14, `BSON field '${where}' is the wrong type '${typeOf(value)}', expected type '${type}'`);
}

function checkHint(hint: Maybe): void {
  if (hint !== undefined && typeof hint !== 'string' && !isDoc(hint))
    throw new Fault(9, 'Hint must be a string or an object');
}
