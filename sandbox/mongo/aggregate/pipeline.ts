import { compareKeys } from '../bson/order.ts';
import { type Doc, docOf, int, isDoc, isNumber, toNumber, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileFilter } from '../query/match.ts';
import { parseSort, sortKey } from '../query/sort.ts';
import { checkSupported } from '../supported.ts';
import { compileGroup } from './group.ts';
import { addFields, projectStage, replaceRoot, unsetStage, unwind } from './shape.ts';

/** Turns the documents of one stage into those of the next. */
export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>;

export interface Pipeline {
  readonly isEmpty: boolean;
  run(docs: Iterable<Doc>): Iterable<Doc>;
}

/** Checked whole before anything runs. Throws Fault 115 for stages outside the subset. */
export function compilePipeline(stages: readonly [string, Value][]): Pipeline {
  const compiled = stages.map(([name, operand]) => compileStage(name, operand));
  return { isEmpty: compiled.length === 0, run: (docs) => compiled.reduce((flow, stage) => stage(flow), docs) };
}

function compileStage(name: string, operand: Value): Stage {
  checkSupported('stages', name, `the aggregation stage ${name}`);
  switch (name) {
    case '$match':
      return match(operand);
    case '$sort':
      return sort(operand);
    case '$skip':
      return skip(operand);
    case '$limit':
      return limit(operand);
    case '$count':
      return count(operand);
    case '$group':
      return compileGroup(operand);
    case '$project':
      return projectStage(operand);
    case '$addFields':
    case '$set':
      return addFields(operand);
    case '$unset':
      return unsetStage(operand);
    case '$unwind':
      return unwind(operand);
    case '$replaceRoot':
    case '$replaceWith':
      return replaceRoot(name, operand);
    default:
      throw unsupported(`the aggregation stage ${name}`);
  }
}

function match(operand: Value): Stage {
  if (!isDoc(operand)) throw new Fault(15959, 'the match filter must be an expression in an object');
  const matcher = compileFilter(operand);
  return function* (docs) {
    for (const doc of docs) if (matcher(doc)) yield doc;
  };
}

function sort(operand: Value): Stage {
  if (!isDoc(operand)) throw new Fault(15973, 'the $sort key specification must be an object');
  const parts = parseSort(operand);
  if (parts.length === 0) throw new Fault(15976, '$sort stage must have at least one sort key');
  return (docs) => {
    const keyed = [...docs].map((doc) => ({ key: sortKey(doc, parts), doc }));
    return keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ doc }) => doc);
  };
}

function skip(operand: Value): Stage {
  const number = wholeNumber('$skip', operand, 0);
  return function* (docs) {
    let left = number;
    for (const doc of docs) {
      if (left > 0) left -= 1;
      else yield doc;
    }
  };
}

function limit(operand: Value): Stage {
  const number = wholeNumber('$limit', operand, 1);
  return function* (docs) {
    let left = number;
    for (const doc of docs) {
      yield doc;
      left -= 1;
      if (left <= 0) return;
    }
  };
}

function wholeNumber(name: string, operand: Value, least: number): number {
  const number = isNumber(operand) ? toNumber(operand) : Number.NaN;
  if (!Number.isInteger(number)) throw new Fault(5107200, `invalid argument to ${name} stage: Expected an integer`);
  if (number < least)
    throw new Fault(
      name === '$limit' ? 15958 : 5107200,
      `the ${name} must be ${least === 0 ? 'at least 0' : 'positive'}`,
    );
  return number;
}

function count(operand: Value): Stage {
  if (typeof operand !== 'string' || operand === '' || operand.startsWith('$') || operand.includes('.')) {
    throw new Fault(40156, 'the count field must be a non-empty string without $ and dots');
  }
  return function* (docs) {
    let n = 0;
    for (const _doc of docs) n += 1;
    if (n > 0) yield docOf({ [operand]: int(n) });
  };
}
