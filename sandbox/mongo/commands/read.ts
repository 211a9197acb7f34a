import { encodeRaw, type Reply } from '../bson/encode.ts';
import { keyOf } from '../bson/order.ts';
import { docOf, int, isNumber, type Maybe, toNumber, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { compileFilter, filterOf } from '../query/match.ts';
import { splitPath, valuesAt } from '../query/path.ts';
import { compileProjection } from '../query/project.ts';
import { parseSort } from '../query/sort.ts';
import { MAX_DOC_BYTES } from '../store/collection.ts';
import { checkCollation } from '../store/index-spec.ts';
import { type Query, runQuery } from '../store/run.ts';
import { findCollection } from '../store/store.ts';
import { type Context, collectionName, countField, docField, flagField, textField, wholeField } from './context.ts';
import { FIRST_BATCH } from './cursors.ts';
import { checkHint } from './forms.ts';

/** The query part of find, count, distinct and others. */
export function parseQuery(context: Context, filterName: string, filter: Maybe): Query {
  const { command } = context;
  const collation = command.get('collation');
  if (collation !== undefined) checkCollation(collation);
  checkHint(command.get('hint'));
  const parsed = filterOf(filter, filterName);
  return {
    filter: parsed,
    matcher: compileFilter(parsed),
    sort: parseSort(command.get('sort') ?? undefined),
    hint: command.get('hint'),
    skip: countField(command, 'skip', 0),
    limit: 0,
    deadline: context.deadline,
  };
}

export function find(context: Context): Reply {
  const { command, database, store } = context;
  const name = collectionName(context);
  const query = parseQuery(context, 'filter', command.get('filter') ?? undefined);
  const limit = wholeField(command, 'limit', 0);
  if (limit < 0) throw new Fault(51024, `BSON field 'limit' value must be >= 0, actual value '${limit}'`);
  const projection = command.get('projection') ?? undefined;
  const projector = projection === undefined ? undefined : compileProjection(docField(projection, 'projection'));
  const docs: string[] = [];
  for (const { doc, raw } of runQuery(findCollection(store, database, name), { ...query, limit })) {
    docs.push(projector ? encodeRaw(projector(doc)) : raw);
  }
  return context.cursors.open(`${database}.${name}`, docs, {
    batchSize: countField(command, 'batchSize', FIRST_BATCH),
    isSingleBatch: flagField(command, 'singleBatch'),
    hasNoTimeout: flagField(command, 'noCursorTimeout'),
  });
}

export function count(context: Context): Reply {
  const { command, database, store } = context;
  const name = collectionName(context);
  const query = parseQuery(context, 'query', command.get('query') ?? undefined);
  const collection = findCollection(store, database, name);
  if (query.filter.size === 0 && query.hint === undefined) {
    const all = Math.max(0, (collection?.records.size ?? 0) - query.skip);
    const limit = Math.abs(wholeField(command, 'limit', 0));
    return { n: int(limit === 0 ? all : Math.min(limit, all)) };
  }
  let n = 0;
  for (const _found of runQuery(collection, { ...query, limit: Math.abs(wholeField(command, 'limit', 0)) })) n += 1;
  return { n: int(n) };
}

export function distinct(context: Context): Reply {
  const { command, database, store } = context;
  const name = collectionName(context);
  const path = splitPath(textField(command, 'key'));
  const query = parseQuery(context, 'query', command.get('query') ?? undefined);
  const values = new Map<string, Value>();
  for (const { doc } of runQuery(findCollection(store, database, name), query)) {
    for (const value of valuesAt(doc, path)) {
      const key = keyOf(value);
      if (!values.has(key)) values.set(key, value);
    }
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
  const reply = docOf({ values: sorted.map(([, value]) => value) });
  if (encodeRaw(reply).length > MAX_DOC_BYTES) throw new Fault(17217, 'distinct too big, 16mb cap');
  return Object.fromEntries(reply);
}

export function getMore(context: Context): Reply {
  const { command, database } = context;
  const batchSize = countField(command, 'batchSize', 0);
  return context.cursors.next(
    cursorId(command.get('getMore')),
    `${database}.${textField(command, 'collection')}`,
    batchSize,
  );
}

export function killCursors(context: Context): Reply {
  const { command, database } = context;
  const namespace = `${database}.${collectionName(context)}`;
  const ids = command.get('cursors');
  if (!Array.isArray(ids)) throw new Fault(14, `BSON field 'cursors' is the wrong type, expected an array`);
  const killed: bigint[] = [];
  const missing: bigint[] = [];
  for (const id of ids.map(cursorId)) (context.cursors.kill(id, namespace) ? killed : missing).push(id);
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] };
}

function cursorId(value: Maybe): bigint {
  if (!isNumber(value)) throw new Fault(14, 'a cursor id must be a long');
  return typeof value === 'bigint' ? value : BigInt(toNumber(value));
}
