import { decodeRaw, encodeRaw, Raw, type Reply } from '../bson/encode.ts';
import { type Doc, int, type Maybe, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { compileFilter, filterOf } from '../query/match.ts';
import type { MatchPosition } from '../query/path.ts';
import { compileProjection } from '../query/project.ts';
import { parseSort } from '../query/sort.ts';
import { type Collection, insertRecord, removeRecord, replaceRecord } from '../store/collection.ts';
import { checkCollation } from '../store/index-spec.ts';
import { type Found, type Query, runQuery } from '../store/run.ts';
import { checkStorable } from '../store/storable.ts';
import { ensureCollection, findCollection } from '../store/store.ts';
import { compileUpdate, isReplacement, type Update } from '../update/compile.ts';
import { buildUpsert } from '../update/upsert.ts';
import { type Context, collectionName, docField, flagField } from './context.ts';
import { checkHint } from './forms.ts';

interface Updated {
  readonly n: number;
  readonly nModified: number;
  readonly upsertedId?: Value;
}

/** The query of one entry of `updates` or `deletes`. */
export function parseEntryQuery(context: Context, entry: Doc): Query {
  const collation = entry.get('collation');
  if (collation !== undefined) checkCollation(collation);
  const filter = filterOf(entry.get('q'), 'q');
  return {
    filter,
    matcher: compileFilter(filter),
    sort: [],
    hint: entry.get('hint'),
    skip: 0,
    limit: 0,
    deadline: context.deadline,
  };
}

/** One entry of `updates`. */
export function runUpdate(context: Context, name: string, entry: Doc): Updated {
  const query = parseEntryQuery(context, entry);
  const isMulti = flagField(entry, 'multi');
  const update = compileUpdate(entry.get('u'), entry.get('arrayFilters') ?? undefined);
  const replaces = isReplacement(entry.get('u'));
  if (isMulti && replaces) throw new Fault(9, 'multi update is not supported for replacement-style update');
  const collection = findCollection(context.store, context.database, name);
  const found = [...runQuery(collection, { ...query, limit: isMulti ? 0 : 1 })];
  if (found.length === 0 || !collection) {
    if (!flagField(entry, 'upsert')) return { n: 0, nModified: 0 };
    const made = upsert(context, name, query.filter, update, replaces);
    return { n: 1, nModified: 0, upsertedId: made.get('_id') ?? null };
  }
  let nModified = 0;
  for (const each of found) if (applyUpdate(context, collection, query, each, update).isModified) nModified += 1;
  return { n: found.length, nModified };
}

function applyUpdate(
  context: Context,
  collection: Collection,
  query: Query,
  found: Found,
  update: Update,
): { isModified: boolean; after: string } {
  const position: MatchPosition = {};
  query.matcher(found.doc, position);
  // The update works on a copy of its own: `found.doc` is what the indexes know.
  const copy = cloneDoc(found.doc);
  const changed = update(copy, { isInsert: false, now: context.now, position: position.index });
  const raw = encodeRaw(changed);
  if (raw === found.raw) return { isModified: false, after: raw };
  checkStorable(changed);
  replaceRecord(collection, found.id, found.doc, changed, raw);
  return { isModified: true, after: raw };
}

function upsert(context: Context, name: string, filter: Doc, update: Update, replaces: boolean): Doc {
  const made = buildUpsert(filter, update, replaces, context.now);
  checkStorable(made);
  insertRecord(ensureCollection(context.store, context.database, name), made, encodeRaw(made));
  return made;
}

function cloneDoc(doc: Doc): Doc {
  return new Map([...doc].map(([name, value]): [string, Value] => [name, cloneValue(value)]));
}

function cloneValue(value: Value): Value {
  if (value instanceof Map) return cloneDoc(value);
  return Array.isArray(value) ? value.map(cloneValue) : value;
}

export function findAndModify(context: Context): Reply {
  const { command, store, database } = context;
  const name = collectionName(context);
  const collation = command.get('collation');
  if (collation !== undefined) checkCollation(collation);
  const removes = flagField(command, 'remove');
  const returnsNew = flagField(command, 'new');
  const upserts = flagField(command, 'upsert');
  const given = command.get('update');
  if (removes && (given !== undefined || upserts || returnsNew)) {
    throw new Fault(9, 'Cannot specify both an update, upsert or new=true and remove=true');
  }
  if (!removes && given === undefined) throw new Fault(9, 'Either an update or remove=true must be specified');
  checkHint(command.get('hint'));
  const filter = filterOf(command.get('query') ?? undefined, 'query');
  const query: Query = {
    filter,
    matcher: compileFilter(filter),
    sort: parseSort(command.get('sort') ?? undefined),
    hint: command.get('hint'),
    skip: 0,
    limit: 1,
    deadline: context.deadline,
  };
  const shape = shaper(command.get('fields') ?? undefined);
  const update = removes ? undefined : compileUpdate(given, command.get('arrayFilters'));
  const collection = findCollection(store, database, name);
  const [found] = runQuery(collection, query);
  if (!found || !collection) {
    if (!update || !upserts)
      return { lastErrorObject: { n: int(0), ...(update ? { updatedExisting: false } : {}) }, value: null };
    const made = upsert(context, name, filter, update, isReplacement(given));
    const value = returnsNew ? shape(made, encodeRaw(made)) : null;
    return { lastErrorObject: { n: int(1), updatedExisting: false, upserted: made.get('_id') ?? null }, value };
  }
  if (!update) {
    removeRecord(collection, found.id, found.doc);
    return { lastErrorObject: { n: int(1) }, value: shape(found.doc, found.raw) };
  }
  const { after } = applyUpdate(context, collection, query, found, update);
  const value = returnsNew ? shape(undefined, after) : shape(found.doc, found.raw);
  return { lastErrorObject: { n: int(1), updatedExisting: true }, value };
}

function shaper(fields: Maybe): (doc: Doc | undefined, raw: string) => Raw | Doc {
  const projector = fields === undefined ? undefined : compileProjection(docField(fields, 'fields'));
  return (doc, raw) => (projector ? projector(doc ?? decodeRaw(raw)) : new Raw(raw));
}
