import { randomUUID } from 'node:crypto';
import type { RawDoc } from '../bson/encode.ts';
import type { Key } from '../bson/order.ts';
import { Fault } from '../errors.ts';
import {
  type Collection,
  createCollection,
  createIndex,
  type Index,
  type Journal,
  namespaceOf,
  treeOf,
} from './collection.ts';
import type { IndexSpec } from './index-spec.ts';

/** What a journal keeps of collections and indexes, beside the records. */
export interface CatalogJournal extends Journal {
  create(collection: Collection): void;
  drop(collection: Collection): void;
  createIndex(collection: Collection, spec: IndexSpec): void;
  dropIndex(collection: Collection, name: string): void;
  answer(session: Key, answered: Answered): void;
  /** How many changes there were so far; 0 where nothing is kept. */
  changes(): number;
}

/** What was answered to the last retryable write of a session. */
export interface Answered {
  readonly txnNumber: bigint;
  readonly reply: RawDoc;
  /** milliseconds since 1970 */
  at: number;
}

/** All databases (a name to its collections, by name), and what sessions were answered. */
export interface Store {
  readonly databases: Map<string, Map<string, Collection>>;
  readonly answered: Map<Key, Answered>;
  readonly journal: CatalogJournal;
  nextCollection: number;
}

const MAX_INDEXES = 64;
const MAX_NAMESPACE_BYTES = 255;

export function createStore(journal: CatalogJournal = forgetful()): Store {
  return { databases: new Map(), answered: new Map(), journal, nextCollection: 1 };
}

export function findCollection(store: Store, database: string, name: string): Collection | undefined {
  return store.databases.get(database)?.get(name);
}

/** The collection, made if it is not there. Throws Fault 73 for names MongoDB forbids. */
export function ensureCollection(store: Store, database: string, name: string): Collection {
  const found = findCollection(store, database, name);
  if (found) return found;
  checkNamespace(database, name);
  const collection = addCollection(store, { id: store.nextCollection, database, name, uuid: randomUUID() });
  store.journal.create(collection);
  return collection;
}

/** Adds a collection without writing it to the journal. */
export function addCollection(store: Store, init: Pick<Collection, 'id' | 'database' | 'name' | 'uuid'>): Collection {
  const collection = createCollection({ ...init, journal: store.journal });
  store.nextCollection = Math.max(store.nextCollection, init.id + 1);
  const collections = store.databases.get(init.database) ?? new Map<string, Collection>();
  collections.set(init.name, collection);
  store.databases.set(init.database, collections);
  return collection;
}

export function dropCollection(store: Store, collection: Collection): void {
  forgetCollection(store, collection);
  store.journal.drop(collection);
}

export function forgetCollection(store: Store, collection: Collection): void {
  const collections = store.databases.get(collection.database);
  collections?.delete(collection.name);
  if (collections?.size === 0) store.databases.delete(collection.database);
}

/** Adds an index that is not there. Throws Fault 11000 over duplicates; nothing is left behind then. */
export function addIndex(collection: Collection, spec: IndexSpec, journal: CatalogJournal): void {
  if (collection.indexes.length >= MAX_INDEXES)
    throw new Fault(67, `add index fails, too many indexes for ${namespaceOf(collection)}`);
  const index: Index = createIndex(spec);
  treeOf(collection, index);
  collection.indexes.push(index);
  journal.createIndex(collection, spec);
}

export function removeIndex(collection: Collection, index: Index, journal: CatalogJournal): void {
  collection.indexes.splice(collection.indexes.indexOf(index), 1);
  journal.dropIndex(collection, index.spec.name);
}

/** Throws Fault 73 for names MongoDB forbids. */
export function checkNamespace(database: string, name: string): void {
  const full = `${database}.${name}`;
  if (database === '' || database.length > 63 || /[/\\. "$\0]/.test(database))
    throw new Fault(73, `Invalid database name: '${database}'`);
  if (name === '' || name.startsWith('.') || name.endsWith('.') || /[$\0]/.test(name))
    throw new Fault(73, `Invalid namespace specified '${full}'`);
  if (name.startsWith('system.')) throw new Fault(73, `cannot write to '${full}'`);
  if (Buffer.byteLength(full) > MAX_NAMESPACE_BYTES)
    throw new Fault(73, `Fully qualified namespace is too long: '${full}'`);
}

function forgetful(): CatalogJournal {
  const nothing = (): void => {};
  return {
    put: nothing,
    remove: nothing,
    create: nothing,
    drop: nothing,
    createIndex: nothing,
    dropIndex: nothing,
    answer: nothing,
    changes: () => 0,
  };
}
