import fc from 'fast-check';
import { Double, Long } from 'mongodb';
import { filter } from './filters.ts';
import {
  type Any,
  choose,
  type Doc,
  docOf,
  list,
  number,
  pick,
  scalar,
  sortPath,
  subDoc,
  text,
  value,
} from './values.ts';

/** Random pipelines with every stage, accumulator and expression of the subset. */

const fieldPath = choose<string>(
  [8, pick('$a', '$b', '$c')],
  [4, pick('$a.x', '$b.x', '$a.y', '$_id')],
  [1, pick('$$ROOT', '$$ROOT.a', '$$CURRENT.b', '$$REMOVE', '$constructor', '$a.x.y')],
);
const literal = value.map((v) => docOf(['$literal', v]));
const leaf: Any = choose<unknown>([6, fieldPath], [2, literal], [1, number], [1, pick<unknown>(null, true, 'a', '')]);

function pair(operators: readonly string[], left: Any, right: Any): fc.Arbitrary<Doc> {
  return fc.tuple(pick(...operators), left, right).map(([op, a, b]) => docOf([op, [a, b]]));
}

function operatorsOver(inner: Any): fc.Arbitrary<Doc> {
  const numeric: Any = choose<unknown>([4, inner], [4, number]);
  const words: Any = choose<unknown>([1, fieldPath], [3, text]);
  return choose<Doc>(
    [4, pair(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$cmp'], inner, inner)],
    [2, fc.tuple(pick('$and', '$or'), fc.array(inner, { maxLength: 3 })).map(([op, all]) => docOf([op, all]))],
    [1, inner.map((one) => docOf(['$not', [one]]))],
    [1, fc.tuple(inner, inner, inner).map((three) => docOf(['$cond', three]))],
    [1, fc.tuple(inner, inner, inner).map(([i, t, e]) => docOf(['$cond', docOf(['if', i], ['then', t], ['else', e])]))],
    [2, fc.array(inner, { minLength: 2, maxLength: 3 }).map((all) => docOf(['$ifNull', all]))],
    [
      3,
      fc
        .tuple(pick('$add', '$multiply'), fc.array(numeric, { minLength: 1, maxLength: 3 }))
        .map(([op, all]) => docOf([op, all])),
    ],
    [3, pair(['$subtract', '$divide'], numeric, numeric)],
    [2, fc.array(words, { maxLength: 3 }).map((all) => docOf(['$concat', all]))],
    [
      2,
      choose<unknown>([2, fieldPath], [1, literal], [2, list.map((l) => docOf(['$literal', l]))]).map((a) =>
        docOf(['$size', a]),
      ),
    ],
    [
      2,
      fc
        .tuple(inner, choose<unknown>([1, fieldPath], [2, fc.array(inner, { maxLength: 2 })]))
        .map(([a, b]) => docOf(['$in', [a, b]])),
    ],
    [
      2,
      fc
        .tuple(
          choose<unknown>([2, fieldPath], [2, fc.array(inner, { maxLength: 2 })]),
          pick<unknown>(0, 1, -1, 5, new Double(1), Long.fromNumber(-2), null),
        )
        .map(([a, at]) => docOf(['$arrayElemAt', [a, at]])),
    ],
    [2, choose<unknown>([3, inner], [1, pick<unknown>(true, Long.fromNumber(5))]).map((a) => docOf(['$toString', a]))],
  );
}

const flat = choose<unknown>([3, leaf], [2, operatorsOver(leaf)]);
export const expression: Any = choose<unknown>(
  [4, flat],
  [4, operatorsOver(flat)],
  [1, fc.array(flat, { maxLength: 2 })],
  [1, fc.tuple(flat, flat).map(([x, y]) => docOf(['x', x], ['y', y]))],
);
/** Where a document would be a path further down, not a value. */
const computed: Any = choose<unknown>(
  [3, fieldPath],
  [4, operatorsOver(flat)],
  [1, literal],
  [1, fc.array(flat, { maxLength: 2 })],
);
const newName = pick('a', 'b', 'c', 'd', 'e');

function fieldsOf(values: Any): fc.Arbitrary<Doc> {
  return fc
    .uniqueArray(fc.tuple(newName, values), { minLength: 1, maxLength: 3, selector: ([name]) => name })
    .map((all) => new Map(all));
}

const keptId = pick<readonly (readonly [string, unknown])[]>([], [], [['_id', 1]], [['_id', 0]], [['_id', false]]);
const included = pick<unknown>(1, true, new Double(1), Long.fromNumber(2));
const projectStage: fc.Arbitrary<Doc> = choose<Doc>(
  [
    2,
    fc
      .tuple(keptId, fieldsOf(choose<unknown>([1, included], [1, computed])))
      .map(([head, rest]) => new Map([...head, ...rest])),
  ],
  [
    1,
    fc
      .tuple(keptId, fc.subarray(['a', 'b.x', 'c', 'd'], { minLength: 1 }), included)
      .map(([head, names, is]) => new Map([...head, ...names.map((n): [string, unknown] => [n, is])])),
  ],
  [
    1,
    fc
      .tuple(keptId, fc.subarray(['a', 'b.x', 'c'], { minLength: 1 }), pick(0, false))
      .map(
        ([head, names, not]) =>
          new Map([
            ...head.map(([n]): [string, unknown] => [n, not]),
            ...names.map((n): [string, unknown] => [n, not]),
          ]),
      ),
  ],
);

const unwind: Any = choose<unknown>(
  [2, pick('$a', '$b', '$c')],
  [
    1,
    fc
      .tuple(pick('$a', '$b'), fc.boolean())
      .map(([p, keeps]) => docOf(['path', p], ['preserveNullAndEmptyArrays', keeps])),
  ],
  [0.5, pick('$a').map((p) => docOf(['path', p]))],
);
const newRoot: Any = choose<unknown>(
  [2, pick('$a', '$b', '$$ROOT')],
  [2, fc.tuple(pick('$a', '$b'), subDoc).map(([p, d]) => docOf(['$ifNull', [p, docOf(['$literal', d])]]))],
  [3, fieldsOf(flat).map((d) => new Map<string, unknown>([['_id', '$_id'], ...d]))],
);

const wholeNumber = (least: number): Any =>
  pick<unknown>(...[least, 1, 2, 5].map((n) => n), Long.fromNumber(3), new Double(2));

/** Stages that keep the documents in their order. */
const orderlyStage: fc.Arbitrary<Doc> = choose<Doc>(
  [2, filter.map((f) => docOf(['$match', f]))],
  [1, wholeNumber(0).map((n) => docOf(['$skip', n]))],
  [1, wholeNumber(1).map((n) => docOf(['$limit', n]))],
  [4, projectStage.map((p) => docOf(['$project', p]))],
  [
    4,
    fc
      .tuple(
        pick('$addFields', '$set'),
        fieldsOf(choose<unknown>([3, computed], [1, scalar.filter((s) => typeof s !== 'string')])),
      )
      .map(([op, f]) => docOf([op, f])),
  ],
  [
    1,
    choose<unknown>([1, pick('a', 'b.x', '_id')], [1, fc.subarray(['a', 'b', 'c.x'], { minLength: 1 })]).map((n) =>
      docOf(['$unset', n]),
    ),
  ],
  [2, unwind.map((u) => docOf(['$unwind', u]))],
  [1, newRoot.map((r) => docOf(['$replaceWith', r]))],
  [1, newRoot.map((r) => docOf(['$replaceRoot', docOf(['newRoot', r])]))],
);

/** `set...` is what comes in no order. */
const accumulator: fc.Arbitrary<readonly [string, unknown]> = choose<readonly [string, unknown]>(
  [
    6,
    fc
      .tuple(
        pick('$sum', '$avg', '$min', '$max', '$first', '$last', '$push'),
        choose<unknown>([3, fieldPath], [2, number], [2, operatorsOver(leaf)]),
      )
      .map(([op, e]) => [op.slice(1), docOf([op, e])]),
  ],
  [1, fieldPath.map((e) => ['set', docOf(['$addToSet', e])])],
  [1, fc.constant<readonly [string, unknown]>(['count', docOf(['$count', docOf()])])],
);
const group = fc
  .tuple(
    choose<unknown>([2, fieldPath], [1, fc.constant(null)], [1, expression]),
    fc.uniqueArray(accumulator, { maxLength: 3, selector: ([name]) => name }),
  )
  .map(([id, columns]) => docOf(['$group', new Map([['_id', id], ...columns])]));

const byId = docOf(['$sort', docOf(['_id', 1])]);
const someOrder = fc
  .tuple(sortPath, pick(1, -1), pick(1, -1))
  .map(([name, by, tie]) => docOf(['$sort', docOf([name, by], ['_id', tie])]));

const ending: fc.Arbitrary<readonly Doc[]> = choose<readonly Doc[]>(
  [4, fc.constant([])],
  [3, group.map((g) => [g])],
  [2, fc.tuple(group, pick('$skip', '$limit')).map(([g, op]) => [g, byId, docOf([op, 2])])],
  [1, pick('total', 'a').map((name) => [docOf(['$count', name])])],
);

/** In a known order up to the ending, so that what $skip, $limit, $first, $last and $push see is certain. */
export const pipeline: fc.Arbitrary<readonly Doc[]> = fc
  .tuple(
    fc.option(filter, { nil: undefined }),
    choose<Doc>([1, fc.constant(byId)], [2, someOrder]),
    fc.array(orderlyStage, { maxLength: 3 }),
    ending,
  )
  .map(([first, sort, stages, last]) => [...(first ? [docOf(['$match', first])] : []), sort, ...stages, ...last]);
