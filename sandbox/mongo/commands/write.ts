import { decodeDoc } from '../bson/decode.ts';
import { encodeRaw, type Reply, type Sendable } from '../bson/encode.ts';
import { int, type Maybe, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { insertRecord, removeRecord } from '../store/collection.ts';
import { runQuery } from '../store/run.ts';
import { storable } from '../store/storable.ts';
import { ensureCollection, findCollection } from '../store/store.ts';
import { checkSupported } from '../supported.ts';
import { type Context, collectionName, docField, flagField, wholeField } from './context.ts';
import { parseEntryQuery, runUpdate } from './modify.ts';

const MAX_BATCH = 100_000;

interface Outcome {
  n: number;
  nModified: number;
  readonly upserted: Sendable[];
  readonly errors: Sendable[];
}

export function insert(context: Context): Reply {
  const name = collectionName(context);
  const docs = documentsOf(context);
  const collection = ensureCollection(context.store, context.database, name);
  const outcome = eachEntry(context, docs, ({ given, raw }) => {
    const doc = storable(given);
    insertRecord(collection, doc, doc === given && raw !== undefined ? raw : encodeRaw(doc));
    return { n: 1 };
  });
  return answer(outcome);
}

export function update(context: Context): Reply {
  const name = collectionName(context);
  const entries = listField(context, 'updates').map((entry) => docField(entry, 'updates'));
  for (const entry of entries) {
    for (const field of entry.keys()) checkSupported('updateEntry', field, `the field ${field} of an update`);
  }
  const outcome = eachEntry(context, entries, (entry, index, sum) => {
    const done = runUpdate(context, name, entry);
    if (done.upsertedId !== undefined) sum.upserted.push({ index: int(index), _id: done.upsertedId });
    return done;
  });
  const { nModified, upserted } = outcome;
  return { ...answer(outcome), nModified: int(nModified), upserted: upserted.length > 0 ? upserted : undefined };
}

export function remove(context: Context): Reply {
  const name = collectionName(context);
  const entries = listField(context, 'deletes').map((entry) => docField(entry, 'deletes'));
  for (const entry of entries) {
    for (const field of entry.keys()) checkSupported('deleteEntry', field, `the field ${field} of a delete`);
  }
  const outcome = eachEntry(context, entries, (entry) => {
    const query = parseEntryQuery(context, entry);
    const limit = wholeField(entry, 'limit', 0);
    if (limit !== 0 && limit !== 1)
      throw new Fault(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
    const collection = findCollection(context.store, context.database, name);
    const found = [...runQuery(collection, { ...query, limit })];
    for (const { id, doc } of found) if (collection) removeRecord(collection, id, doc);
    return { n: found.length };
  });
  return answer(outcome);
}

interface Incoming {
  readonly given: Value;
  /** The bytes it came in, if it came beside the body: they can be stored as they are. */
  readonly raw: string | undefined;
}

function documentsOf(context: Context): Incoming[] {
  const beside = context.sequences.get('documents');
  if (!beside) return listField(context, 'documents').map((given) => ({ given, raw: undefined }));
  checkBatch(beside.length);
  return beside.map((buffer) => ({ given: decodeDoc(buffer), raw: buffer.toString('latin1') }));
}

/** The documents of a command, from its body or from beside it. */
function listField(context: Context, name: string): Value[] {
  const beside = context.sequences.get(name);
  const list: Maybe = beside ? beside.map((buffer) => decodeDoc(buffer)) : context.command.get(name);
  if (!Array.isArray(list)) throw new Fault(40414, `BSON field '${name}' is missing but a required field`);
  checkBatch(list.length);
  return list;
}

/** One after the other; an ordered batch ends at the first error. */
function eachEntry<Entry>(
  context: Context,
  entries: readonly Entry[],
  run: (entry: Entry, index: number, outcome: Outcome) => { n: number; nModified?: number },
): Outcome {
  const isOrdered = flagField(context.command, 'ordered', true);
  const outcome: Outcome = { n: 0, nModified: 0, upserted: [], errors: [] };
  for (const [index, entry] of entries.entries()) {
    try {
      const done = run(entry, index, outcome);
      outcome.n += done.n;
      outcome.nModified += done.nModified ?? 0;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      outcome.errors.push({
        index: int(index),
        code: int(error.code),
        errmsg: error.message,
        ...Object.fromEntries(error.extra ?? []),
      });
      if (isOrdered) break;
    }
  }
  return outcome;
}

function answer(outcome: Outcome): Reply {
  return { n: int(outcome.n), writeErrors: outcome.errors.length > 0 ? outcome.errors : undefined };
}

function checkBatch(length: number): void {
  if (length > 0 && length <= MAX_BATCH) return;
  throw new Fault(16, `Write batch sizes must be between 1 and ${MAX_BATCH}. Got ${length} operations.`);
}
