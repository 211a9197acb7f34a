import { keyOf } from '../bson/order.ts';
import { type Doc, docOf, isDoc, type Maybe, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { branchesOf } from '../query/match.ts';
import { demandsOf, intersect, intervalsOf, isPoint, isWithin, type Span, type Spans, WHOLE } from './bounds.ts';
import { type Collection, type Index, treeOf } from './collection.ts';
import type { KeyPart } from './index-keys.ts';
import type { Interval } from './sorted-keys.ts';

/** How the documents of a query are found. */
export type Plan =
  | { readonly kind: 'COLLSCAN'; readonly cost: number }
  | {
      readonly kind: 'IXSCAN';
      readonly index: Index;
      readonly intervals: readonly Interval[];
      readonly reverse: boolean;
      /** The documents come in the order asked for. */
      readonly isSorted: boolean;
      readonly cost: number;
    }
  | { readonly kind: 'OR'; readonly branches: readonly Plan[]; readonly cost: number };

type Scan = Extract<Plan, { kind: 'IXSCAN' }>;

/**
 * The cheapest way by the number of index entries to look at; any usable index is preferred to reading everything.
 * Throws Fault 2 for a hint that names no index.
 */
export function makePlan(collection: Collection, filter: Doc, sort: readonly KeyPart[], hint: Maybe): Plan {
  const everything: Plan = { kind: 'COLLSCAN', cost: collection.records.size };
  if (hint !== undefined) return hintedPlan(collection, filter, sort, hint);
  const best = bestScan(collection, filter, sort);
  const alternative = orPlan(collection, filter);
  if (!alternative) return best ?? everything;
  return best && priceOf(best, sort) <= priceOf(alternative, sort) ? best : alternative;
}

function bestScan(collection: Collection, filter: Doc, sort: readonly KeyPart[]): Scan | undefined {
  const demands = demandsOf(filter);
  const scans = collection.indexes.flatMap((index) =>
    isOfUse(index, demands, sort) ? (scanOf(collection, index, { filter, demands }, sort, false) ?? []) : [],
  );
  const usedFields = (scan: Scan): number => scan.intervals[0]?.lo.length ?? 0;
  return scans.reduce<Scan | undefined>((best, scan) => {
    if (!best) return scan;
    const [price, bestPrice] = [priceOf(scan, sort), priceOf(best, sort)];
    if (price !== bestPrice) return price < bestPrice ? scan : best;
    // Alike (the collection may be empty): rather one that sorts, then one that is narrowed by more fields.
    if (scan.isSorted !== best.isSorted) return scan.isSorted ? scan : best;
    return usedFields(scan) > usedFields(best) ? scan : best;
  }, undefined);
}

/** What is found out of order has to be sorted. */
function priceOf(plan: Plan, sort: readonly KeyPart[]): number {
  const isSorted = sort.length === 0 || (plan.kind === 'IXSCAN' && plan.isSorted);
  return isSorted ? plan.cost : plan.cost * 2;
}

function hintedPlan(collection: Collection, filter: Doc, sort: readonly KeyPart[], hint: Value): Plan {
  if (isDoc(hint) && hint.has('$natural')) throw unsupported('the hint $natural');
  if (typeof hint !== 'string' && !isDoc(hint)) throw new Fault(9, 'Hint must be a string or an object');
  if (isDoc(hint) && hint.size === 0) return makePlan(collection, filter, sort, undefined);
  const index = collection.indexes.find(({ spec }) =>
    isDoc(hint) ? keyOf(spec.keyPattern) === keyOf(hint) : spec.name === hint,
  );
  if (!index)
    throw new Fault(
      2,
      'error processing query: planner returned error: hint provided does not correspond to an existing index',
    );
  const scan = scanOf(collection, index, { filter, demands: demandsOf(filter) }, sort, true);
  return scan ?? { kind: 'COLLSCAN', cost: collection.records.size };
}

/** Each branch of an $or by an index of its own; undefined if one has none. */
function orPlan(collection: Collection, filter: Doc): Plan | undefined {
  const found = splitOr(filter);
  if (!found) return undefined;
  const branches: Plan[] = [];
  for (const branch of branchesOf('$or', found.condition)) {
    const scan = bestScan(collection, docOf({ $and: [found.rest, branch] }), []);
    if (!scan) return undefined;
    branches.push(scan);
  }
  return { kind: 'OR', branches, cost: branches.reduce((sum, branch) => sum + branch.cost, 0) };
}

/** The first $or of a filter, at the top or inside $and, and the filter without it. */
function splitOr(filter: Doc): { condition: Value; rest: Doc } | undefined {
  const condition = filter.get('$or');
  if (condition !== undefined) return { condition, rest: without(filter, '$or') };
  const all = filter.get('$and');
  if (!Array.isArray(all)) return undefined;
  for (const [index, branch] of all.entries()) {
    const found = isDoc(branch) ? splitOr(branch) : undefined;
    if (found) return { condition: found.condition, rest: new Map(filter).set('$and', all.with(index, found.rest)) };
  }
  return undefined;
}

function without(filter: Doc, name: string): Doc {
  return new Map([...filter].filter(([own]) => own !== name));
}

type Demands = ReadonlyMap<string, readonly Spans[]>;

interface Demanded {
  readonly filter: Doc;
  readonly demands: Demands;
}

/** An index can only help if its first field is narrowed or sorted by; others need not even be built. */
function isOfUse(index: Index, demands: Demands, sort: readonly KeyPart[]): boolean {
  const first = index.spec.parts[0]?.name ?? '';
  return demands.has(first) || sort.some((part) => part.name === first);
}

/** The use of one index for a query, or undefined if it neither narrows nor sorts, or lacks documents. */
function scanOf(
  collection: Collection,
  index: Index,
  { filter, demands }: Demanded,
  sort: readonly KeyPart[],
  isForced: boolean,
): Scan | undefined {
  const tree = treeOf(collection, index);
  const fields = fieldsOf(index, demands);
  const isNarrowed = fields[0] !== undefined && fields[0].spans[0] !== WHOLE;
  if (!holdsAll(index, filter, demands)) {
    if (!isForced) return undefined;
    throw unsupported('a hint to a sparse or partial index that does not hold all documents of the query');
  }
  const direction = sort.length > 0 ? sortDirection(fields, sort) : undefined;
  if (!isNarrowed && direction === undefined && !isForced) return undefined;
  const intervals = intervalsOf(fields);
  const cost = intervals.reduce((sum, interval) => sum + tree.count(interval), 0);
  return {
    kind: 'IXSCAN',
    index,
    intervals,
    reverse: direction === 'reverse',
    isSorted: direction !== undefined,
    cost,
  };
}

interface Field {
  readonly part: KeyPart;
  readonly spans: Spans;
  readonly descending: boolean;
  readonly isMultikey: boolean;
}

/**
 * The bounds of each field. Where documents have arrays, two conditions may be met by two elements: then only one of
 * them may bound the field, and only one of the fields that share the array may be bounded at all.
 */
function fieldsOf(index: Index, demands: Demands): Field[] {
  let isArrayBounded = false;
  return index.spec.parts.map((part, at) => {
    const isMultikey = index.multikey[at] === true;
    const list = demands.get(part.name) ?? [];
    let spans: Spans = [WHOLE];
    if (!isMultikey) spans = list.reduce((all, next) => intersect(all, next), spans);
    else if (!isArrayBounded && list.length > 0) {
      spans = list.find((candidate) => candidate.every(isPoint)) ?? list[0] ?? spans;
      isArrayBounded = true;
    }
    if (list.length === 0 || isWhole(spans)) spans = [WHOLE];
    return { part, spans, descending: part.descending, isMultikey };
  });
}

function isWhole(spans: Spans): boolean {
  const [only] = spans;
  return spans.length === 1 && only !== undefined && only.lo.key === '' && only.hi.key === '';
}

/** Whether the index gives the order asked for, and from which end. */
function sortDirection(fields: readonly Field[], sort: readonly KeyPart[]): 'forward' | 'reverse' | undefined {
  const fixed = new Set(fields.filter(isFixed).map((field) => field.part.name));
  const wanted = sort.filter((part) => !fixed.has(part.name));
  let at = 0;
  let reverse: boolean | undefined;
  for (const field of fields) {
    const next = wanted[at];
    if (!next) break;
    if (field.part.name === next.name) {
      const isOpposite = field.descending !== next.descending;
      if (field.isMultikey || (reverse !== undefined && reverse !== isOpposite)) return undefined;
      reverse = isOpposite;
      at += 1;
    } else if (!isFixed(field)) return undefined;
  }
  if (at < wanted.length) return undefined;
  return reverse ? 'reverse' : 'forward';
}

function isFixed(field: Field): boolean {
  const [only] = field.spans;
  return !field.isMultikey && field.spans.length === 1 && only !== undefined && isPoint(only);
}

/** Whether every document the filter could match is in the index at all. */
function holdsAll(index: Index, filter: Doc, demands: Demands): boolean {
  const { spec } = index;
  if (spec.sparse) return spec.parts.some((part) => excludesMissing(demands.get(part.name)));
  if (!spec.partialFilter) return true;
  return implies(filter, demands, spec.partialFilter);
}

const NOT_NULL: Spans = [
  { lo: WHOLE.lo, hi: { key: keyOf(null), after: false } },
  { lo: { key: keyOf(null), after: true }, hi: WHOLE.hi },
] satisfies Span[];

function excludesMissing(list: readonly Spans[] | undefined): boolean {
  return list?.some((spans) => isWithin(spans, NOT_NULL)) ?? false;
}

/** Whether each condition of a partial filter is given word for word by the query, or by a narrower one. */
function implies(filter: Doc, demands: Demands, partial: Doc): boolean {
  return [...partial].every(([name, condition]) => {
    if (name === '$and') return branchesOf(name, condition).every((branch) => implies(filter, demands, branch));
    if (name === '$or') return branchesOf(name, condition).some((branch) => implies(filter, demands, branch));
    const given = conditionsOf(filter, name);
    if (given.some((own) => keyOf(own) === keyOf(condition))) return true;
    const list = demands.get(name) ?? [];
    if (isDoc(condition) && condition.get('$exists') !== undefined && condition.size === 1)
      return excludesMissing(list);
    const needed = demandsOf(new Map([[name, condition]])).get(name) ?? [];
    const isComplete = !isDoc(condition) || needed.length === condition.size;
    return needed.length > 0 && isComplete && needed.every((outer) => list.some((inner) => isWithin(inner, outer)));
  });
}

function conditionsOf(filter: Doc, name: string): Value[] {
  const own = filter.get(name);
  const all = filter.get('$and');
  const nested = Array.isArray(all) ? all.flatMap((branch) => (isDoc(branch) ? conditionsOf(branch, name) : [])) : [];
  return own === undefined ? nested : [own, ...nested];
}
