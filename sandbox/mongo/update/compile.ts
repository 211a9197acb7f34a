import { isEqual } from '../bson/order.ts';
import { type Doc, isDoc, type Maybe } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileFilter } from '../query/match.ts';
import type { Path } from '../query/path.ts';
import { checkSupported } from '../supported.ts';
import { compileAction, compileRename } from './operators.ts';
import { checkConflicts, type ElementTest, groupSteps, resolveGroup, type Step } from './targets.ts';

export interface UpdateContext {
  /** The document is being made by an upsert. */
  readonly isInsert: boolean;
  readonly now: Date;
  /** Where the query found its array element, for `$`. */
  readonly position: number | undefined;
}

/** Changes the document in place, or returns the one that replaces it. */
export type Update = (doc: Doc, context: UpdateContext) => Doc;

/**
 * An update document, checked whole before any document is touched: a replacement or operators.
 * Throws Fault 9 for unknown modifiers, 40 for paths in conflict, 115 for pipelines and operators outside the subset.
 */
export function compileUpdate(update: Maybe, arrayFilters: Maybe): Update {
  if (Array.isArray(update)) throw unsupported('an aggregation pipeline as an update');
  if (!isDoc(update)) throw new Fault(9, 'Update argument must be either an object or an array');
  const first = update.keys().next();
  const isOperators = !first.done && first.value.startsWith('$');
  if (!isOperators) {
    if (arrayFilters !== undefined) throw new Fault(9, 'Cannot specify arrayFilters and a non-operator update');
    return compileReplacement(update);
  }
  return compileOperators(update, compileArrayFilters(arrayFilters));
}

export function isReplacement(update: Maybe): boolean {
  if (!isDoc(update)) return false;
  const first = update.keys().next();
  return first.done === true || !first.value.startsWith('$');
}

function compileReplacement(update: Doc): Update {
  for (const name of update.keys()) {
    if (name.startsWith('$')) throw unsupported(`the field name ${name} in a document`);
  }
  return (doc) => {
    const id = doc.get('_id');
    const newId = update.get('_id');
    if (id !== undefined && newId !== undefined && !isEqual(id, newId)) {
      throw new Fault(66, `After applying the update, the (immutable) field '_id' was found to have been altered`);
    }
    const result: Doc = new Map();
    const keptId = id === undefined ? newId : id;
    if (keptId !== undefined) result.set('_id', keptId);
    for (const [name, value] of update) if (name !== '_id') result.set(name, value);
    return result;
  };
}

function compileOperators(update: Doc, filters: Map<string, ElementTest>): Update {
  const steps: Step[] = [];
  const paths: Path[] = [];
  for (const [operator, fields] of update) {
    if (!operator.startsWith('$'))
      throw new Fault(9, `Unknown modifier: ${operator}. Expected a valid update modifier`);
    if (operator === '$bit') throw unsupported('the update operator $bit');
    checkSupported('updateOperators', operator, `the update operator ${operator}`);
    if (!isDoc(fields)) throw new Fault(9, `Modifiers operate on fields but we found something else for ${operator}`);
    for (const [name, operand] of fields) {
      const path = checkPath(name);
      paths.push(path);
      if (operator === '$rename') {
        if (typeof operand !== 'string') throw new Fault(2, `The 'to' field for $rename must be a string: ${name}`);
        const to = checkPath(operand);
        if ([...path, ...to].some((part) => part.startsWith('$')))
          throw new Fault(2, `The field for $rename may not be dynamic: ${name}`);
        if (name === operand) throw new Fault(2, `The source and target field for $rename must differ: ${name}`);
        if (isOnPath(path, to) || isOnPath(to, path))
          throw new Fault(2, `The source and target field for $rename must not be on the same path: ${name}`);
        paths.push(to);
        steps.push({ path: to, action: compileRename(path) });
      } else steps.push({ path, action: compileAction(operator, name, operand) });
    }
  }
  checkConflicts(paths);
  checkFilters(paths, filters);
  return (doc, context) => {
    const id = doc.get('_id');
    for (const group of groupSteps(steps, context.position)) {
      for (const { path, action } of resolveGroup(doc, group, filters)) action(doc, path, context);
    }
    if (id !== undefined && !isEqual(id, doc.get('_id'))) {
      throw new Fault(66, `Performing an update on the path '_id' would modify the immutable field '_id'`);
    }
    return doc;
  };
}

function isOnPath(path: Path, other: Path): boolean {
  return path.every((part, at) => part === other[at]);
}

function checkPath(name: string): Path {
  if (name === '') throw new Fault(56, `An empty update path is not valid.`);
  const path = name.split('.');
  if (path.includes(''))
    throw new Fault(56, `The update path '${name}' contains an empty field name, which is not allowed.`);
  if (path[0]?.startsWith('$')) {
    if (path[0] === '$' || path[0].startsWith('$['))
      throw new Fault(2, `Cannot have positional operator in the first position of '${name}'`);
    // MongoDB stores it where an upsert makes a document, and answers 52 where one is there already.
    throw unsupported(`the field name ${path[0]} in a document`);
  }
  if (path.filter((part) => part === '$').length > 1)
    throw new Fault(2, `Too many positional (i.e. '$') elements found in path '${name}'`);
  for (const part of path) {
    if (part.startsWith('$') && part !== '$' && !/^\$\[[a-z0-9]*[A-Za-z0-9]*\]$/.test(part))
      throw unsupported(`the field name ${part} in a document`);
  }
  return path;
}

function compileArrayFilters(value: Maybe): Map<string, ElementTest> {
  const filters = new Map<string, ElementTest>();
  if (value === undefined) return filters;
  if (!Array.isArray(value)) throw new Fault(14, 'arrayFilters must be an array');
  for (const filter of value) {
    if (!isDoc(filter) || filter.size === 0)
      throw new Fault(9, 'Cannot use an expression without a top-level field name in arrayFilters');
    const identifiers = new Set(identifiersOf(filter));
    const [identifier] = identifiers;
    if (identifiers.size !== 1 || !identifier)
      throw new Fault(
        9,
        `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${[...identifiers].join("' and '")}'`,
      );
    if (!/^[a-z][A-Za-z0-9]*$/.test(identifier))
      throw new Fault(
        2,
        `Error parsing array filter: the top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${identifier}'`,
      );
    if (filters.has(identifier))
      throw new Fault(9, `Found multiple array filters with the same top-level field name ${identifier}`);
    const matcher = compileFilter(filter);
    filters.set(identifier, (element) => matcher(new Map([[identifier, element]])));
  }
  return filters;
}

function identifiersOf(filter: Doc): string[] {
  return [...filter].flatMap(([name, value]) => {
    if (!name.startsWith('$')) return [name.split('.')[0] ?? ''];
    return Array.isArray(value) ? value.flatMap((branch) => (isDoc(branch) ? identifiersOf(branch) : [])) : [];
  });
}

function checkFilters(paths: readonly Path[], filters: Map<string, ElementTest>): void {
  const used = new Set(
    paths.flatMap((path) => path.filter((part) => part.startsWith('$[')).map((part) => part.slice(2, -1))),
  );
  for (const identifier of used) {
    if (identifier !== '' && !filters.has(identifier))
      throw new Fault(2, `No array filter found for identifier '${identifier}'`);
  }
  for (const identifier of filters.keys()) {
    if (!used.has(identifier))
      throw new Fault(9, `The array filter for identifier '${identifier}' was not used in the update`);
  }
}
