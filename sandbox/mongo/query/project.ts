import { type Doc, isDoc, isNumber, isTruthy, toNumber, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { checkSupported } from '../supported.ts';
import { elementTest } from './match.ts';

/** A function that makes the projected document; it never changes the one given. */
export type Projector = (doc: Doc) => Doc;

interface Node {
  readonly children: Map<string, Node>;
  /** At a leaf: what is done with the value. */
  leaf?: 'take' | 'leave' | ((value: Value) => Value | undefined);
}

/**
 * A projection of `find`: fields included or left out, `$slice`, `$elemMatch`. Undefined where there is nothing to do.
 * Throws Fault 31253/31254 for inclusion mixed with exclusion, 115 for expressions and the positional `$`.
 */
export function compileProjection(spec: Doc): Projector | undefined {
  if (spec.size === 0) return undefined;
  const root: Node = { children: new Map() };
  let mode: 'include' | 'exclude' | undefined;
  let idMode: boolean | undefined;
  for (const [name, value] of spec) {
    checkName(name);
    if (isDoc(value)) {
      addOperator(root, name, value);
      if (value.has('$elemMatch')) mode ??= 'include';
      continue;
    }
    if (!isNumber(value) && typeof value !== 'boolean') throw unsupported(`the projection of ${name} by an expression`);
    const isIncluded = isTruthy(value);
    if (name === '_id') {
      idMode = isIncluded;
      continue;
    }
    const wanted = isIncluded ? 'include' : 'exclude';
    if (mode !== undefined && mode !== wanted) {
      const [code, verb] = isIncluded ? [31253, 'inclusion'] : [31254, 'exclusion'];
      throw new Fault(
        code,
        `Cannot do ${verb} on field ${name} in ${mode === 'include' ? 'inclusion' : 'exclusion'} projection`,
      );
    }
    mode = wanted;
    addPath(root, name, isIncluded ? 'take' : 'leave');
  }
  mode ??= idMode ? 'include' : 'exclude';
  if (mode === 'include' ? idMode !== false : idMode === false) {
    if (!root.children.has('_id'))
      root.children.set('_id', { children: new Map(), leaf: mode === 'include' ? 'take' : 'leave' });
  }
  const isInclusion = mode === 'include';
  return (doc) => project(doc, root, isInclusion);
}

function checkName(name: string): void {
  if (name === '') throw new Fault(40352, 'FieldPath cannot be constructed with empty string');
  if (name.endsWith('.$') || name.includes('.$.')) throw unsupported('the positional projection operator');
  if (name.startsWith('$')) throw new Fault(16410, `FieldPath field names may not start with '$'`);
  if (name.split('.').includes('')) throw new Fault(15998, 'FieldPath field names may not be empty strings.');
}

function addPath(root: Node, name: string, leaf: NonNullable<Node['leaf']>): void {
  let node = root;
  for (const part of name.split('.')) {
    if (node.leaf !== undefined) throw new Fault(31249, `Path collision at ${name}`);
    const next: Node = node.children.get(part) ?? { children: new Map() };
    node.children.set(part, next);
    node = next;
  }
  if (node.leaf !== undefined || node.children.size > 0) throw new Fault(31250, `Path collision at ${name}`);
  node.leaf = leaf;
}

function addOperator(root: Node, name: string, value: Doc): void {
  const [entry] = value;
  if (!entry || value.size !== 1 || !entry[0].startsWith('$'))
    throw unsupported(`a document as the projection of ${name}`);
  const [operator, operand] = entry;
  checkSupported('projectionOperators', operator, `the projection operator ${operator}`);
  if (operator === '$slice') addPath(root, name, slicer(operand));
  else addPath(root, name, elementPicker(name, operand));
}

function slicer(operand: Value): (value: Value) => Value {
  const numbers = (Array.isArray(operand) ? operand : [operand]).map((part) =>
    isNumber(part) ? Math.trunc(toNumber(part)) : Number.NaN,
  );
  const [first = Number.NaN, second] = numbers;
  if (numbers.some(Number.isNaN) || numbers.length > 2 || (Array.isArray(operand) && second === undefined)) {
    throw new Fault(28667, 'Invalid $slice syntax: a number or [skip, limit] is expected');
  }
  if (second !== undefined && second <= 0) throw new Fault(28724, 'Third argument to $slice must be positive');
  return (value) => {
    if (!Array.isArray(value)) return value;
    if (second === undefined) return first >= 0 ? value.slice(0, first) : value.slice(first);
    const start = first >= 0 ? first : Math.max(0, value.length + first);
    return value.slice(start, start + second);
  };
}

function elementPicker(name: string, operand: Value): (value: Value) => Value | undefined {
  if (!isDoc(operand)) throw new Fault(2, 'elemMatch: Invalid argument, object required');
  if (name.includes('.')) throw new Fault(31255, 'Cannot use $elemMatch projection on a nested field.');
  const test = elementTest(operand);
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const found = value.find(test);
    return found === undefined ? undefined : [found];
  };
}

function project(doc: Doc, node: Node, isInclusion: boolean): Doc {
  const result: Doc = new Map();
  for (const [name, value] of doc) {
    const child = node.children.get(name);
    const projected = projectValue(value, child, isInclusion, node);
    if (projected !== undefined) result.set(name, projected);
  }
  return result;
}

function projectValue(value: Value, node: Node | undefined, isInclusion: boolean, parent: Node): Value | undefined {
  if (!node) return isInclusion ? undefined : value;
  if (node.leaf === 'take') return value;
  if (node.leaf === 'leave') return undefined;
  if (node.leaf !== undefined) return node.leaf(value);
  if (isDoc(value)) return project(value, node, isInclusion);
  if (!Array.isArray(value)) return isInclusion ? undefined : value;
  return value.flatMap((element) => {
    const inner = isContainer(element)
      ? projectValue(element, node, isInclusion, parent)
      : isInclusion
        ? undefined
        : element;
    // A list inside the list stays one value.
    return inner === undefined ? [] : [inner];
  });
}

function isContainer(value: Value): boolean {
  return isDoc(value) || Array.isArray(value);
}
