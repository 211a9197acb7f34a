import { type Doc, isDoc, type Maybe, type Value } from '../bson/values.ts';

/** Where a `$` in an update points: the index in the outermost array through which the match went. */
export interface MatchPosition {
  index?: number;
}

/** `a.b.0` in its parts. */
export type Path = readonly string[];

export function splitPath(path: string): Path {
  return path.split('.');
}

export function isArrayIndex(part: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(part);
}

/**
 * Whether some value at the path passes. A path goes through one level of array to the documents in it, a number in
 * it is an index and also a field name; where the path ends at an array, its elements are tried, then (`whole`) itself.
 * Missing is tried as undefined, except for elements that are no documents.
 */
export function someAt(
  doc: Doc,
  path: Path,
  test: (value: Maybe) => boolean,
  leaf: 'elements' | 'whole',
  position?: MatchPosition,
): boolean {
  const from = (value: Maybe, at: number): boolean => {
    const part = path[at];
    if (part === undefined) return leafMatches(value, test, leaf, position);
    if (isDoc(value)) return from(value.get(part), at + 1);
    if (!Array.isArray(value)) return test(undefined);
    return throughArray(value, part, at);
  };
  const throughArray = (values: readonly Value[], part: string, at: number): boolean => {
    const wanted = isArrayIndex(part) ? Number(part) : -1;
    const isLast = at === path.length - 1;
    for (let index = 0; index < values.length; index += 1) {
      const element = values[index];
      const found =
        (isDoc(element) && from(element, at)) ||
        (index === wanted && (isLast ? test(element) : isContainer(element) && from(element, at + 1)));
      if (!found) continue;
      if (position) position.index = index;
      return true;
    }
    return false;
  };
  return from(doc, 0);
}

function isContainer(value: Maybe): boolean {
  return isDoc(value) || Array.isArray(value);
}

function leafMatches(
  value: Maybe,
  test: (value: Maybe) => boolean,
  leaf: 'elements' | 'whole',
  position: MatchPosition | undefined,
): boolean {
  if (leaf === 'elements' && Array.isArray(value)) {
    const index = value.findIndex((element) => test(element));
    if (index >= 0) {
      if (position) position.index = index;
      return true;
    }
  }
  return test(value);
}

/** The values of a path as `distinct` sees them: arrays on the way and at the end are opened once. */
export function valuesAt(doc: Doc, path: Path): Value[] {
  const found: Value[] = [];
  const from = (value: Maybe, at: number): void => {
    const part = path[at];
    if (part === undefined) {
      if (Array.isArray(value)) found.push(...value);
      else if (value !== undefined) found.push(value);
    } else if (isDoc(value)) from(value.get(part), at + 1);
    else if (Array.isArray(value)) {
      if (isArrayIndex(part) && value[Number(part)] !== undefined) from(value[Number(part)], at + 1);
      for (const element of value) if (isDoc(element)) from(element, at);
    }
  };
  from(doc, 0);
  return found;
}
