import { EMPTY_ARRAY_KEY, invertKey, type Key, keyOf } from '../bson/order.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import type { Path } from '../query/path.ts';

/** One field of an index or of a sort. */
export interface KeyPart {
  readonly path: Path;
  readonly name: string;
  readonly descending: boolean;
}

/** What an index makes of one document. */
export interface DocKeys {
  /** Each once, in no order. */
  readonly keys: readonly Key[];
  /** Which fields went through an array. */
  readonly multikey: readonly boolean[];
}

/** The keys of the fields for one element of the arrays they go through. */
interface Tuple {
  readonly keys: readonly Key[];
  /** No field is there at all: a sparse index leaves it out. */
  readonly isAbsent: boolean;
}

interface Cursor {
  readonly value: Maybe;
  readonly at: number;
}

/** The keys under which an index holds a document. Throws Fault 171 for two arrays side by side. */
export function docKeys(doc: Doc, parts: readonly KeyPart[], isSparse: boolean): DocKeys {
  const [first] = parts;
  if (parts.length === 1 && first && first.path.length === 1) {
    const value = doc.get(first.name);
    if (!Array.isArray(value)) {
      const key = keyOf(value);
      const isLeftOut = isSparse && value === undefined;
      return { keys: isLeftOut ? [] : [first.descending ? invertKey(key) : key], multikey: [false] };
    }
  }
  const multikey = parts.map(() => false);
  const tuples = expand(
    parts.map((part) => part.path),
    parts.map(() => ({ value: doc, at: 0 })),
    multikey,
  );
  const keys = tuples
    .filter((tuple) => !(isSparse && tuple.isAbsent))
    .map((tuple) =>
      parts.map((part, at) => (part.descending ? invertKey(tuple.keys[at] ?? '') : tuple.keys[at])).join(''),
    );
  return { keys: keys.length > 1 ? [...new Set(keys)] : keys, multikey };
}

function expand(paths: readonly Path[], cursors: readonly Cursor[], multikey: boolean[]): Tuple[] {
  const moved = cursors.map((cursor, index) => walk(cursor, paths[index] ?? []));
  let array: readonly Value[] | undefined;
  moved.forEach((cursor, index) => {
    if (!Array.isArray(cursor.value) || isFinal(cursor)) return;
    if (array !== undefined && array !== cursor.value) {
      throw new Fault(171, `cannot index parallel arrays [${paths.map((path) => path.join('.')).join('] [')}]`);
    }
    array = cursor.value;
    multikey[index] = true;
  });
  if (array === undefined) {
    const keys = moved.map((cursor) => keyOf(cursor.value));
    return [{ keys, isAbsent: moved.every((cursor) => cursor.value === undefined) }];
  }
  const shared = array;
  const elements: readonly Maybe[] = shared.length === 0 ? [undefined] : shared;
  return elements.flatMap((element) => {
    const next = moved.map((cursor, index): Cursor => {
      if (cursor.value !== shared || isFinal(cursor)) return cursor;
      const atLeaf = cursor.at >= (paths[index]?.length ?? 0);
      if (atLeaf) return { value: element, at: FINAL };
      return { value: isDoc(element) ? element : undefined, at: isDoc(element) ? cursor.at : FINAL };
    });
    const tuples = expand(paths, next, multikey);
    return shared.length > 0 ? tuples : tuples.map((tuple) => withEmptyLists(tuple, moved, paths));
  });
}

/** Where a path ends at the empty array itself. */
function withEmptyLists(tuple: Tuple, cursors: readonly Cursor[], paths: readonly Path[]): Tuple {
  const isEmpty = cursors.map((cursor, at) => isEmptyLeaf(cursor, paths[at]));
  return {
    keys: tuple.keys.map((key, at) => (isEmpty[at] ? EMPTY_ARRAY_KEY : key)),
    isAbsent: tuple.isAbsent && !isEmpty.includes(true),
  };
}

/** A cursor that stands at a value which must not be opened again. */
const FINAL = Number.MAX_SAFE_INTEGER;

function isFinal(cursor: Cursor): boolean {
  return cursor.at === FINAL;
}

function isEmptyLeaf(cursor: Cursor | undefined, path: Path | undefined): boolean {
  return (
    Array.isArray(cursor?.value) && cursor.value.length === 0 && !isFinal(cursor) && cursor.at >= (path?.length ?? 0)
  );
}

/** Through documents to the end of the path or the first array on it. */
function walk(cursor: Cursor, path: Path): Cursor {
  if (isFinal(cursor)) return cursor;
  let { value, at } = cursor;
  for (; at < path.length && isDoc(value); at += 1) value = value.get(path[at] ?? '');
  if (at >= path.length || Array.isArray(value)) return { value, at };
  return { value: undefined, at: FINAL };
}
