import type { Reply, Sendable } from '../bson/encode.ts';
import { encodeRaw } from '../bson/encode.ts';
import { keyOf } from '../bson/order.ts';
import { Binary, type Doc, docOf, int, isDoc, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileFilter, filterOf, type Matcher } from '../query/match.ts';
import { type Collection, type Index, namespaceOf } from '../store/collection.ts';
import { checkCollation, ID_INDEX, parseIndexSpec } from '../store/index-spec.ts';
import { newIndexes } from '../store/same-index.ts';
import { addIndex, dropCollection, ensureCollection, findCollection, removeIndex } from '../store/store.ts';
import { type Context, collectionName, flagField } from './context.ts';
import { arrayField, cursorBatch, needed, wrongType } from './forms.ts';

export function create(context: Context): Reply {
  const name = collectionName(context);
  const collation = context.command.get('collation');
  if (collation !== undefined) checkCollation(collation);
  if (!flagField(context.command, 'autoIndexId', true)) throw unsupported('a collection without an index on _id');
  // Creating it again with the same options, and there are none, is a success in MongoDB 7.
  ensureCollection(context.store, context.database, name);
  return {};
}

export function drop(context: Context): Reply {
  const collection = findCollection(context.store, context.database, collectionName(context));
  if (!collection) return {};
  const nIndexesWas = int(collection.indexes.length);
  dropCollection(context.store, collection);
  return { nIndexesWas, ns: namespaceOf(collection) };
}

export function dropDatabase(context: Context): Reply {
  const collections = [...(context.store.databases.get(context.database)?.values() ?? [])];
  for (const collection of collections) dropCollection(context.store, collection);
  return { dropped: collections.length > 0 ? context.database : undefined };
}

export function listCollections(context: Context): Reply {
  const { command, database, store } = context;
  const matcher = filterMatcher(command);
  const isNameOnly = flagField(command, 'nameOnly');
  const shown = [...(store.databases.get(database)?.values() ?? [])]
    .map((collection) => describe(collection))
    .filter((doc) => matcher(doc));
  const docs = shown.map((doc) => encodeRaw(isNameOnly ? docOf({ name: doc.get('name'), type: 'collection' }) : doc));
  return context.cursors.open(`${database}.$cmd.listCollections`, docs, {
    batchSize: cursorBatch('listCollections', command),
  });
}

function describe(collection: Collection): Doc {
  const uuid = Buffer.from(collection.uuid.replaceAll('-', ''), 'hex').toString('latin1');
  return docOf({
    name: collection.name,
    type: 'collection',
    options: new Map(),
    info: docOf({ readOnly: false, uuid: new Binary(4, uuid) }),
    idIndex: collection.indexes[0]?.spec.shown,
  });
}

export function listDatabases(context: Context): Reply {
  const { command, store } = context;
  const matcher = filterMatcher(command);
  const isNameOnly = flagField(command, 'nameOnly');
  let total = 0;
  const databases: Sendable[] = [];
  for (const [name, collections] of [...store.databases].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let bytes = 0;
    for (const collection of collections.values()) for (const raw of collection.records.values()) bytes += raw.length;
    const shown = docOf({ name, sizeOnDisk: int(bytes), empty: bytes === 0 });
    if (!matcher(shown)) continue;
    total += bytes;
    databases.push(isNameOnly ? docOf({ name }) : shown);
  }
  return isNameOnly ? { databases } : { databases, totalSize: int(total) };
}

export function createIndexes(context: Context): Reply {
  const { command, database, store } = context;
  const name = collectionName(context);
  const given = arrayField(command, 'createIndexes', 'indexes');
  if (given.length === 0) throw new Fault(2, 'Must specify at least one index to create');
  const specs = given.map(parseIndexSpec);
  const isNew = findCollection(store, database, name) === undefined;
  // Before the collection is made: a mistake makes none.
  const missing = newIndexes(
    findCollection(store, database, name)?.indexes.map(({ spec }) => spec) ?? [ID_INDEX],
    specs,
  );
  const collection = ensureCollection(store, database, name);
  const before = collection.indexes.length;
  const added: string[] = [];
  try {
    for (const spec of missing) {
      addIndex(collection, spec, store.journal);
      added.push(spec.name);
    }
  } catch (error) {
    for (const index of collection.indexes.filter(({ spec }) => added.includes(spec.name)))
      removeIndex(collection, index, store.journal);
    throw error;
  }
  const note = added.length === 0 ? 'all indexes already exist' : undefined;
  return {
    numIndexesBefore: int(before),
    numIndexesAfter: int(collection.indexes.length),
    createdCollectionAutomatically: isNew,
    note,
  };
}

export function listIndexes(context: Context): Reply {
  const collection = needCollection(context);
  const docs = collection.indexes.map(({ spec }) => encodeRaw(spec.shown));
  return context.cursors.open(namespaceOf(collection), docs, {
    batchSize: cursorBatch('listIndexes', context.command),
  });
}

export function dropIndexes(context: Context): Reply {
  const collection = needCollection(context);
  const given = needed(context.command, 'dropIndexes', 'index');
  const nIndexesWas = int(collection.indexes.length);
  const all = collection.indexes.filter(({ spec }) => spec.name !== '_id_');
  const wanted =
    given === '*' ? all : (Array.isArray(given) ? given : [given]).map((one) => findIndex(collection, one));
  for (const index of new Set(wanted)) removeIndex(collection, index, context.store.journal);
  return { nIndexesWas };
}

function findIndex(collection: Collection, given: Value): Index {
  if (typeof given !== 'string' && !isDoc(given)) throw wrongType('dropIndexes.index', given, 'string');
  const index = collection.indexes.find(({ spec }) =>
    isDoc(given) ? keyOf(spec.keyPattern) === keyOf(given) : spec.name === given,
  );
  if (!index) throw new Fault(27, `index not found with name [${typeof given === 'string' ? given : 'a key pattern'}]`);
  if (index.spec.name === '_id_') throw new Fault(72, 'cannot drop _id index');
  return index;
}

function needCollection(context: Context): Collection {
  const name = collectionName(context);
  const collection = findCollection(context.store, context.database, name);
  if (!collection) throw new Fault(26, `ns does not exist: ${context.database}.${name}`);
  return collection;
}

function filterMatcher(command: Doc): Matcher {
  const filter: Value | undefined = command.get('filter');
  return compileFilter(filterOf(filter, 'filter'));
}
