import { decodeDoc } from '../bson/decode.ts';
import { type Doc, isDoc, isNumber, toNumber, typeOf, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import type { Context } from './context.ts';
import { arrayField, checkField, checkHint, needed, wrongType } from './forms.ts';

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
  const beside = context.sequences.get('documents');
  if (!beside) return listField(context, 'insert', 'documents').map((given) => ({ given, raw: undefined }));
  checkBatch(beside.length);
  return beside.map((buffer) => ({ given: decodeDoc(buffer), raw: buffer.toString('latin1') }));
}

export function updatesOf(context: Context): Doc[] {
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
  const list: readonly Value[] = beside ?? arrayField(context.command, command, name);
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
