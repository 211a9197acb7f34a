import { compare, isEqual } from '../bson/order.ts';
import { type Doc, Int32, isDoc, isNumber, typeOf, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import type { Path } from '../query/path.ts';
import { add, multiply } from './arithmetic.ts';
import { addToSet, pop, pull, pullAll, push } from './arrays.ts';
import { existingAt, setAt, show, unsetAt, valueAt } from './paths.ts';

/** Applies one operator at one path that has no `$` in it any more. */
export type Action = (doc: Doc, path: Path, context: ActionContext) => void;

export interface ActionContext {
  readonly isInsert: boolean;
  readonly now: Date;
}

/** The action of an operator with its operand; operands are checked here, before any document is touched. */
export function compileAction(operator: string, name: string, operand: Value): Action {
  switch (operator) {
    case '$set':
      return (doc, path) => setAt(doc, path, operand);
    case '$setOnInsert':
      return (doc, path, { isInsert }) => {
        if (isInsert) setAt(doc, path, operand);
      };
    case '$unset':
      return (doc, path) => unsetAt(doc, path);
    case '$inc':
    case '$mul':
      return calculate(operator, name, operand);
    case '$min':
    case '$max':
      return (doc, path) => {
        const old = valueAt(doc, path);
        const order = compare(operand, old);
        if (old === undefined || (operator === '$min' ? order < 0 : order > 0)) setAt(doc, path, operand);
      };
    case '$currentDate':
      return currentDate(operand);
    case '$push':
      return onArray('$push', push(operand));
    case '$addToSet':
      return onArray('$addToSet', addToSet(operand));
    case '$pop':
      return onExistingArray(name, pop(name, operand));
    case '$pull':
      return onExistingArray(name, pull(operand));
    case '$pullAll':
      return onExistingArray(name, pullAll(operand));
    default:
      throw unsupported(`the update operator ${operator}`);
  }
}

/** $rename, at the path it moves the field to: neither path may go through an array. */
export function compileRename(from: Path): Action {
  return (doc, to) => {
    const value = existingAt(doc, from);
    if (value === undefined) return;
    refuseArrays(doc, from, 'source');
    refuseArrays(doc, to, 'destination');
    setAt(doc, to, value);
    unsetAt(doc, from);
  };
}

function refuseArrays(doc: Doc, path: Path, role: string): void {
  for (let length = 1; length < path.length; length += 1) {
    if (Array.isArray(valueAt(doc, path.slice(0, length))))
      throw new Fault(2, `The ${role} field cannot be an array element, '${path.join('.')}'`);
  }
}

function calculate(operator: string, name: string, operand: Value): Action {
  if (!isNumber(operand)) {
    const verb = operator === '$inc' ? 'increment' : 'multiply';
    throw new Fault(14, `Cannot ${verb} with non-numeric argument: {${name}: ${show(operand)}}`);
  }
  return (doc, path) => {
    const old = valueAt(doc, path);
    if (old === undefined) {
      setAt(doc, path, operator === '$inc' ? operand : multiply(new Int32(0), operand));
      return;
    }
    if (!isNumber(old)) {
      throw new Fault(
        14,
        `Cannot apply ${operator} to a value of non-numeric type. {_id: ${show(doc.get('_id'))}} has the field '${path.at(-1)}' of non-numeric type ${typeOf(old)}`,
      );
    }
    setAt(doc, path, operator === '$inc' ? add(old, operand) : multiply(old, operand));
  };
}

function currentDate(operand: Value): Action {
  const type = isDoc(operand) ? operand.get('$type') : operand;
  if (type === 'timestamp') throw unsupported('$currentDate with the type timestamp');
  const isDate = isDoc(operand) ? operand.size === 1 && type === 'date' : typeof operand === 'boolean';
  if (!isDate) throw new Fault(2, `$currentDate: a boolean or { $type: 'date' } is expected`);
  return (doc, path, { now }) => setAt(doc, path, now);
}

function onArray(operator: string, change: (values: readonly Value[]) => Value[]): Action {
  return (doc, path) => {
    const old = valueAt(doc, path);
    if (old !== undefined && !Array.isArray(old)) throw notAnArray(operator, doc, path, old);
    setAt(doc, path, change(old ?? []));
  };
}

function notAnArray(operator: string, doc: Doc, path: Path, old: Value): Fault {
  if (operator === '$addToSet') {
    return new Fault(
      2,
      `Cannot apply $addToSet to non-array field. Field named '${path.at(-1)}' has non-array type ${typeOf(old)}`,
    );
  }
  return new Fault(
    2,
    `The field '${path.join('.')}' must be an array but is of type ${typeOf(old)} in document {_id: ${show(doc.get('_id'))}}`,
  );
}

function onExistingArray(name: string, change: (values: readonly Value[]) => Value[]): Action {
  return (doc, path) => {
    const old = existingAt(doc, path);
    if (old === undefined) return;
    if (!Array.isArray(old)) {
      if (name === '') return;
      throw new Fault(
        2,
        `Cannot apply $pull to a non-array value. Path '${path.join('.')}' contains an element of non-array type '${typeOf(old)}'`,
      );
    }
    const changed = change(old);
    if (!isEqual(changed, old)) setAt(doc, path, changed);
  };
}
