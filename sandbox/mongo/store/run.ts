import { decodeRaw, type RawDoc } from '../bson/encode.ts';
import { compareKeys } from '../bson/order.ts';
import type { Doc, Maybe } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import type { Matcher } from '../query/match.ts';
import { sortKey } from '../query/sort.ts';
import { type Collection, treeOf } from './collection.ts';
import type { KeyPart } from './index-keys.ts';
import { makePlan, type Plan } from './plan.ts';
import type { RecordId } from './sorted-keys.ts';

/** A document found, as it was when it was found. */
export interface Found {
  readonly id: RecordId;
  readonly raw: RawDoc;
  readonly doc: Doc;
}

export interface Query {
  readonly filter: Doc;
  readonly matcher: Matcher;
  readonly sort: readonly KeyPart[];
  readonly hint: Maybe;
  readonly skip: number;
  /** 0 is all. */
  readonly limit: number;
  /** A moment (performance.now) after which the query ends with Fault 50. */
  readonly deadline: number | undefined;
  /** Counts what is looked at, for explain. */
  readonly stats?: RunStats;
}

export interface RunStats {
  keysExamined: number;
  docsExamined: number;
}

/** The documents of a query in their order. It must be used up before anything changes the collection. */
export function* runQuery(collection: Collection | undefined, query: Query): Generator<Found> {
  if (!collection) return;
  const plan = makePlan(collection, query.filter, query.sort, query.hint);
  const isSorted = query.sort.length === 0 || (plan.kind === 'IXSCAN' && plan.isSorted);
  const found = matching(collection, plan, query);
  let toSkip = query.skip;
  let left = query.limit === 0 ? Number.POSITIVE_INFINITY : query.limit;
  for (const each of isSorted ? found : sorted(found, query)) {
    if (toSkip > 0) toSkip -= 1;
    else {
      yield each;
      left -= 1;
      if (left <= 0) return;
    }
  }
}

function* matching(collection: Collection, plan: Plan, query: Query): Generator<Found> {
  let looked = 0;
  for (const id of recordIds(collection, plan, query.stats)) {
    looked += 1;
    if (query.stats) query.stats.docsExamined += 1;
    if (looked % 128 === 0) checkDeadline(query.deadline);
    const raw = collection.records.get(id);
    if (raw === undefined) continue;
    const doc = decodeRaw(raw);
    if (query.matcher(doc)) yield { id, raw, doc };
  }
}

export function checkDeadline(deadline: number | undefined): void {
  if (deadline !== undefined && performance.now() > deadline) throw new Fault(50, 'operation exceeded time limit');
}

function* recordIds(collection: Collection, plan: Plan, stats: RunStats | undefined): Generator<RecordId> {
  if (plan.kind === 'COLLSCAN') {
    yield* collection.records.keys();
    return;
  }
  if (plan.kind === 'OR') {
    const seen = new Set<RecordId>();
    for (const branch of plan.branches) yield* unseen(recordIds(collection, branch, stats), seen);
    return;
  }
  const isMultikey = plan.index.multikey.includes(true);
  const tree = treeOf(collection, plan.index);
  const seen = new Set<RecordId>();
  const intervals = plan.reverse ? [...plan.intervals].reverse() : plan.intervals;
  for (const interval of intervals) {
    const keys = tree.scan(interval, plan.reverse);
    const ids = stats ? counting(keys, stats) : keys;
    yield* isMultikey ? unseen(ids, seen) : ids;
  }
}

function* counting(ids: Iterable<RecordId>, stats: RunStats): Generator<RecordId> {
  for (const id of ids) {
    stats.keysExamined += 1;
    yield id;
  }
}

function* unseen(ids: Iterable<RecordId>, seen: Set<RecordId>): Generator<RecordId> {
  for (const id of ids) {
    if (seen.has(id)) continue;
    seen.add(id);
    yield id;
  }
}

/** Sorted in memory; equal keys keep the order they were found in. Only keys and stored bytes are held. */
function* sorted(found: Iterable<Found>, query: Query): Generator<Found> {
  const keyed: { key: string; id: RecordId; raw: RawDoc }[] = [];
  for (const { id, raw, doc } of found) keyed.push({ key: sortKey(doc, query.sort), id, raw });
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  for (const { id, raw } of keyed) yield { id, raw, doc: decodeRaw(raw) };
}
