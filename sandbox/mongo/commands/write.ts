import { encodeRaw, type Reply, type Sendable } from '../bson/encode.ts';
import { int } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { insertRecord, removeRecord } from '../store/collection.ts';
import { runQuery } from '../store/run.ts';
import { storable } from '../store/storable.ts';
import { checkNamespace, ensureCollection, findCollection } from '../store/store.ts';
import { type Context, collectionName, flagField, wholeField } from './context.ts';
import { deletesOf, documentsOf, updatesOf } from './entries.ts';
import { parseEntryQuery, runUpdate } from './modify.ts';

interface Outcome {
  n: number;
  nModified: number;
  readonly upserted: Sendable[];
  readonly errors: Sendable[];
}

export function insert(context: Context): Reply {
  const name = collectionName(context);
  const docs = documentsOf(context);
  checkNamespace(context.database, name);
  const outcome = eachEntry(context, docs, ({ given, raw }) => {
    const doc = storable(given);
    // Only here: documents that cannot be stored make no collection.
    const collection = ensureCollection(context.store, context.database, name);
    insertRecord(collection, doc, doc === given && raw !== undefined ? raw : encodeRaw(doc));
    return { n: 1 };
  });
  return answer(outcome);
}

export function update(context: Context): Reply {
  const name = collectionName(context);
  const outcome = eachEntry(context, updatesOf(context), (entry, index, sum) => {
    const done = runUpdate(context, name, entry);
    if (done.upsertedId !== undefined) sum.upserted.push({ index: int(index), _id: done.upsertedId });
    return done;
  });
  const { nModified, upserted } = outcome;
  return { ...answer(outcome), nModified: int(nModified), upserted: upserted.length > 0 ? upserted : undefined };
}

export function remove(context: Context): Reply {
  const name = collectionName(context);
  const outcome = eachEntry(context, deletesOf(context), (entry) => {
    const query = parseEntryQuery(context, entry);
    const limit = wholeField(entry, 'limit', 0);
    const collection = findCollection(context.store, context.database, name);
    const found = [...runQuery(collection, { ...query, limit })];
    for (const { id, doc } of found) if (collection) removeRecord(collection, id, doc);
    return { n: found.length };
  });
  return answer(outcome);
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
