import fc from 'fast-check';
import { Double, Int32, Long } from 'mongodb';
import { arrayFilter, pullOperand } from './filters.ts';
import {
  type Any,
  choose,
  type Doc,
  docOf,
  fields,
  list,
  number,
  path,
  pick,
  scalar,
  subDoc,
  value,
} from './values.ts';

/** Random updates with every update operator, modifier and kind of path of the subset. */
export interface RandomUpdate {
  readonly u: Doc;
  readonly arrayFilters: readonly Doc[];
}

const smallNumber: Any = choose<unknown>(
  [6, pick<unknown>(1, -2, 0.5, Long.fromNumber(3), new Double(2), new Int32(0))],
  [2, number],
);
const direction = pick<unknown>(1, -1, new Double(-1), Long.fromNumber(1));

const modifiers: fc.Arbitrary<Doc> = fc
  .tuple(
    fc.array(choose<unknown>([3, scalar], [2, subDoc], [1, list]), { maxLength: 2 }),
    fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
    fc.option(pick<unknown>(-3, -2, -1, 0, 1, 2, 3, Long.fromNumber(2)), { nil: undefined }),
    fc.option(
      choose<unknown>(
        [2, direction],
        [1, fc.tuple(pick('x', 'y', 'x.y'), pick(1, -1)).map(([name, by]) => docOf([name, by]))],
        [1, fc.tuple(pick(1, -1), pick(1, -1)).map(([x, y]) => docOf(['x', x], ['y', y]))],
      ),
      { nil: undefined },
    ),
  )
  .map(([each, position, slice, sort]) => {
    const result = docOf(['$each', each]);
    if (position !== undefined) result.set('$position', position);
    if (slice !== undefined) result.set('$slice', slice);
    if (sort !== undefined) result.set('$sort', sort);
    return result;
  });

type Change = readonly [operator: string, operand: unknown];

const change: fc.Arbitrary<Change> = choose<Change>(
  [4, value.map((v): Change => ['$set', v])],
  [2, smallNumber.map((v): Change => ['$inc', v])],
  [2, smallNumber.map((v): Change => ['$mul', v])],
  [1, value.map((v): Change => ['$min', v])],
  [1, value.map((v): Change => ['$max', v])],
  [1, value.map((v): Change => ['$setOnInsert', v])],
  [1, pick<unknown>('', 1, null).map((v): Change => ['$unset', v])],
  [0.5, pick<unknown>(true, docOf(['$type', 'date'])).map((v): Change => ['$currentDate', v])],
  [1, value.map((v): Change => ['$push', v])],
  [3, modifiers.map((v): Change => ['$push', v])],
  [1, value.map((v): Change => ['$addToSet', v])],
  [1, fc.array(value, { maxLength: 3 }).map((v): Change => ['$addToSet', docOf(['$each', v])])],
  [1, direction.map((v): Change => ['$pop', v])],
  [3, pullOperand.map((v): Change => ['$pull', v])],
  [1, fc.array(scalar, { maxLength: 2 }).map((v): Change => ['$pullAll', v])],
);

const updatePath = choose<string>(
  [20, path],
  [3, pick('a.$', 'b.$', 'a.$.x', 'b.$.x')],
  [3, pick('a.$[]', 'b.$[]', 'a.$[].x', 'b.$[].x', 'a.$[].$[]', 'a.x.$[]')],
);

interface Part {
  readonly path: string;
  readonly operator: string;
  readonly operand: unknown;
  /** By identifier. */
  readonly filters: Readonly<Record<string, Doc>>;
}

const plainPart = fc
  .tuple(updatePath, change)
  .map(([name, [operator, operand]]): Part => ({ path: name, operator, operand, filters: {} }));
const renamePart = fc
  .tuple(pick('a', 'b', 'a.x', 'c'), pick('c', 'b', 'd', 'b.x', 'd.x'))
  .map(([from, to]): Part => ({ path: from, operator: '$rename', operand: to, filters: {} }));
const filteredPart = fc
  .tuple(pick('a.$[e]', 'b.$[e]', 'a.$[e].x', 'b.$[e].y', 'a.$[].$[e]'), change, arrayFilter('e'))
  .map(([name, [operator, operand], e]): Part => ({ path: name, operator, operand, filters: { e } }));
const twiceFilteredPart = fc.tuple(scalar, arrayFilter('e'), arrayFilter('other1')).map(
  ([operand, e, other]): Part => ({
    path: 'a.$[e].$[other1]',
    operator: '$set',
    operand,
    filters: { e, other1: other },
  }),
);
const part = choose<Part>([16, plainPart], [1, renamePart], [3, filteredPart], [0.5, twiceFilteredPart]);

/**
 * Several changes, in the order of their paths: MongoDB adds new fields in that order, the reference engine in the
 * order in which they are given.
 */
function combine(parts: readonly Part[]): RandomUpdate {
  const u: Doc = docOf();
  const filters: Record<string, Doc> = {};
  for (const next of [...parts].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const last = [...u.keys()].at(-1);
    if (last !== next.operator && u.has(next.operator)) continue;
    const group = u.get(next.operator);
    if (group instanceof Map) group.set(next.path, next.operand);
    else u.set(next.operator, docOf([next.path, next.operand]));
    Object.assign(filters, next.filters);
  }
  return { u, arrayFilters: Object.values(filters) };
}

export const operators: fc.Arbitrary<RandomUpdate> = choose<RandomUpdate>(
  [5, part.map((only) => combine([only]))],
  [3, fc.array(part, { minLength: 2, maxLength: 3 }).map(combine)],
);
export const replacement: fc.Arbitrary<RandomUpdate> = fields.map((u) => ({ u, arrayFilters: [] }));
