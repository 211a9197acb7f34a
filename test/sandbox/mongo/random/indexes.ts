import fc from 'fast-check';
import { partialFilter } from './filters.ts';
import { choose, type Doc, docOf, pick } from './values.ts';

/** Few kinds of keys, so that hints, drops and half-same indexes meet them. */
const KEYS: readonly Doc[] = [
  docOf(['a', 1]),
  docOf(['b', -1]),
  docOf(['c', 1]),
  docOf(['a.x', 1]),
  docOf(['a', 1], ['_id', -1]),
  docOf(['a', -1], ['c', 1]),
  docOf(['a.x', 1], ['a.y', -1]),
  docOf(['b.x', 1], ['c', 1], ['_id', 1]),
  docOf(['constructor', 1]),
];

export const indexKey = pick(...KEYS);

export function nameOf(key: Doc): string {
  return [...key].flat().join('_');
}

/** 60 years and more: nothing in the tests expires. */
const LONG_SECONDS = 2_000_000_000;

/** Options that leave no document out and forbid none. */
const harmless = pick<readonly (readonly [string, unknown])[]>(
  [],
  [],
  [['background', true]],
  [['v', 2]],
  [['ns', 'any.thing']],
  [['hidden', false]],
  [['collation', docOf(['locale', 'simple'])]],
  [['unique', false]],
  [['sparse', false]],
);
const partial = partialFilter.map((filter): readonly (readonly [string, unknown])[] => [
  ['partialFilterExpression', filter],
]);
const options = choose<readonly (readonly [string, unknown])[]>(
  [4, harmless],
  [2, fc.constant([['unique', true]])],
  [2, fc.constant([['sparse', true]])],
  [
    1,
    fc.constant([
      ['unique', true],
      ['sparse', true],
    ]),
  ],
  [2, partial],
  [1, partial.map((p): readonly (readonly [string, unknown])[] => [['unique', true], ...p])],
  [0.5, fc.constant([['expireAfterSeconds', LONG_SECONDS]])],
);

function specOf(key: Doc, given: readonly (readonly [string, unknown])[], name: string): Doc {
  const isTtl = given.some(([option]) => option === 'expireAfterSeconds');
  return new Map<string, unknown>([['key', isTtl && key.size > 1 ? docOf(['c', 1]) : key], ['name', name], ...given]);
}

export const anyIndex: fc.Arbitrary<Doc> = fc
  .tuple(indexKey, options, pick('', '', '', '', '', 'other'))
  .map(([key, given, name]) => specOf(key, given, name || nameOf(key)));

/** Indexes that refuse no document, so that a collection with them holds what one without them does. */
export const lenientIndex: fc.Arbitrary<Doc> = fc
  .tuple(
    pick(...KEYS.filter((key) => ![...key.keys()].some((name) => name === 'c') || key.size === 1)),
    choose([3, harmless], [1, fc.constant([['sparse', true]] as const)], [2, partial]),
  )
  .map(([key, given]) => specOf(key, given, nameOf(key)));
