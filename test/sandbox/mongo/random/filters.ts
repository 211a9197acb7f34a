import fc from 'fast-check';
import { BSONRegExp, Double, Long } from 'mongodb';
import { type Any, choose, type Doc, docOf, id, list, number, path, pick, scalar, subDoc, value } from './values.ts';

/** Random filters with every query operator of the subset. */

const bound = pick('$gt', '$gte', '$lt', '$lte');
const TYPES = [
  'double',
  'string',
  'object',
  'array',
  'binData',
  'objectId',
  'bool',
  'date',
  'null',
  'regex',
  'int',
  'long',
  'minKey',
  'maxKey',
  'number',
];
const CODES = [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 16, 18, -1, 127, new Double(2), Long.fromNumber(16)];
const type: Any = choose<unknown>([2, pick<unknown>(...TYPES)], [2, pick<unknown>(...CODES)]);
const pattern = pick('^a', 'b$', '[ab]', 'z', 'a.b', '^$', '(a|é)', '\\w', '^b');
const options = pick('', 'i', 'm', 's', 'im');

function one(operator: string, operand: unknown): Doc {
  return docOf([operator, operand]);
}

/** What a regular expression may be given as: a value, or $regex with or without $options. */
const regex: Any = choose<unknown>(
  [1, pattern.map((p) => one('$regex', p))],
  [2, fc.tuple(pattern, options).map(([p, o]) => docOf(['$regex', p], ['$options', o]))],
  [1, fc.tuple(pattern, pick('', 'i')).map(([p, o]) => new BSONRegExp(p, o))],
  [1, pattern.map((p) => docOf(['$options', 'i'], ['$regex', new BSONRegExp(p)]))],
);

/** Operators that look at one value and may stand in $not, $elemMatch and $pull. */
const simple: fc.Arbitrary<Doc> = choose<Doc>(
  [4, fc.tuple(bound, scalar).map(([op, v]) => one(op, v))],
  [1, fc.tuple(bound, value).map(([op, v]) => one(op, v))],
  [2, fc.tuple(scalar, scalar).map(([a, b]) => docOf(['$gte', a], ['$lt', b]))],
  [2, fc.tuple(pick('$eq', '$ne'), value).map(([op, v]) => one(op, v))],
  [
    3,
    fc
      .tuple(
        pick('$in', '$nin'),
        fc.array(choose([8, value], [1, fc.constant(new BSONRegExp('^a'))]), { maxLength: 3 }),
      )
      .map(([op, v]) => one(op, v)),
  ],
  [1, choose<unknown>([4, fc.boolean()], [1, pick<unknown>(0, 1, null)]).map((is) => one('$exists', is))],
  [2, choose<unknown>([3, type], [1, fc.array(type, { minLength: 1, maxLength: 2 })]).map((t) => one('$type', t))],
  [1, pick<unknown>(0, 1, 2, new Double(2), Long.fromNumber(1)).map((n) => one('$size', n))],
  [1, pick([2, 0], [2, 1], [3, -1], [2.5, 1], [Long.fromNumber(2), 0]).map((mod) => one('$mod', mod))],
  [1, fc.array(value, { maxLength: 2 }).map((all) => one('$all', all))],
);

const innerPath = pick('x', 'y', '0', 'x.y');
const elementFields = fc.tuple(innerPath, choose<unknown>([2, scalar], [2, simple])).map(([name, c]) => one(name, c));
export const elementFilter: fc.Arbitrary<Doc> = choose<Doc>(
  [3, simple],
  [3, elementFields],
  [1, fc.tuple(elementFields, elementFields).map(([a, b]) => new Map([...a, ...b]))],
  [1, fc.tuple(pick('$or', '$and', '$nor'), elementFields, elementFields).map(([op, a, b]) => one(op, [a, b]))],
);
const elemMatch = elementFilter.map((filter) => one('$elemMatch', filter));

export const condition: Any = choose<unknown>(
  [5, value],
  [8, simple],
  [2, elemMatch],
  [1, elementFields.map((f) => one('$elemMatch', one('x', one('$elemMatch', f))))],
  [1, fc.array(elemMatch, { minLength: 1, maxLength: 2 }).map((all) => one('$all', all))],
  [1, regex],
  [1, choose<unknown>([3, simple], [1, elemMatch], [1, fc.constant(new BSONRegExp('^a'))]).map((c) => one('$not', c))],
  [1, fc.tuple(simple, simple).map(([a, b]) => new Map([...a, ...b]))],
);

const field: fc.Arbitrary<Doc> = choose<Doc>(
  [10, fc.tuple(path, condition).map(([name, c]) => one(name, c))],
  [1, choose<unknown>([2, id], [1, fc.tuple(bound, id).map(([op, v]) => one(op, v))]).map((v) => one('_id', v))],
);

export const filter: fc.Arbitrary<Doc> = choose<Doc>(
  [1, fc.constant(docOf())],
  [6, field],
  [3, fc.tuple(field, field).map(([a, b]) => new Map([...a, ...b]))],
  [2, fc.tuple(pick('$and', '$or', '$nor'), field, field).map(([op, a, b]) => one(op, [a, b]))],
  [1, fc.tuple(field, field, field).map(([a, b, c]) => one('$and', [one('$or', [a, b]), one('$or', [c])]))],
  [1, fc.tuple(field, field, field).map(([a, b, c]) => new Map([...a, ['$or', [b, one('$and', [c])]]]))],
  [0.5, field.map((f) => new Map([...f, ['$comment', 'why']]))],
);

/** What a partial index may be limited to. */
export const partialFilter: fc.Arbitrary<Doc> = choose<Doc>(
  [
    2,
    fc
      .tuple(
        pick('a', 'b', 'c', 'a.x'),
        fc.tuple(bound, number).map(([op, v]) => one(op, v)),
      )
      .map(([n, c]) => one(n, c)),
  ],
  [
    1,
    fc
      .tuple(pick('a', 'b', 'c'), pick(one('$exists', true), one('$type', 'int'), one('$eq', 1)))
      .map(([n, c]) => one(n, c)),
  ],
  [1, fc.constant(one('$or', [one('a', 1), one('c', one('$gt', 0))]))],
  [1, fc.constant(one('$and', [one('a', one('$gte', 0)), one('c', one('$in', [1, 'a']))]))],
);

export const pullOperand: Any = choose<unknown>(
  [3, scalar],
  [1, list],
  [2, simple],
  [2, elementFields],
  [1, subDoc],
  [0.5, elemMatch],
  [0.5, fc.constant(new BSONRegExp('^a'))],
);

/** A filter for `arrayFilters`, all of whose names begin with `name`. */
export function arrayFilter(name: string): fc.Arbitrary<Doc> {
  return choose<Doc>(
    [2, choose<unknown>([1, scalar], [2, simple]).map((c) => one(name, c))],
    [2, fc.tuple(pick('x', 'y'), choose<unknown>([1, scalar], [2, simple])).map(([f, c]) => one(`${name}.${f}`, c))],
    [1, fc.tuple(scalar, scalar).map(([a, b]) => one('$or', [one(name, a), one(`${name}.x`, one('$gt', b))]))],
  );
}
