import { compare, keyOf } from '../bson/order.ts';
import { type Doc, Int32, isDoc, isNumber, type Maybe, toNumber, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import { add } from '../update/arithmetic.ts';
import { compileExpression, type Expression } from './expressions.ts';
import type { Stage } from './pipeline.ts';

/** Takes the value of each document of a group and gives the result. */
interface Accumulator {
  take(value: Maybe): void;
  result(): Maybe;
}

interface Column {
  readonly name: string;
  readonly expression: Expression;
  readonly start: () => Accumulator;
}

/** $group: one document for each `_id`, in the order in which the groups were first seen. */
export function compileGroup(operand: Value): Stage {
  if (!isDoc(operand)) throw new Fault(15947, `a group's fields must be specified in an object`);
  const id = operand.get('_id');
  if (id === undefined) throw new Fault(15955, 'a group specification must include an _id');
  const idOf = compileExpression(id);
  const columns = [...operand].filter(([name]) => name !== '_id').map(([name, value]) => compileColumn(name, value));
  return function* (docs) {
    const groups = new Map<string, { id: Value; accumulators: Accumulator[] }>();
    for (const doc of docs) {
      // A missing id is the same as null, as in MongoDB.
      const value = idOf(doc) ?? null;
      const key = keyOf(value);
      let group = groups.get(key);
      if (!group) {
        group = { id: value, accumulators: columns.map((column) => column.start()) };
        groups.set(key, group);
      }
      for (const [index, column] of columns.entries()) group.accumulators[index]?.take(column.expression(doc));
    }
    for (const group of groups.values()) {
      const result: Doc = new Map([['_id', group.id]]);
      for (const [index, column] of columns.entries()) {
        const value = group.accumulators[index]?.result();
        if (value !== undefined) result.set(column.name, value);
      }
      yield result;
    }
  };
}

function compileColumn(name: string, value: Value): Column {
  const [entry] = isDoc(value) ? value : [];
  if (!isDoc(value) || !entry) throw new Fault(40234, `The field '${name}' must be an accumulator object`);
  if (value.size !== 1) throw new Fault(40238, `The field '${name}' must specify one accumulator`);
  if (name.includes('.')) throw new Fault(40235, `The field name '${name}' cannot contain '.'`);
  const [operator, operand] = entry;
  checkSupported('accumulators', operator, `the accumulator ${operator}`);
  if (operator === '$count') {
    if (!isDoc(operand) || operand.size > 0) throw new Fault(9, '$count takes no arguments, i.e. $count:{}');
    return { name, expression: () => new Int32(1), start: sum };
  }
  return { name, expression: compileExpression(operand), start: accumulator(operator) };
}

function accumulator(operator: string): () => Accumulator {
  switch (operator) {
    case '$sum':
      return sum;
    case '$avg':
      return average;
    case '$min':
      return () => extreme(-1);
    case '$max':
      return () => extreme(1);
    case '$first':
      return first;
    case '$last':
      return last;
    case '$push':
      return push;
    case '$addToSet':
      return addToSet;
    default:
      throw unsupported(`the accumulator ${operator}`);
  }
}

/** Everything that is no number counts nothing. */
function sum(): Accumulator {
  let total: number | bigint | Int32 = new Int32(0);
  return {
    take: (value) => {
      if (isNumber(value)) total = add(total, value);
    },
    result: () => total,
  };
}

function average(): Accumulator {
  let total = 0;
  let n = 0;
  return {
    take: (value) => {
      if (!isNumber(value)) return;
      total += toNumber(value);
      n += 1;
    },
    result: () => (n === 0 ? null : total / n),
  };
}

function extreme(sign: number): Accumulator {
  let best: Maybe;
  return {
    take: (value) => {
      if (value === undefined || value === null) return;
      if (best === undefined || compare(value, best) * sign > 0) best = value;
    },
    result: () => best ?? null,
  };
}

function first(): Accumulator {
  let taken = false;
  let kept: Value = null;
  return {
    take: (value) => {
      if (!taken) kept = value ?? null;
      taken = true;
    },
    result: () => kept,
  };
}

function last(): Accumulator {
  let kept: Value = null;
  return {
    take: (value) => {
      kept = value ?? null;
    },
    result: () => kept,
  };
}

function push(): Accumulator {
  const values: Value[] = [];
  return {
    take: (value) => {
      if (value !== undefined) values.push(value);
    },
    result: () => values,
  };
}

function addToSet(): Accumulator {
  const values = new Map<string, Value>();
  return {
    take: (value) => {
      if (value !== undefined && !values.has(keyOf(value))) values.set(keyOf(value), value);
    },
    result: () => [...values.values()],
  };
}
