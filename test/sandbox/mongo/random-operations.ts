import fc from 'fast-check';
import { Double, Long, ObjectId } from 'mongodb';

/** Random documents, filters, updates and queries inside the named subset, small enough that they meet each other. */

const DATES = [new Date('2024-01-01T00:00:00Z'), new Date('2025-06-01T12:00:00Z'), new Date(0)];
const IDS = ['000000000000000000000001', '0000000000000000000000ff'].map((hex) => new ObjectId(hex));

const scalar = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -2, max: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom(0.5, 2.5, new Double(1), Long.fromNumber(2), -1.5) },
  { weight: 4, arbitrary: fc.constantFrom('', 'a', 'b', 'ab', 'é', 'Z') },
  { weight: 2, arbitrary: fc.constantFrom(true, false) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constantFrom(...DATES) },
  { weight: 1, arbitrary: fc.constantFrom(...IDS) },
);
const subDoc = fc.dictionary(fc.constantFrom('x', 'y'), scalar, { maxKeys: 2, noNullPrototype: true });
const list = fc.array(fc.oneof({ weight: 3, arbitrary: scalar }, { weight: 2, arbitrary: subDoc }), { maxLength: 3 });
export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 2, arbitrary: list },
  { weight: 2, arbitrary: subDoc },
);

const TOP = ['a', 'b', 'c'] as const;
export const document = fc.dictionary(fc.constantFrom(...TOP), value, { maxKeys: 3, noNullPrototype: true });
const path = fc.constantFrom('a', 'b', 'c', 'a.x', 'b.x', 'a.y', 'b.0', 'a.0.x');

const condition: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: value },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte'), scalar).map(([op, v]) => ({ [op]: v })),
  },
  { weight: 1, arbitrary: fc.tuple(scalar, scalar).map(([a, b]) => ({ $gte: a, $lt: b })) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom('$eq', '$ne'), value).map(([op, v]) => ({ [op]: v })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('$in', '$nin'), fc.array(value, { maxLength: 3 }))
      .map(([op, v]) => ({ [op]: v })),
  },
  { weight: 2, arbitrary: fc.boolean().map((is) => ({ $exists: is })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('int', 'double', 'string', 'array', 'object', 'null', 'number', 'date', 'bool')
      .map((t) => ({ $type: t })),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3 }).map((n) => ({ $size: n })) },
  { weight: 1, arbitrary: fc.array(value, { minLength: 1, maxLength: 2 }).map((v) => ({ $all: v })) },
  { weight: 1, arbitrary: fc.constantFrom('^a', 'b$', '[ab]', 'z').map((p) => ({ $regex: p, $options: 'i' })) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('$gt', '$lte'), scalar).map(([op, v]) => ({ $not: { [op]: v } })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('$gte', '$lt'), scalar).map(([op, v]) => ({ $elemMatch: { [op]: v } })),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom('x', 'y'), scalar).map(([f, v]) => ({ $elemMatch: { [f]: v } })) },
);

const fields = fc.tuple(path, condition).map(([name, c]) => ({ [name]: c }));
export const filter: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({}) },
  { weight: 6, arbitrary: fields },
  { weight: 3, arbitrary: fc.tuple(fields, fields).map(([a, b]) => ({ ...a, ...b })) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('$and', '$or', '$nor'), fields, fields).map(([op, a, b]) => ({ [op]: [a, b] })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fields, fields, fields).map(([a, b, c]) => ({ $and: [{ $or: [a, b] }, { $or: [c] }] })),
  },
);

export const sort = fc
  .tuple(fc.constantFrom('a', 'b', 'a.x', 'c'), fc.constantFrom(1, -1), fc.constantFrom(1, -1))
  .map(([name, direction, tie]) => ({ [name]: direction, n: tie }));

const smallNumber = fc.constantFrom<unknown>(1, -2, 0.5, Long.fromNumber(3));
export const updatePart: fc.Arbitrary<Record<string, Record<string, unknown>>> = fc
  .tuple(
    path,
    fc.oneof(
      value.map((v) => ['$set', v] as const),
      smallNumber.map((v) => ['$inc', v] as const),
      smallNumber.map((v) => ['$mul', v] as const),
      scalar.map((v) => ['$min', v] as const),
      scalar.map((v) => ['$max', v] as const),
      value.map((v) => ['$setOnInsert', v] as const),
      value.map((v) => ['$push', v] as const),
      fc
        .tuple(
          fc.array(scalar, { minLength: 1, maxLength: 2 }),
          fc.constantFrom(-3, -2, -1, 1, 2, 3),
          fc.integer({ min: -2, max: 2 }),
          fc.constantFrom(1, -1),
        )
        .map(
          ([each, slice, position, order]) =>
            ['$push', { $each: each, $slice: slice, $position: position, $sort: order }] as const,
        ),
      value.map((v) => ['$addToSet', v] as const),
      fc.array(scalar, { minLength: 1, maxLength: 3 }).map((v) => ['$addToSet', { $each: v }] as const),
    ),
  )
  .map(([name, [operator, operand]]) => ({ [operator]: { [name]: operand } }));

/** At the top only: for a missing deeper path the real engine leaves an empty document behind. */
const pulling: fc.Arbitrary<Record<string, Record<string, unknown>>> = fc
  .tuple(
    fc.constantFrom('a', 'b', 'c'),
    fc.oneof(
      fc.constant(['$unset', ''] as const),
      fc.constantFrom(1, -1).map((v) => ['$pop', v] as const),
      scalar.map((v) => ['$pull', v] as const),
      fc
        .tuple(fc.constantFrom('$gt', '$lte', '$in'), scalar)
        .map(([op, v]) => ['$pull', op === '$in' ? { $in: [v] } : { [op]: v }] as const),
      fc.tuple(fc.constantFrom('x', 'y'), scalar).map(([f, v]) => ['$pull', { [f]: v }] as const),
      fc.array(scalar, { maxLength: 2 }).map((v) => ['$pullAll', v] as const),
    ),
  )
  .map(([name, [operator, operand]]) => ({ [operator]: { [name]: operand } }));

type Part = Record<string, Record<string, unknown>>;

/** By path, the order in which MongoDB adds new fields; the reference engine adds them as they come. */
function inOrder(a: Part, b: Part): Part {
  const pathOf = (part: Part): string => Object.keys(Object.values(part)[0] ?? {})[0] ?? '';
  return pathOf(a) <= pathOf(b) ? { ...a, ...b } : { ...b, ...a };
}

export const update: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  { weight: 5, arbitrary: updatePart },
  { weight: 2, arbitrary: pulling },
  { weight: 2, arbitrary: fc.tuple(updatePart, updatePart).map(([a, b]) => inOrder(a, b)) },
  { weight: 1, arbitrary: fc.constantFrom('a', 'b').map((f) => ({ $rename: { [f]: 'c' } })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('b.$[]', 'a.$[].x'), scalar).map(([p, v]) => ({ $set: { [p]: v } })),
  },
);

export const projection = fc.oneof(
  fc.constant({}),
  fc
    .uniqueArray(fc.constantFrom('a', 'b.x', 'c', 'n'), { minLength: 1 })
    .map((names) => Object.fromEntries(names.map((n) => [n, 1]))),
  fc
    .uniqueArray(fc.constantFrom('a', 'b.x', 'c'), { minLength: 1 })
    .map((names) => Object.fromEntries(names.map((n) => [n, 0]))),
  fc.integer({ min: -2, max: 2 }).map((n) => ({ b: { $slice: n } })),
);

export const indexKey = fc.constantFrom<Record<string, 1 | -1>>(
  { a: 1 },
  { b: -1 },
  { 'a.x': 1 },
  { a: 1, n: -1 },
  { a: -1, c: 1 },
  { 'b.x': 1, a: 1 },
);

export type Operation =
  | { readonly kind: 'insert'; readonly doc: Record<string, unknown> }
  | {
      readonly kind: 'find';
      readonly filter: object;
      readonly sort: object;
      readonly skip: number;
      readonly limit: number;
      readonly projection: object;
    }
  | { readonly kind: 'count'; readonly filter: object }
  | { readonly kind: 'distinct'; readonly key: string; readonly filter: object }
  | {
      readonly kind: 'update';
      readonly filter: object;
      readonly update: object;
      readonly many: boolean;
      readonly upsert: boolean;
    }
  | {
      readonly kind: 'modify';
      readonly filter: object;
      readonly update: object;
      readonly sort: object;
      readonly after: boolean;
    }
  | { readonly kind: 'delete'; readonly filter: object }
  | { readonly kind: 'index'; readonly key: Record<string, 1 | -1>; readonly unique: boolean };

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: document.map((doc) => ({ kind: 'insert' as const, doc })) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(filter, sort, fc.nat(2), fc.nat(4), projection)
      .map(([f, s, skip, limit, p]) => ({ kind: 'find' as const, filter: f, sort: s, skip, limit, projection: p })),
  },
  { weight: 2, arbitrary: filter.map((f) => ({ kind: 'count' as const, filter: f })) },
  { weight: 2, arbitrary: fc.tuple(path, filter).map(([key, f]) => ({ kind: 'distinct' as const, key, filter: f })) },
  {
    weight: 6,
    arbitrary: fc
      .tuple(filter, update, fc.boolean())
      .map(([f, u, many]) => ({ kind: 'update' as const, filter: f, update: u, many, upsert: false })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(filter, update, sort, fc.boolean())
      .map(([f, u, s, after]) => ({ kind: 'modify' as const, filter: f, update: u, sort: s, after })),
  },
  { weight: 1, arbitrary: filter.map((f) => ({ kind: 'delete' as const, filter: f })) },
  { weight: 1, arbitrary: indexKey.map((key) => ({ kind: 'index' as const, key, unique: false })) },
);
