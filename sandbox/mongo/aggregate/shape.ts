import { type Doc, isDoc, isNumber, isTruthy, type Maybe, typeOf, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileProjection } from '../query/project.ts';
import { unsetAt } from '../update/paths.ts';
import { compileExpression, type Expression } from './expressions.ts';
import type { Stage } from './pipeline.ts';

/** $project: fields kept or left out, and computed ones after the kept. */
export function projectStage(operand: Value): Stage {
  if (!isDoc(operand) || operand.size === 0)
    throw new Fault(51272, 'Invalid $project :: caused by :: projection specification must have at least one field');
  const plain: Doc = new Map();
  const computed: [string, Expression][] = [];
  for (const [name, value] of operand) {
    if (typeof value === 'boolean' || isNumber(value)) plain.set(name, value);
    else computed.push([checkName(name), compileExpression(refuseNested(name, value, '$project'))]);
  }
  const isExclusion = [...plain].some(([name, value]) => name !== '_id' && !isTruthy(value));
  if (isExclusion && computed.length > 0) throw new Fault(31252, 'Cannot compute a field in exclusion projection');
  const keepsNothingElse = computed.length > 0 && ![...plain].some(([name]) => name !== '_id');
  const base = keepsNothingElse ? onlyId(!plain.has('_id') || isTruthy(plain.get('_id'))) : compileProjection(plain);
  return function* (docs) {
    for (const doc of docs) yield withFields(base ? base(doc) : doc, computed, doc);
  };
}

function onlyId(isKept: boolean): (doc: Doc) => Doc {
  return (doc) => {
    const id = doc.get('_id');
    return isKept && id !== undefined ? new Map([['_id', id]]) : new Map();
  };
}

/** $addFields: one level of names only; a dotted name is refused. */
export function addFields(operand: Value): Stage {
  if (!isDoc(operand) || operand.size === 0)
    throw new Fault(40177, 'Invalid $addFields :: specification must have at least one field');
  const fields = [...operand].map(([name, value]): [string, Expression] => {
    return [checkName(name), compileExpression(refuseNested(name, value, '$addFields'))];
  });
  return function* (docs) {
    for (const doc of docs) yield withFields(new Map(doc), fields, doc);
  };
}

/** There a document is not a value but a path further down. */
function refuseNested(name: string, value: Value, stage: string): Value {
  if (!isDoc(value) || value.keys().next().value?.startsWith('$')) return value;
  throw unsupported(`a document as the value of ${name} in ${stage}`);
}

function checkName(name: string): string {
  if (name.startsWith('$')) throw new Fault(16410, `FieldPath field names may not start with '$'. '${name}'`);
  if (name.includes('.')) throw unsupported(`the dotted name ${name} of a computed field`);
  return name;
}

function withFields(target: Doc, fields: readonly [string, Expression][], source: Doc): Doc {
  for (const [name, expression] of fields) {
    const value = expression(source);
    if (value === undefined) target.delete(name);
    else target.set(name, value);
  }
  return target;
}

export function unsetStage(operand: Value): Stage {
  const names = Array.isArray(operand) ? operand : [operand];
  const spec: Doc = new Map();
  for (const name of names) {
    if (typeof name !== 'string')
      throw new Fault(31002, '$unset specification must be a string or an array of strings');
    spec.set(name, false);
  }
  const projector = compileProjection(spec);
  return function* (docs) {
    for (const doc of docs) yield projector ? projector(doc) : doc;
  };
}

export function replaceRoot(stage: string, operand: Value): Stage {
  const given =
    stage === '$replaceRoot' ? (isDoc(operand) && operand.size === 1 ? operand.get('newRoot') : undefined) : operand;
  if (given === undefined) throw new Fault(40231, 'no newRoot specified for the $replaceRoot stage');
  const expression = compileExpression(given);
  return function* (docs) {
    for (const doc of docs) {
      const value = expression(doc);
      if (!isDoc(value)) {
        throw new Fault(
          40228,
          `'newRoot' expression must evaluate to an object, but resulting value was of type ${nameOf(value)}`,
        );
      }
      yield value;
    }
  };
}

function nameOf(value: Maybe): string {
  return value === undefined ? 'missing' : typeOf(value);
}

/** $unwind of a field at the top; with preserveNullAndEmptyArrays, without includeArrayIndex. */
export function unwind(operand: Value): Stage {
  const given = isDoc(operand) ? operand.get('path') : operand;
  if (isDoc(operand)) {
    for (const name of operand.keys()) {
      if (name !== 'path' && name !== 'preserveNullAndEmptyArrays') throw unsupported(`the option ${name} of $unwind`);
    }
  }
  if (typeof given !== 'string') throw new Fault(28808, 'expected a string as the path for $unwind stage');
  if (!given.startsWith('$'))
    throw new Fault(28818, `path option to $unwind stage should be prefixed with a '$': ${given}`);
  const name = given.slice(1);
  if (name.includes('.')) throw unsupported('$unwind of a dotted path');
  const keepsEmpty = isDoc(operand) && isTruthy(operand.get('preserveNullAndEmptyArrays'));
  return function* (docs) {
    for (const doc of docs) {
      const value = doc.get(name);
      const isEmpty = value === undefined || value === null || (Array.isArray(value) && value.length === 0);
      if (isEmpty) {
        if (keepsEmpty) yield Array.isArray(value) ? without(doc, name) : doc;
      } else if (Array.isArray(value)) for (const element of value) yield new Map(doc).set(name, element);
      else yield doc;
    }
  };
}

function without(doc: Doc, name: string): Doc {
  const copy = new Map(doc);
  unsetAt(copy, [name]);
  return copy;
}
