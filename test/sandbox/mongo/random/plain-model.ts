import { Binary, BSONRegExp, Double, Int32, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import type { Doc } from './values.ts';

/**
 * MongoDB's filters and sorts read plainly, as its manual puts them, one document at a time: no indexes, no keys, no
 * compiling. Written apart from the server, to disagree with it where one of the two is wrong.
 */
export class Mistake extends Error {}

/** Found at the end of a path; a list found there is also opened, unless it is an element itself. */
interface Leaf {
  readonly value: unknown;
  readonly opens: boolean;
}

export function matches(doc: Doc, filter: Doc): boolean {
  return [...filter].map(([name, condition]) => matchesField(doc, name, condition)).every(Boolean);
}

function matchesField(doc: Doc, name: string, condition: unknown): boolean {
  const branches = (): boolean[] => (condition as Doc[]).map((branch) => matches(doc, branch));
  if (name === '$comment') return true;
  if (name === '$and') return branches().every(Boolean);
  if (name === '$or') return branches().some(Boolean);
  if (name === '$nor') return !branches().some(Boolean);
  return matchesCondition(leavesAt(doc, name.split('.')), condition);
}

function leavesAt(value: unknown, parts: readonly string[]): Leaf[] {
  const [part, ...rest] = parts;
  if (part === undefined) return [{ value, opens: true }];
  if (value instanceof Map) return leavesAt(value.get(part), rest);
  if (!Array.isArray(value)) return [{ value: undefined, opens: true }];
  return value.flatMap((element, at): Leaf[] => {
    const inside = element instanceof Map ? leavesAt(element, parts) : [];
    if (String(at) !== part) return inside;
    if (rest.length === 0) return [...inside, { value: element, opens: false }];
    return element instanceof Map || Array.isArray(element) ? [...inside, ...leavesAt(element, rest)] : inside;
  });
}

function isOperators(value: unknown): value is Doc {
  return value instanceof Map && [...value.keys()][0]?.startsWith('$') === true;
}

function matchesCondition(leaves: readonly Leaf[], condition: unknown): boolean {
  if (condition instanceof BSONRegExp) return some(leaves, hasText(condition));
  if (!isOperators(condition)) return some(leaves, (value) => isEqual(value, condition));
  return [...condition].map(([name, operand]) => matchesOperator(leaves, name, operand, condition)).every(Boolean);
}

function some(leaves: readonly Leaf[], test: (value: unknown) => boolean): boolean {
  return leaves.some(({ value, opens }) => test(value) || (opens && Array.isArray(value) && value.some(test)));
}

function matchesOperator(leaves: readonly Leaf[], name: string, operand: unknown, all: Doc): boolean {
  const list = Array.isArray(operand) ? (operand as unknown[]) : [operand];
  switch (name) {
    case '$eq':
      return some(leaves, (value) => isEqual(value, operand));
    case '$ne':
      if (operand instanceof BSONRegExp) throw new Mistake(name);
      return !some(leaves, (value) => isEqual(value, operand));
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      if (operand instanceof BSONRegExp) throw new Mistake(name);
      return some(leaves, (value) => isInRange(value, name, operand));
    case '$in':
      return some(leaves, (value) => list.some((one) => isEqualOrText(value, one)));
    case '$nin':
      return !some(leaves, (value) => list.some((one) => isEqualOrText(value, one)));
    case '$exists':
      return (
        leaves.some(({ value }) => value !== undefined) === (operand !== false && operand !== null && operand !== 0)
      );
    case '$type':
      return some(leaves, (value) => list.some((type) => hasType(value, type)));
    case '$regex': {
      const given = operand instanceof BSONRegExp ? operand : new BSONRegExp(String(operand));
      return some(leaves, hasText(new BSONRegExp(given.pattern, String(all.get('$options') ?? given.options))));
    }
    case '$options':
      return true;
    case '$size':
      return leaves.some(({ value }) => Array.isArray(value) && compare(value.length, operand) === 0);
    case '$mod':
      return some(leaves, (value) => hasRemainder(value, list));
    case '$not':
      return !matchesCondition(leaves, operand);
    case '$all':
      return list.length > 0 && list.map((one) => matchesAll(leaves, one)).every(Boolean);
    case '$elemMatch': {
      // So that a mistake shows without any list.
      matchesElement(undefined, operand as Doc);
      return leaves.some(
        ({ value }) => Array.isArray(value) && value.some((one) => matchesElement(one, operand as Doc)),
      );
    }
    default:
      throw new Error(`the model has no ${name}`);
  }
}

function matchesAll(leaves: readonly Leaf[], one: unknown): boolean {
  if (one instanceof Map && one.has('$elemMatch')) return matchesCondition(leaves, one);
  return some(leaves, (value) => isEqualOrText(value, one));
}

function matchesElement(element: unknown, condition: Doc): boolean {
  const isLogic = ['$and', '$or', '$nor'].some((name) => condition.has(name));
  if (isOperators(condition) && !isLogic) return matchesCondition([{ value: element, opens: false }], condition);
  const fields = Array.isArray(element) ? new Map(element.map((one, at) => [String(at), one])) : element;
  const found = matches(fields instanceof Map ? fields : new Map(), condition);
  return fields instanceof Map && found;
}

function isEqual(value: unknown, wanted: unknown): boolean {
  return value === undefined ? wanted === null : compare(value, wanted) === 0;
}

function isEqualOrText(value: unknown, wanted: unknown): boolean {
  return wanted instanceof BSONRegExp ? hasText(wanted)(value) : isEqual(value, wanted);
}

function isInRange(value: unknown, name: string, bound: unknown): boolean {
  if (bound === null) return name.endsWith('e') && (value === undefined || value === null);
  if (value === undefined) return false;
  const isOutermost = bound instanceof MinKey || bound instanceof MaxKey;
  if (!isOutermost && rankOf(value) !== rankOf(bound)) return false;
  if (!isOutermost && rankOf(value) === 10 && isNaNumber(value) !== isNaNumber(bound)) return false;
  const order = compare(value, bound);
  return order === 0 ? name.endsWith('e') : order > 0 === name.startsWith('$g');
}

function hasText({ pattern, options }: BSONRegExp): (value: unknown) => boolean {
  const expression = new RegExp(pattern, `${options}u`);
  return (value) =>
    typeof value === 'string'
      ? expression.test(value)
      : value instanceof BSONRegExp && value.pattern === pattern && value.options === options;
}

function hasRemainder(value: unknown, [divisor, remainder]: readonly unknown[]): boolean {
  const [whole, by, rest] = [value, divisor, remainder].map((one) => {
    if (rankOf(one) !== 10) return undefined;
    const number = numberOf(one);
    if (typeof number === 'bigint') return number;
    return Number.isFinite(number) ? BigInt(Math.trunc(number)) : undefined;
  });
  return whole !== undefined && by !== undefined && BigInt.asIntN(64, whole) === whole && whole % by === rest;
}

const TYPES: readonly (readonly [string, number])[] = [
  ...([
    ['double', 1],
    ['string', 2],
    ['object', 3],
    ['array', 4],
    ['binData', 5],
    ['objectId', 7],
  ] as const),
  ...([
    ['bool', 8],
    ['date', 9],
    ['null', 10],
    ['regex', 11],
    ['int', 16],
    ['long', 18],
  ] as const),
  ...([
    ['minKey', -1],
    ['maxKey', 127],
  ] as const),
];

function hasType(value: unknown, wanted: unknown): boolean {
  if (value === undefined) return false;
  const own = typeOf(value);
  if (wanted === 'number') return ['int', 'long', 'double'].includes(own);
  const names = TYPES.filter(([name, code]) => wanted === name || (rankOf(wanted) === 10 && Number(wanted) === code));
  return names.some(([name]) => name === own);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Map) return 'object';
  if (value instanceof Date) return 'date';
  if (value instanceof Double) return 'double';
  if (value instanceof Long) return 'long';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  if (value instanceof Int32) return 'int';
  if (value instanceof ObjectId) return 'objectId';
  if (value instanceof Binary) return 'binData';
  if (value instanceof BSONRegExp) return 'regex';
  return value instanceof MinKey ? 'minKey' : 'maxKey';
}

const RANKS: Readonly<Record<string, number>> = {
  ...{ minKey: -1, null: 5, int: 10, long: 10, double: 10, string: 15, object: 20, array: 25, binData: 30 },
  ...{ objectId: 35, bool: 40, date: 45, regex: 50, maxKey: 127 },
};

function rankOf(value: unknown): number {
  return value === undefined ? 5 : (RANKS[typeOf(value)] ?? 0);
}

function numberOf(value: unknown): number | bigint {
  return value instanceof Long ? value.toBigInt() : Number(value);
}

function isNaNumber(value: unknown): boolean {
  return Number.isNaN(numberOf(value));
}

/** The order of all values. */
export function compare(a: unknown, b: unknown): number {
  if (rankOf(a) !== rankOf(b)) return rankOf(a) - rankOf(b);
  if (rankOf(a) === 10) {
    if (isNaNumber(a) || isNaNumber(b)) return Number(isNaNumber(b)) - Number(isNaNumber(a));
    const [x, y] = [numberOf(a), numberOf(b)];
    return x < y ? -1 : Number(x > y);
  }
  if (typeof a === 'string' || a instanceof ObjectId)
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  if (typeof a === 'boolean' || a instanceof Date) return Number(a) - Number(b);
  if (Array.isArray(a))
    return compareFields(
      a.map((one) => ['', one]),
      (b as unknown[]).map((one) => ['', one]),
    );
  if (a instanceof Map) return compareFields([...a], [...(b as Doc)]);
  if (a instanceof Binary && b instanceof Binary)
    return a.position - b.position || a.sub_type - b.sub_type || Buffer.compare(a.value(), b.value());
  if (a instanceof BSONRegExp && b instanceof BSONRegExp)
    return compare(a.pattern, b.pattern) || compare(a.options, b.options);
  return 0;
}

type Field = readonly [name: string, value: unknown];

function compareFields(a: readonly (readonly unknown[])[], b: readonly (readonly unknown[])[]): number {
  for (const [at, [name, value]] of (a as readonly Field[]).entries()) {
    const other = b[at] as Field | undefined;
    if (!other) return 1;
    const order = rankOf(value) - rankOf(other[1]) || compare(name, other[0]) || compare(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** In the order of one path, then of `_id`. */
export function sorted(docs: readonly Doc[], path: string, by: number, tie: number): Doc[] {
  const keyed = docs.map((doc) => ({ doc, key: extreme(sortValues(doc, path.split('.')), by) }));
  keyed.sort((x, y) => compareKeys(x.key, y.key) * by || compare(x.doc.get('_id'), y.doc.get('_id')) * tie);
  return keyed.map(({ doc }) => doc);
}

/** An empty list at the end of the path comes before null, after MinKey. */
const EMPTY = Symbol('empty');

function sortValues(value: unknown, [part, ...rest]: readonly string[]): unknown[] {
  if (part !== undefined && value instanceof Map) return sortValues(value.get(part), rest);
  if (!Array.isArray(value)) return [part === undefined ? value : undefined];
  if (part === undefined) return value.length === 0 ? [EMPTY] : value;
  if (value.length === 0) return [undefined];
  return value.flatMap((one) => (one instanceof Map ? sortValues(one, [part, ...rest]) : [undefined]));
}

function compareKeys(a: unknown, b: unknown): number {
  const rank = (key: unknown): number => (key === EMPTY ? 0 : rankOf(key));
  if (a === EMPTY || b === EMPTY) return rank(a) - rank(b);
  return compare(a, b);
}

function extreme(values: readonly unknown[], by: number): unknown {
  return values.reduce((best, next) => (compareKeys(next, best) * by < 0 ? next : best));
}
