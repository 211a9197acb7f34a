import { decodeRaw, type RawDoc } from '../bson/encode.ts';
import { type Key, keyOf } from '../bson/order.ts';
import type { Doc, Maybe, Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { valuesAt } from '../query/path.ts';
import { show } from '../update/paths.ts';
import { type DocKeys, docKeys } from './index-keys.ts';
import { ID_INDEX, type IndexSpec } from './index-spec.ts';
import { createSortedKeys, type RecordId, type SortedKeys } from './sorted-keys.ts';

export const MAX_DOC_BYTES = 16 * 1024 * 1024;

export interface Index {
  readonly spec: IndexSpec;
  /** Missing until something asks for it: after a start, indexes are built when first used. */
  tree: SortedKeys | undefined;
  /** For every field, whether some document ever went through an array there. */
  readonly multikey: boolean[];
}

/** Where changes go that must outlive the process. */
export interface Journal {
  put(collection: Collection, id: RecordId, raw: RawDoc): void;
  remove(collection: Collection, id: RecordId): void;
}

export interface Collection {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  readonly uuid: string;
  readonly records: Map<RecordId, RawDoc>;
  readonly indexes: Index[];
  nextRecord: RecordId;
  readonly journal: Journal;
}

export function createCollection(init: Pick<Collection, 'id' | 'database' | 'name' | 'uuid' | 'journal'>): Collection {
  return { ...init, records: new Map(), indexes: [createIndex(ID_INDEX, createSortedKeys())], nextRecord: 1 };
}

export function createIndex(spec: IndexSpec, tree?: SortedKeys): Index {
  return { spec, tree, multikey: spec.parts.map(() => false) };
}

export function namespaceOf(collection: Pick<Collection, 'database' | 'name'>): string {
  return `${collection.database}.${collection.name}`;
}

/** The sorted keys of an index, built now if they were not. Throws Fault 11000 if a unique key is there twice. */
export function treeOf(collection: Collection, index: Index): SortedKeys {
  if (index.tree) return index.tree;
  const entries: [Key, RecordId][] = [];
  const owners = index.spec.unique ? new Map<Key, RecordId>() : undefined;
  for (const [id, raw] of collection.records) {
    const doc = decodeRaw(raw);
    for (const key of keysFor(index, doc)) {
      if (owners?.has(key)) throw duplicate(collection, index, key, doc);
      owners?.set(key, id);
      entries.push([key, id]);
    }
  }
  index.tree = createSortedKeys(entries);
  return index.tree;
}

/** Stores a new document. All indexes are checked before anything is changed. */
export function insertRecord(collection: Collection, doc: Doc, raw: RawDoc): RecordId {
  checkSize(raw);
  const changes = collection.indexes.map((index) => {
    const added = keysFor(index, doc);
    checkUnique(collection, index, added, doc, undefined);
    return { index, added };
  });
  const id = collection.nextRecord;
  collection.nextRecord += 1;
  collection.records.set(id, raw);
  for (const { index, added } of changes) for (const key of added) index.tree?.add(key, id);
  collection.journal.put(collection, id, raw);
  return id;
}

export function replaceRecord(collection: Collection, id: RecordId, before: Doc, after: Doc, raw: RawDoc): void {
  checkSize(raw);
  const changes = collection.indexes.map((index) => {
    const old = keysFor(index, before);
    const now = keysFor(index, after);
    if (old.length === 1 && now.length === 1 && old[0] === now[0]) return { index, added: [], removed: [] };
    const added = now.filter((key) => !old.includes(key));
    checkUnique(collection, index, added, after, id);
    return { index, added, removed: old.filter((key) => !now.includes(key)) };
  });
  collection.records.set(id, raw);
  for (const { index, added, removed } of changes) {
    for (const key of removed) index.tree?.remove(key, id);
    for (const key of added) index.tree?.add(key, id);
  }
  collection.journal.put(collection, id, raw);
}

export function removeRecord(collection: Collection, id: RecordId, doc: Doc): void {
  for (const index of collection.indexes) {
    if (!index.tree) continue;
    for (const key of keysFor(index, doc)) index.tree.remove(key, id);
  }
  collection.records.delete(id);
  collection.journal.remove(collection, id);
}

function keysFor(index: Index, doc: Doc): readonly Key[] {
  const { spec } = index;
  if (spec.matcher && !spec.matcher(doc)) return [];
  const found: DocKeys = docKeys(doc, spec.parts, spec.sparse);
  found.multikey.forEach((isMulti, part) => {
    if (isMulti) index.multikey[part] = true;
  });
  return found.keys;
}

function checkUnique(
  collection: Collection,
  index: Index,
  keys: readonly Key[],
  doc: Doc,
  own: RecordId | undefined,
): void {
  if (!index.spec.unique) return;
  const tree = treeOf(collection, index);
  for (const key of keys) {
    const owner = tree.find(key);
    if (owner !== undefined && owner !== own) throw duplicate(collection, index, key, doc);
  }
}

/** Throws Fault 10334 for a document that is larger than MongoDB's may be, stored or sent. */
export function checkSize(raw: RawDoc): void {
  if (raw.length > MAX_DOC_BYTES) {
    throw new Fault(10334, `BSONObj size: ${raw.length} is invalid. Size must be between 0 and ${MAX_DOC_BYTES}`);
  }
}

function duplicate(collection: Collection, index: Index, key: Key, doc: Doc): Fault {
  const keyPattern: Doc = index.spec.keyPattern;
  const keyValue: Doc = new Map();
  let at = 0;
  for (const part of index.spec.parts) {
    const value = part.descending ? plainValue(doc, part.path) : valueOfKey(doc, part.path, key, at);
    at += keyOf(value).length;
    keyValue.set(part.name, value ?? null);
  }
  const message = `E11000 duplicate key error collection: ${namespaceOf(collection)} index: ${index.spec.name} dup key: ${show(keyValue)}`;
  return new Fault(
    11000,
    message,
    new Map([
      ['keyPattern', keyPattern],
      ['keyValue', keyValue],
    ]),
  );
}

/** The value that stands in the key from `at` on: of an array the element that collided. */
function valueOfKey(doc: Doc, path: readonly string[], key: Key, at: number): Maybe {
  const values: Value[] = valuesAt(doc, path);
  return values.find((value) => key.startsWith(keyOf(value), at)) ?? plainValue(doc, path);
}

function plainValue(doc: Doc, path: readonly string[]): Maybe {
  return valuesAt(doc, path)[0];
}
