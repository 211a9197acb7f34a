import type { Doc, Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { isArrayIndex, type Path } from '../query/path.ts';
import type { Action } from './operators.ts';
import { valueAt } from './paths.ts';

export type ElementTest = (value: Value) => boolean;
export type ArrayFilters = ReadonlyMap<string, ElementTest>;

/** One operator at one path. */
export interface Step {
  readonly path: Path;
  readonly action: Action;
}

/**
 * The steps in the order in which they are carried out (of their paths), in groups: what goes through `$[]` and
 * `$[name]` of one array is found out at once, before any of it is changed. Throws Fault 40 for paths in conflict.
 */
export function groupSteps(steps: readonly Step[], position: number | undefined): Step[][] {
  const placed = steps.map((step) => ({ ...step, path: withPosition(step.path, position) }));
  checkConflicts(placed.map(({ path }) => path));
  const groups = new Map<string, Step[]>();
  for (const step of placed.sort((a, b) => comparePaths(a.path, b.path))) {
    const at = step.path.findIndex(isDynamic);
    const name = (at < 0 ? step.path : step.path.slice(0, at)).join('.');
    const group = groups.get(name);
    if (group) group.push(step);
    else groups.set(name, [step]);
  }
  return [...groups.values()];
}

/** The steps of a group with every path they stand for in this document. */
export function resolveGroup(doc: Doc, group: readonly Step[], filters: ArrayFilters): Step[] {
  const resolved = group.flatMap(({ path, action }) => resolve(doc, path, filters).map((to) => ({ path: to, action })));
  if (group.length === 1) return resolved;
  checkConflicts(resolved.map(({ path }) => path));
  return resolved.sort((a, b) => comparePaths(a.path, b.path));
}

/** Two paths where one is the other or leads to it, or that take the same field for a list and for something else. */
export function checkConflicts(paths: readonly Path[]): void {
  if (paths.length < 2) return;
  const ends = new Set<string>();
  for (const path of paths) {
    const name = path.join('.');
    if (ends.has(name)) throw conflict(name, name);
    ends.add(name);
  }
  const isList = new Map<string, boolean>();
  for (const path of paths) {
    for (let length = 1; length < path.length; length += 1) {
      const prefix = path.slice(0, length).join('.');
      const isDynamicHere = isDynamic(path[length] ?? '');
      const isMixed = (isList.get(prefix) ?? isDynamicHere) !== isDynamicHere;
      if (isMixed || ends.has(prefix)) throw conflict(path.join('.'), prefix);
      isList.set(prefix, isDynamicHere);
    }
  }
}

function conflict(name: string, at: string): Fault {
  return new Fault(40, `Updating the path '${name}' would create a conflict at '${at}'`);
}

/** `$[]` and `$[name]`. */
export function isDynamic(part: string): boolean {
  return part.startsWith('$[');
}

function withPosition(path: Path, position: number | undefined): Path {
  if (position === undefined || !path.includes('$')) return path;
  return path.map((part) => (part === '$' ? String(position) : part));
}

/** Fields are applied in the order of their names, numbers by value, as MongoDB does. */
function comparePaths(a: Path, b: Path): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const [x = '', y = ''] = [a[at], b[at]];
    if (x === y) continue;
    if (isArrayIndex(x) && isArrayIndex(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** The paths that one with `$[]` and `$[name]` stands for. */
function resolve(doc: Doc, path: Path, filters: ArrayFilters): Path[] {
  if (path.includes('$')) throw new Fault(2, 'The positional operator did not find the match needed from the query.');
  const at = path.findIndex(isDynamic);
  const part = path[at];
  if (part === undefined) return [path];
  const head = path.slice(0, at);
  const tail = path.slice(at + 1);
  const values = valueAt(doc, head);
  const name = head.join('.');
  if (values === undefined)
    throw new Fault(2, `The path '${name}' must exist in the document in order to apply array updates.`);
  if (!Array.isArray(values)) throw new Fault(2, `Cannot apply array updates to non-array element ${name}`);
  const test = filters.get(part.slice(2, -1));
  return values.flatMap((value, index) =>
    test === undefined || test(value) ? resolve(doc, [...head, String(index), ...tail], filters) : [],
  );
}
