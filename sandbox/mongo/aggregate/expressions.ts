import { compare, isEqual } from '../bson/order.ts';
import {
  type Doc,
  Int32,
  int,
  isDoc,
  isNumber,
  isTruthy,
  type Maybe,
  toNumber,
  typeOf,
  type Value,
} from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import { add, type BsonNumber, multiply } from '../update/arithmetic.ts';

/** An expression of an aggregation: a value from a document; undefined is missing. */
export interface Expression {
  (doc: Doc): Maybe;
  /** The same for every document. */
  readonly isConstant?: true;
}

const NO_DOC: Doc = new Map();

function constant(value: Maybe): Expression {
  return Object.assign(() => value, { isConstant: true } as const);
}

/** What depends on no document is worked out at once, as in MongoDB: its mistakes are errors with no documents too. */
function folded(expression: Expression, parts: readonly Expression[]): Expression {
  return parts.every((part) => part.isConstant) ? constant(expression(NO_DOC)) : expression;
}

export function compileExpression(given: Value): Expression {
  if (typeof given === 'string' && given.startsWith('$')) return compilePath(given);
  if (Array.isArray(given)) {
    const members = given.map(compileExpression);
    return folded((doc) => members.map((member) => member(doc) ?? null), members);
  }
  if (!isDoc(given)) return constant(given);
  const [entry] = given;
  if (entry?.[0].startsWith('$')) {
    if (given.size !== 1) throw new Fault(15983, 'an object representing an expression must have exactly one field');
    return compileOperator(entry[0], entry[1]);
  }
  const fields = [...given].map(([name, value]): [string, Expression] => [name, compileExpression(value)]);
  return folded(
    (doc) => {
      const result: Doc = new Map();
      for (const [name, expression] of fields) {
        const value = expression(doc);
        if (value !== undefined) result.set(name, value);
      }
      return result;
    },
    fields.map(([, expression]) => expression),
  );
}

/** `$a.b`, `$$ROOT`, `$$ROOT.a`; through arrays as a list of what is found. */
function compilePath(given: string): Expression {
  const isVariable = given.startsWith('$$');
  const [head = '', ...rest] = given.slice(isVariable ? 2 : 1).split('.');
  if (isVariable && head === 'REMOVE' && rest.length === 0) return () => undefined;
  if (isVariable && head !== 'ROOT' && head !== 'CURRENT') throw unsupported(`the variable $$${head}`);
  const path = isVariable ? rest : [head, ...rest];
  if (path.includes('')) throw new Fault(15998, 'FieldPath field names may not be empty strings.');
  return (doc) => follow(doc, path, 0);
}

function follow(value: Maybe, path: readonly string[], at: number): Maybe {
  const part = path[at];
  if (part === undefined) return value;
  if (isDoc(value)) return follow(value.get(part), path, at + 1);
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((element) => {
    // A list inside a list is not looked into.
    const inner = isDoc(element) ? follow(element, path, at) : undefined;
    return inner === undefined ? [] : [inner];
  });
}

function compileOperator(name: string, operand: Value): Expression {
  checkSupported('expressions', name, `the aggregation expression ${name}`);
  if (name === '$literal') return constant(operand);
  if (name === '$cond') return compileCond(operand);
  const args = (Array.isArray(operand) ? operand : [operand]).map(compileExpression);
  const arity = ARITY[name];
  if (arity !== undefined && args.length !== arity) {
    throw new Fault(16020, `Expression ${name} takes exactly ${arity} arguments. ${args.length} were passed in.`);
  }
  const operator = OPERATORS[name];
  if (!operator) throw unsupported(`the aggregation expression ${name}`);
  return folded((doc) => operator(args.map((arg) => arg(doc))), args);
}

function compileCond(operand: Value): Expression {
  const parts = isDoc(operand) ? ['if', 'then', 'else'].map((part) => operand.get(part)) : operand;
  if (
    !Array.isArray(parts) ||
    parts.length !== 3 ||
    parts.includes(undefined) ||
    (isDoc(operand) && operand.size !== 3)
  ) {
    throw new Fault(17080, '$cond needs an if, a then and an else');
  }
  const compiled = parts.map((part) => compileExpression(part ?? null));
  const [test, then, otherwise] = compiled;
  return folded((doc) => (isTruthy(test?.(doc)) ? then?.(doc) : otherwise?.(doc)), compiled);
}

const ARITY: Readonly<Record<string, number>> = {
  $eq: 2,
  $ne: 2,
  $gt: 2,
  $gte: 2,
  $lt: 2,
  $lte: 2,
  $cmp: 2,
  $not: 1,
  $subtract: 2,
  $divide: 2,
  $size: 1,
  $in: 2,
  $arrayElemAt: 2,
  $toString: 1,
};

type Operator = (args: readonly Maybe[]) => Maybe;

const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: ([a, b]) => order(a, b) === 0,
  $ne: ([a, b]) => order(a, b) !== 0,
  $gt: ([a, b]) => order(a, b) > 0,
  $gte: ([a, b]) => order(a, b) >= 0,
  $lt: ([a, b]) => order(a, b) < 0,
  $lte: ([a, b]) => order(a, b) <= 0,
  $cmp: ([a, b]) => new Int32(Math.sign(order(a, b))),
  $and: (args) => args.every(isTruthy),
  $or: (args) => args.some(isTruthy),
  $not: ([a]) => !isTruthy(a),
  $ifNull: (args) => args.find((arg) => arg !== undefined && arg !== null) ?? args.at(-1),
  $add: (args) => calculate('$add', args, add),
  $multiply: (args) => calculate('$multiply', args, multiply),
  $subtract: ([a, b]) => subtract(a, b),
  $divide: ([a, b]) => divide(a, b),
  $concat: (args) => concat(args),
  $size: ([a]) => {
    if (!Array.isArray(a))
      throw new Fault(
        17124,
        `The argument to $size must be an array, but was of type: ${a === undefined ? 'missing' : typeOf(a)}`,
      );
    return int(a.length);
  },
  $in: ([a, b]) => {
    if (!Array.isArray(b))
      throw new Fault(
        40081,
        `$in requires an array as a second argument, found: ${b === undefined ? 'missing' : typeOf(b)}`,
      );
    return b.some((element) => isEqual(element, a) && a !== undefined);
  },
  $arrayElemAt: ([a, b]) => elementAt(a, b),
  $toString: ([a]) => toText(a),
};

/** In expressions missing is less than everything, null included. */
function order(a: Maybe, b: Maybe): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  return compare(a, b);
}

function isNothing(value: Maybe): value is null | undefined {
  return value === undefined || value === null;
}

function calculate(name: string, args: readonly Maybe[], combine: (a: BsonNumber, b: BsonNumber) => BsonNumber): Maybe {
  let result: BsonNumber = new Int32(name === '$add' ? 0 : 1);
  for (const arg of args) {
    // Whichever comes first decides: nothing makes null, a text a mistake.
    if (isNothing(arg)) return null;
    if (arg instanceof Date) throw unsupported(`${name} with a date`);
    if (!isNumber(arg)) throw new Fault(14, `${name} only supports numeric types, not ${typeOf(arg)}`);
    result = combine(result, arg);
  }
  return result;
}

function subtract(a: Maybe, b: Maybe): Maybe {
  if (isNothing(a) || isNothing(b)) return null;
  if (a instanceof Date && b instanceof Date) return BigInt(a.getTime() - b.getTime());
  if (a instanceof Date && isNumber(b)) return new Date(a.getTime() - Math.trunc(toNumber(b)));
  if (!isNumber(a) || !isNumber(b)) throw new Fault(14, `can't $subtract ${typeOf(b)} from ${typeOf(a)}`);
  return add(a, multiply(b, new Int32(-1)));
}

function divide(a: Maybe, b: Maybe): Maybe {
  if (isNothing(a) || isNothing(b)) return null;
  if (!isNumber(a) || !isNumber(b))
    throw new Fault(14, `$divide only supports numeric types, not ${typeOf(a)} and ${typeOf(b)}`);
  if (toNumber(b) === 0) throw new Fault(2, `can't $divide by zero`);
  return toNumber(a) / toNumber(b);
}

function concat(args: readonly Maybe[]): Maybe {
  let text = '';
  for (const arg of args) {
    if (isNothing(arg)) return null;
    if (typeof arg !== 'string') throw new Fault(16702, `$concat only supports strings, not ${typeOf(arg)}`);
    text += arg;
  }
  return text;
}

function elementAt(a: Maybe, b: Maybe): Maybe {
  if (isNothing(a) || isNothing(b)) return null;
  if (!Array.isArray(a)) throw new Fault(28689, `$arrayElemAt's first argument must be an array, but is ${typeOf(a)}`);
  if (!isNumber(b) || !Number.isInteger(toNumber(b)))
    throw new Fault(28690, `$arrayElemAt's second argument must be a whole number`);
  return a.at(toNumber(b));
}

function toText(value: Maybe): Maybe {
  if (isNothing(value)) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (value instanceof Int32) return String(value.value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object' && 'type' in value && value.type === 'objectId')
    return Buffer.from(value.bytes, 'latin1').toString('hex');
  if (typeof value === 'number') throw unsupported('$toString of a double');
  throw new Fault(241, `Unsupported conversion from ${typeOf(value)} to string in $convert with no onError value`);
}
