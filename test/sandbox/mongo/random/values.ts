import fc from 'fast-check';
import { Binary, BSONRegExp, Double, Int32, Long, MaxKey, MinKey, ObjectId, UUID } from 'mongodb';

/** A document as a Map: any field name, in any order, numbers and `__proto__` too. */
export type Doc = Map<string, unknown>;
export type Any = fc.Arbitrary<unknown>;

export function docOf(...fields: readonly (readonly [string, unknown])[]): Doc {
  return new Map(fields);
}

/** Weighted choice: `choose([3, a], [1, b])`. */
export function choose<T>(...options: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...options.map(([weight, arbitrary]) => ({ weight: weight * 10, arbitrary })));
}

export const pick = fc.constantFrom;

const DATES = [new Date('2024-01-01T00:00:00Z'), new Date('2025-06-01T12:00:00Z'), new Date(0), new Date(-1)];
const IDS = ['000000000000000000000001', '0000000000000000000000ff'].map((hex) => new ObjectId(hex));
const BINARIES = [
  new Binary(Buffer.from('ab')),
  new Binary(Buffer.alloc(0)),
  new Binary(Buffer.from('b'), 5),
  new UUID('00000000-0000-4000-8000-000000000001'),
];
/** UTF-16 puts the last but one after the last, UTF-8 before it. */
const TEXTS = ['', 'a', 'b', 'ab', 'é', 'Z', 'a\nb', '1', '\uffee', '\u{1f600}'];

export const plainNumber = choose<unknown>([6, fc.integer({ min: -2, max: 3 })], [2, pick(0.5, 2.5, -1.5)]);
const typedNumber = pick<unknown>(
  new Double(1),
  new Double(-0),
  new Double(2),
  Long.fromNumber(2),
  Long.fromNumber(-1),
  new Int32(2147483647),
  new Int32(-2147483648),
);
const extremeNumber = pick<unknown>(
  new Double(Number.NaN),
  new Double(Number.POSITIVE_INFINITY),
  new Double(Number.NEGATIVE_INFINITY),
  Long.MAX_VALUE,
  Long.fromString('9007199254740993'),
  new Double(9007199254740992),
);
export const number = choose([6, plainNumber], [2, typedNumber], [1, extremeNumber]);
export const text = pick(...TEXTS);

/** Every type that can be stored but lists and documents. */
export const scalar: Any = choose<unknown>(
  [8, number],
  [4, text],
  [2, fc.boolean()],
  [2, fc.constant(null)],
  [2, pick(...DATES)],
  [1, pick(...IDS)],
  [1, pick(...BINARIES)],
  [0.5, pick(new MinKey(), new MaxKey())],
  [0.5, pick(new BSONRegExp('a'), new BSONRegExp('^a', 'i'))],
);

export function dictionary(names: fc.Arbitrary<string>, values: Any, maxKeys: number): fc.Arbitrary<Doc> {
  return fc
    .uniqueArray(fc.tuple(names, values), { maxLength: maxKeys, selector: ([name]) => name })
    .map((fields) => new Map(fields));
}

const innerName = choose<string>([10, pick('x', 'y')], [1, pick('0', '1', '__proto__', 'constructor')]);
const shallowDoc = dictionary(innerName, scalar, 2);
const shallowList = fc.array(scalar, { maxLength: 2 });
const inner = choose<unknown>([6, scalar], [1, shallowList], [1, shallowDoc]);
export const subDoc = dictionary(innerName, inner, 2);
export const list = fc.array(choose<unknown>([4, scalar], [3, subDoc], [1, shallowList]), { maxLength: 3 });
export const value: Any = choose<unknown>([6, scalar], [3, list], [2, subDoc]);

const topName = choose<string>([20, pick('a', 'b', 'c')], [1, pick('__proto__', 'constructor', '0')]);
export const fields = dictionary(topName, value, 4);

/** Few enough that they meet; 1, 1.0 and Long 1 are the same. */
export const id: Any = choose<unknown>(
  [20, fc.nat(12)],
  [1, pick(new Double(1), Long.fromNumber(2), 0.5, 'a', null, true, IDS[0], DATES[0], docOf(['x', 1]), BINARIES[0])],
);

export const path = choose<string>(
  [8, pick('a', 'b', 'c')],
  [6, pick('a.x', 'b.x', 'a.y')],
  [2, pick('b.0', 'a.0.x', 'a.1', 'a.x.y', 'a.0.0')],
  [1, pick('__proto__', 'constructor', '0', 'a.__proto__', 'b.constructor')],
);
/** Paths by which can be sorted and indexed. */
export const sortPath = choose<string>(
  [6, pick('a', 'b', 'c')],
  [3, pick('a.x', 'b.x', 'a.y')],
  [1, pick('constructor')],
);
