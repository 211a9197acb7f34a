import { bracketOf, compareKeys, keyOf } from '../bson/order.ts';
import {
  type Doc,
  isDoc,
  isNumber,
  MaxKey,
  type Maybe,
  MinKey,
  Regex,
  TYPE_NUMBERS,
  toNumber,
  typeOf,
  type Value,
} from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import type { Matcher } from './match.ts';
import { type MatchPosition, type Path, someAt } from './path.ts';
import { compileRegex } from './regex.ts';

type Test = (value: Maybe) => boolean;
type ElementTest = (operand: Doc) => (element: Value) => boolean;

/** In place of a path: the value under this name itself, which if it is a list is not opened. */
export const ELEMENT: Path = [''];

/** A document whose first field is an operator, as against one to compare with. */
export function isOperatorDoc(value: Value): value is Doc {
  if (!isDoc(value)) return false;
  const first = value.keys().next();
  return !first.done && first.value.startsWith('$') && !isReference(value);
}

function isReference(doc: Doc): boolean {
  return doc.has('$ref') || doc.has('$id');
}

/** One operator of one field. `siblings` holds the other operators of the field ($options beside $regex). */
export function compileField(
  path: Path,
  operator: string,
  operand: Value,
  siblings: Doc,
  elementTest: ElementTest,
): Matcher {
  const some = (test: Test, leaf: 'elements' | 'whole' = 'elements'): Matcher => {
    const [only] = path;
    if (path === ELEMENT) return (doc) => test(doc.get(''));
    if (path.length > 1 || only === undefined) return (doc, position) => someAt(doc, path, test, leaf, position);
    return (doc, position) => {
      const value = doc.get(only);
      return Array.isArray(value) ? someAt(doc, path, test, leaf, position) : test(value);
    };
  };
  const none = (test: Test): Matcher => {
    const positive = some(test);
    return (doc) => !positive(doc);
  };
  switch (operator) {
    case '$eq':
      return some(equals(operand));
    case '$ne':
      if (operand instanceof Regex) throw new Fault(2, "Can't have regex as arg to $ne.");
      return none(equals(operand));
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return some(inRange(operator, operand));
    case '$in':
      return some(inList('$in', operand));
    case '$nin':
      return none(inList('$nin', operand));
    case '$exists': {
      const isThere = some((value) => value !== undefined, 'whole');
      return exists(operand) ? isThere : (doc) => !isThere(doc);
    }
    case '$type':
      return some(hasType(operand));
    case '$regex':
      return some(matchesRegex(operand, siblings.get('$options')));
    case '$size':
      return some(hasSize(operand), 'whole');
    case '$mod':
      return some(hasRemainder(operand));
    case '$all':
      return containsAll(path, operand, elementTest);
    case '$elemMatch':
      return someElement(path, operand, elementTest);
    default:
      throw unsupported(`the query operator ${operator}`);
  }
}

export function equals(operand: Value): Test {
  if (operand === null) return (value) => value === undefined || value === null;
  if (typeof operand === 'string' || typeof operand === 'boolean') return (value) => value === operand;
  const key = keyOf(operand);
  const bracket = bracketOf(operand);
  return (value) => value !== undefined && bracketOf(value) === bracket && keyOf(value) === key;
}

function exists(operand: Value): boolean {
  if (isNumber(operand)) return toNumber(operand) !== 0;
  return operand !== false && operand !== null;
}

function inRange(operator: string, operand: Value): Test {
  if (operand instanceof Regex) throw new Fault(2, `Can't have RegEx as arg to predicate over field`);
  const allowsEqual = operator === '$gte' || operator === '$lte';
  const sign = operator === '$gt' || operator === '$gte' ? 1 : -1;
  if (operand === null) return allowsEqual ? equals(null) : () => false;
  if (typeof operand === 'number' && Number.isNaN(operand)) return allowsEqual ? equals(operand) : () => false;
  const key = keyOf(operand);
  const bracket = bracketOf(operand);
  const passes = (value: Maybe): boolean => {
    const order = compareKeys(keyOf(value), key) * sign;
    return order > 0 || (order === 0 && allowsEqual);
  };
  // MinKey and MaxKey are the only operands that compare with every type.
  if (operand instanceof MinKey || operand instanceof MaxKey) return (value) => value !== undefined && passes(value);
  return (value) => {
    if (value === undefined || bracketOf(value) !== bracket) return false;
    if (typeof value === 'number' && Number.isNaN(value)) return false;
    return passes(value);
  };
}

function inList(operator: string, operand: Value): Test {
  if (!Array.isArray(operand)) throw new Fault(2, `${operator} needs an array`);
  const keys = new Set<string>();
  const patterns: Test[] = [];
  for (const member of operand) {
    if (isOperatorDoc(member)) throw new Fault(2, `cannot nest $ under ${operator}`);
    if (member instanceof Regex) patterns.push(matchesRegex(member, undefined));
    else keys.add(keyOf(member));
  }
  return (value) => keys.has(keyOf(value)) || patterns.some((test) => test(value));
}

function hasType(operand: Value): Test {
  const wanted = new Set<string>();
  const members = Array.isArray(operand) ? operand : [operand];
  if (members.length === 0) throw new Fault(9, '$type must match at least one type');
  for (const member of members) for (const name of typeNames(member)) wanted.add(name);
  return (value) => value !== undefined && wanted.has(typeOf(value));
}

function typeNames(member: Value): string[] {
  if (member === 'number') return ['int', 'long', 'double'];
  if (typeof member === 'string') {
    if (Object.hasOwn(TYPE_NUMBERS, member)) return [member];
    if (/^(?:decimal|timestamp|javascript|symbol|undefined|dbPointer|javascriptWithScope)$/.test(member)) return [];
    throw new Fault(2, `Unknown type name alias: ${member}`);
  }
  if (!isNumber(member)) throw new Fault(14, 'type must be represented as a number or a string');
  const number = toNumber(member);
  const found = Object.entries(TYPE_NUMBERS).find(([, code]) => code === number);
  if (found) return [found[0]];
  if ([6, 12, 13, 14, 15, 17, 19].includes(number)) return [];
  throw new Fault(2, `Invalid numerical type code: ${number}`);
}

function matchesRegex(operand: Value, options: Maybe): Test {
  if (options !== undefined && typeof options !== 'string') throw new Fault(2, '$options has to be a string');
  const isRegex = operand instanceof Regex;
  if (!isRegex && typeof operand !== 'string') throw new Fault(2, '$regex has to be a string');
  if (isRegex && operand.options !== '' && options !== undefined) {
    throw new Fault(51075, 'options set in both $regex and $options');
  }
  const pattern = isRegex ? operand.pattern : operand;
  const flags = options ?? (isRegex ? operand.options : '');
  const expression = compileRegex(pattern, flags);
  return (value) => {
    if (typeof value === 'string') return expression.test(value);
    return value instanceof Regex && value.pattern === pattern && value.options === flags;
  };
}

function hasSize(operand: Value): Test {
  const size = isNumber(operand) ? toNumber(operand) : Number.NaN;
  if (!Number.isInteger(size)) throw new Fault(9, 'Failed to parse $size. Expected an integer');
  if (size < 0) throw new Fault(2, 'Failed to parse $size. Expected a non-negative number');
  return (value) => Array.isArray(value) && value.length === size;
}

function hasRemainder(operand: Value): Test {
  if (!Array.isArray(operand) || operand.length !== 2) throw new Fault(2, 'malformed mod, needs to be an array of two');
  const [divisor, remainder] = operand.map(toWhole);
  if (divisor === undefined || remainder === undefined)
    throw new Fault(2, 'malformed mod, divisor and remainder must be numbers');
  if (divisor === 0n) throw new Fault(2, 'divisor cannot be 0');
  return (value) => {
    const whole = toWhole(value);
    return whole !== undefined && whole % divisor === remainder;
  };
}

/** A number without its fraction; undefined for what is none, or beyond 64 bits. */
function toWhole(value: Maybe): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (!isNumber(value) || !Number.isFinite(toNumber(value))) return undefined;
  const whole = BigInt(Math.trunc(toNumber(value)));
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function containsAll(path: Path, operand: Value, elementTest: ElementTest): Matcher {
  if (!Array.isArray(operand)) throw new Fault(2, '$all needs an array');
  const parts = operand.map((member): Matcher => {
    if (isDoc(member) && member.has('$elemMatch')) {
      return someElement(path, member.get('$elemMatch') ?? null, elementTest);
    }
    if (isOperatorDoc(member)) throw new Fault(2, 'no $ expressions in $all');
    const operator = member instanceof Regex ? '$regex' : '$eq';
    return compileField(path, operator, member, new Map(), elementTest);
  });
  return (doc, position) => parts.length > 0 && parts.every((part) => part(doc, position));
}

function someElement(path: Path, operand: Value, elementTest: ElementTest): Matcher {
  if (!isDoc(operand)) throw new Fault(2, '$elemMatch needs an Object');
  const test = elementTest(operand);
  return (doc, position) => {
    const own: MatchPosition = {};
    const found = someAt(doc, path, (value) => Array.isArray(value) && takeIndex(value, test, own), 'whole', position);
    if (found && position && own.index !== undefined) position.index = own.index;
    return found;
  };
}

function takeIndex(values: readonly Value[], test: (value: Value) => boolean, own: MatchPosition): boolean {
  const index = values.findIndex(test);
  if (index >= 0) own.index = index;
  return index >= 0;
}
