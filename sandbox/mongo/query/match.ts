import { type Doc, isDoc, type Maybe, Regex, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import { compileField, ELEMENT, isOperatorDoc } from './operators.ts';
import { type MatchPosition, type Path, splitPath } from './path.ts';

/** Whether a document passes a filter; `position` takes where the array match was found, for `$` in updates. */
export type Matcher = (doc: Doc, position?: MatchPosition) => boolean;

/**
 * A filter, checked whole at once: a mistake is an error even where no document is looked at.
 * Throws Fault 2 for bad operators or operands, 115 for operators outside the subset.
 */
export function compileFilter(filter: Doc): Matcher {
  const parts: Matcher[] = [];
  for (const [name, condition] of filter) {
    parts.push(name.startsWith('$') ? compileLogic(name, condition) : compileCondition(name, condition));
  }
  return allOf(parts);
}

/** The filter of a command: a document, or Fault 14. */
export function filterOf(value: Maybe, name: string): Doc {
  if (value === undefined) return new Map();
  if (!isDoc(value)) throw new Fault(14, `Expected field ${name} to be of type object`);
  return value;
}

function allOf(parts: readonly Matcher[]): Matcher {
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  return (doc, position) => parts.every((part) => part(doc, position));
}

function compileLogic(name: string, condition: Value): Matcher {
  if (name === '$comment') return () => true;
  checkSupported('queryLogic', name, `the query operator ${name}`);
  const branches = branchesOf(name, condition).map(compileFilter);
  if (name === '$and') return allOf(branches);
  if (name === '$or') return (doc, position) => branches.some((branch) => branch(doc, position));
  return (doc) => !branches.some((branch) => branch(doc));
}

/** The documents of $and, $or, $nor. */
export function branchesOf(name: string, condition: Value): Doc[] {
  if (!Array.isArray(condition)) throw new Fault(2, `${name} must be an array`);
  if (condition.length === 0) throw new Fault(2, '$and/$or/$nor must be a nonempty array');
  return condition.map((branch) => {
    if (!isDoc(branch)) throw new Fault(2, `${name} entries need to be full objects`);
    return branch;
  });
}

function compileCondition(name: string, condition: Value): Matcher {
  const path = splitPath(name);
  if (isOperatorDoc(condition)) return allOf(compileOperators(path, condition));
  if (condition instanceof Regex) return compileField(path, '$regex', condition, new Map(), elementTest);
  return compileField(path, '$eq', condition, new Map(), elementTest);
}

function compileOperators(path: Path, condition: Doc): Matcher[] {
  const parts: Matcher[] = [];
  for (const [operator, operand] of condition) {
    if (!operator.startsWith('$')) throw new Fault(2, `unknown operator: ${operator}`);
    if (operator === '$options') {
      if (!condition.has('$regex')) throw new Fault(2, '$options needs a $regex');
      continue;
    }
    checkSupported('queryOperators', operator, `the query operator ${operator}`);
    if (operator === '$not') parts.push(compileNot(path, operand));
    else parts.push(compileField(path, operator, operand, condition, elementTest));
  }
  return parts;
}

function compileNot(path: Path, operand: Value): Matcher {
  if (operand instanceof Regex) {
    const inner = compileField(path, '$regex', operand, new Map(), elementTest);
    return (doc) => !inner(doc);
  }
  if (!isOperatorDoc(operand)) throw new Fault(2, '$not needs a regex or a document');
  const inner = allOf(compileOperators(path, operand));
  return (doc) => !inner(doc);
}

/**
 * What `$elemMatch` demands of one element: `{ $gt: 1 }` of the element itself, whole if it is a list; `{ a: 1 }` of
 * the fields of an element that is a document or a list.
 */
export function elementTest(operand: Doc): (element: Value) => boolean {
  const isLogic = ['$and', '$or', '$nor'].some((name) => operand.has(name));
  if (isOperatorDoc(operand) && !isLogic) {
    const matcher = allOf(compileOperators(ELEMENT, operand));
    return (element) => matcher(new Map([['', element]]));
  }
  const matcher = compileFilter(operand);
  return (element) => (isDoc(element) ? matcher(element) : Array.isArray(element) && matcher(indexed(element)));
}

function indexed(values: readonly Value[]): Doc {
  return new Map(values.map((value, index) => [String(index), value]));
}
