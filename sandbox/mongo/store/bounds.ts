import { AFTER, bracketOf, invertKey, type Key, keyOf } from '../bson/order.ts';
import { type Doc, isDoc, MaxKey, MinKey, Regex, type Value } from '../bson/values.ts';
import { isOperatorDoc } from '../query/operators.ts';
import type { Interval } from './sorted-keys.ts';

/** Just before the keys that begin with `key`, or just after them. */
export interface Bound {
  readonly key: Key;
  readonly after: boolean;
}

/** The keys of one field from `lo` to `hi`. */
export interface Span {
  readonly lo: Bound;
  readonly hi: Bound;
}

/** Spans in order, apart from each other: one condition of a filter as a field's index sees it. */
export type Spans = readonly Span[];

export const WHOLE: Span = { lo: { key: '', after: false }, hi: { key: '', after: true } };

/** What a filter demands of each path, in a form an index can use. Conditions that are not here are just not used. */
export function demandsOf(filter: Doc, prefix = ''): Map<string, Spans[]> {
  const demands = new Map<string, Spans[]>();
  const add = (path: string, spans: Spans | undefined): void => {
    if (!spans) return;
    const list = demands.get(path);
    if (list) list.push(spans);
    else demands.set(path, [spans]);
  };
  const addAll = (inner: Map<string, Spans[]>): void => {
    for (const [path, list] of inner) for (const spans of list) add(path, spans);
  };
  for (const [name, condition] of filter) {
    if (name === '$and' && Array.isArray(condition)) {
      for (const branch of condition) if (isDoc(branch)) addAll(demandsOf(branch, prefix));
    }
    if (name.startsWith('$')) continue;
    const path = prefix + name;
    if (!isOperatorDoc(condition)) {
      add(path, points([condition]));
      continue;
    }
    for (const [operator, operand] of condition) {
      if (operator === '$elemMatch') addAll(elementDemands(path, operand));
      else if (operator === '$all' && Array.isArray(operand)) for (const member of operand) add(path, points([member]));
      else add(path, spansOf(operator, operand));
    }
  }
  return demands;
}

function elementDemands(path: string, operand: Value): Map<string, Spans[]> {
  if (!isDoc(operand)) return new Map();
  if (!isOperatorDoc(operand)) return demandsOf(operand, `${path}.`);
  if ([...operand.keys()].some((name) => ['$and', '$or', '$nor'].includes(name))) return new Map();
  return demandsOf(new Map([[path, operand]]));
}

function spansOf(operator: string, operand: Value): Spans | undefined {
  switch (operator) {
    case '$eq':
      return points([operand]);
    case '$in':
      return Array.isArray(operand) ? points(operand) : undefined;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return rangeOf(operator, operand);
    default:
      return undefined;
  }
}

/** Undefined where a value cannot be looked up: arrays (compared whole and by element), expressions. */
function points(values: readonly Value[]): Spans | undefined {
  if (values.some((value) => Array.isArray(value) || value instanceof Regex || isOperatorDoc(value))) return undefined;
  return [...new Set(values.map(keyOf))].sort().map((key) => ({ lo: { key, after: false }, hi: { key, after: true } }));
}

function rangeOf(operator: string, operand: Value): Spans | undefined {
  if (operand instanceof MinKey || operand instanceof MaxKey || Array.isArray(operand)) return undefined;
  if (operand === null) return operator === '$gte' || operator === '$lte' ? points([null]) : [];
  const key = keyOf(operand);
  const type = bracketOf(operand).charCodeAt(0);
  // Keys of a type may go on with 0xff, so its ends are told by the bytes beside it, which begin no key.
  if (operator === '$gt' || operator === '$gte') {
    return [{ lo: { key, after: operator === '$gt' }, hi: { key: String.fromCharCode(type + 1), after: false } }];
  }
  return [{ lo: { key: String.fromCharCode(type - 1), after: true }, hi: { key, after: operator === '$lte' } }];
}

export function isPoint(span: Span): boolean {
  return span.lo.key === span.hi.key && span.lo.key !== '';
}

function place(bound: Bound): string {
  return bound.after ? bound.key + AFTER : bound.key;
}

export function intersect(a: Spans, b: Spans): Spans {
  return a.flatMap((x) =>
    b.flatMap((y) => {
      const lo = place(x.lo) >= place(y.lo) ? x.lo : y.lo;
      const hi = place(x.hi) <= place(y.hi) ? x.hi : y.hi;
      return place(lo) < place(hi) ? [{ lo, hi }] : [];
    }),
  );
}

export function isWithin(inner: Spans, outer: Spans): boolean {
  return inner.every((x) => outer.some((y) => place(y.lo) <= place(x.lo) && place(x.hi) <= place(y.hi)));
}

/** The spans as a descending field holds them. */
function flip(spans: Spans): Spans {
  const turn = (bound: Bound): Bound => ({ key: invertKey(bound.key), after: !bound.after });
  return spans.map((span) => ({ lo: turn(span.hi), hi: turn(span.lo) })).reverse();
}

const MAX_INTERVALS = 4096;

/** The intervals of a compound index: every combination of the points of the first fields, then one range. */
export function intervalsOf(fields: readonly { spans: Spans; descending: boolean }[]): Interval[] {
  let prefixes: string[] = [''];
  for (const [index, field] of fields.entries()) {
    const spans = field.descending ? flip(field.spans) : field.spans;
    const isLast =
      index === fields.length - 1 || !spans.every(isPoint) || prefixes.length * spans.length > MAX_INTERVALS;
    if (isLast) {
      return prefixes.flatMap((prefix) =>
        spans.map((span) => ({ lo: prefix + place(span.lo), hi: prefix + place(span.hi) })),
      );
    }
    prefixes = prefixes.flatMap((prefix) => spans.map((span) => prefix + span.lo.key));
  }
  return [{ lo: '', hi: AFTER }];
}
