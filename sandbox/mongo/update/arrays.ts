import { compare, compareKeys, invertKey, isEqual, keyOf } from '../bson/order.ts';
import { type Doc, isDoc, isNumber, Regex, toNumber, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { compileFilter } from '../query/match.ts';
import { isOperatorDoc } from '../query/operators.ts';
import { checkSupported } from '../supported.ts';
import type { BsonNumber } from './arithmetic.ts';
import { valueAt } from './paths.ts';

type Change = (values: readonly Value[]) => Value[];

export function push(operand: Value): Change {
  if (!isDoc(operand) || !operand.has('$each')) {
    if (isOperatorDoc(operand)) throw new Fault(2, '$push modifiers need a $each');
    return (values) => [...values, operand];
  }
  const added = eachOf('$push', operand);
  const position = wholeNumber(operand, '$position');
  const slice = wholeNumber(operand, '$slice');
  const sort = operand.has('$sort') ? sorter(operand.get('$sort') ?? null) : undefined;
  return (values) => {
    const at = position === undefined ? values.length : position;
    let result = [...values];
    result.splice(at < 0 ? Math.max(0, values.length + at) : Math.min(at, values.length), 0, ...added);
    if (sort) result = sort(result);
    if (slice === undefined) return result;
    return slice >= 0 ? result.slice(0, slice) : result.slice(slice);
  };
}

export function addToSet(operand: Value): Change {
  const isEach = isDoc(operand) && operand.has('$each');
  if (isEach && operand.size > 1) throw new Fault(2, 'Found unexpected fields after $each in $addToSet');
  const added = isEach ? eachOf('$addToSet', operand) : [operand];
  return (values) => {
    const seen = new Set(values.map(keyOf));
    const result = [...values];
    for (const value of added) {
      const key = keyOf(value);
      if (seen.has(key)) continue;
      seen.add(key);
      result.push(value);
    }
    return result;
  };
}

export function pop(name: string, operand: Value): Change {
  const direction = isNumber(operand) ? toNumber(operand) : 0;
  if (direction !== 1 && direction !== -1) throw new Fault(9, `$pop expects 1 or -1, found something else for ${name}`);
  return (values) => (direction === 1 ? values.slice(0, -1) : values.slice(1));
}

export function pullAll(operand: Value): Change {
  if (!Array.isArray(operand)) throw new Fault(2, '$pullAll requires an array argument');
  const unwanted = new Set(operand.map(keyOf));
  return (values) => values.filter((value) => !unwanted.has(keyOf(value)));
}

export function pull(operand: Value): Change {
  const test = pullTest(operand);
  return (values) => values.filter((value) => !test(value));
}

function pullTest(operand: Value): (value: Value) => boolean {
  const isLogic = isDoc(operand) && ['$and', '$or', '$nor'].some((name) => operand.has(name));
  if (operand instanceof Regex || (isOperatorDoc(operand) && !isLogic)) {
    const matcher = compileFilter(new Map([['v', operand]]));
    return (value) => matcher(new Map([['v', value]]));
  }
  if (isDoc(operand)) {
    const matcher = compileFilter(operand);
    return (value) => isDoc(value) && matcher(value);
  }
  return (value) => isEqual(value, operand);
}

function eachOf(operator: string, operand: Doc): readonly Value[] {
  for (const name of operand.keys()) {
    if (!name.startsWith('$')) throw new Fault(2, `Unrecognized clause in ${operator}: ${name}`);
    checkSupported('pushModifiers', name, `the ${operator} modifier ${name}`);
  }
  const added = operand.get('$each');
  if (!Array.isArray(added)) throw new Fault(2, `The argument to $each in ${operator} must be an array`);
  return added;
}

function wholeNumber(operand: Doc, name: string): number | undefined {
  const value = operand.get(name);
  if (value === undefined) return undefined;
  const number = isNumber(value) ? toNumber(value) : Number.NaN;
  if (!Number.isInteger(number)) throw new Fault(2, `The value for ${name} must be an integer value`);
  return number;
}

function sorter(spec: Value): Change {
  if (isNumber(spec)) {
    if (!isDirection(spec)) throw new Fault(2, 'The $sort element value must be either 1 or -1');
    return (values) => [...values].sort((a, b) => compare(a, b) * toNumber(spec));
  }
  if (!isDoc(spec) || spec.size === 0)
    throw new Fault(2, 'The $sort is invalid: use 1/-1 to sort the whole element, or {field: 1/-1}');
  const parts = [...spec].map(([name, direction]) => {
    if (!isDirection(direction)) throw new Fault(2, 'The $sort element value must be either 1 or -1');
    const path = name.split('.');
    if (path.includes('')) throw new Fault(2, `The $sort field is a dotted field but has an empty part: ${name}`);
    return { path, descending: toNumber(direction) < 0 };
  });
  // Lists are compared whole there, not by their elements; what is no document has none of the fields.
  const keyed = (value: Value): string =>
    parts
      .map(({ path, descending }) => {
        const key = keyOf(isDoc(value) ? valueAt(value, path) : undefined);
        return descending ? invertKey(key) : key;
      })
      .join('');
  return (values) => {
    const pairs = values.map((value) => ({ value, key: keyed(value) }));
    return pairs.sort((a, b) => compareKeys(a.key, b.key)).map((pair) => pair.value);
  };
}

function isDirection(value: Value): value is BsonNumber {
  return isNumber(value) && Math.abs(toNumber(value)) === 1;
}
