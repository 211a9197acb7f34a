import fc from 'fast-check';
import { decodeRaw, encodeRaw } from '../../../sandbox/mongo/bson/encode.ts';
import { compareKeys, invertKey, keyOf } from '../../../sandbox/mongo/bson/order.ts';
import { Binary, type Doc, Int32, ObjectId, Regex, type Value } from '../../../sandbox/mongo/bson/values.ts';
import { createSortedKeys } from '../../../sandbox/mongo/store/sorted-keys.ts';

const number: fc.Arbitrary<number | bigint | Int32> = fc.oneof(
  fc.double({ noNaN: true }),
  fc.constantFrom(
    0,
    -0,
    1,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 63),
    2 ** 63,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => new Int32(value)),
  // Neighbours around the point from which doubles skip whole numbers.
  fc.integer({ min: -3, max: 3 }).map((offset) => 2n ** 60n + BigInt(offset)),
);

const plain = (value: number | bigint | Int32): number | bigint => (value instanceof Int32 ? value.value : value);

const { value } = fc.letrec<{ value: Value; doc: Doc }>((tie) => ({
  doc: fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((fields) => new Map(fields)),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'binary' }),
    number,
    fc.boolean(),
    fc.constant(null),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(Buffer.from(bytes).toString('latin1'))),
    fc.uint8Array({ maxLength: 9 }).map((bytes) => new Binary(0, Buffer.from(bytes).toString('latin1'))),
    fc.constantFrom(new Regex('a', 'i'), new Regex('', '')),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('doc'),
  ),
}));

describe('keys of values', () => {
  it('compare as the numbers do, whatever their types', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [x, y] = [plain(a), plain(b)];
        // biome-ignore lint/suspicious/noDoubleEquals: a bigint and a number are compared by value
        const expected = x == y ? 0 : x < y ? -1 : 1;
        expect(compareKeys(keyOf(a), keyOf(b))).toBe(expected);
        expect(compareKeys(invertKey(keyOf(a)), invertKey(keyOf(b))) + expected).toBe(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('compare as the bytes of strings do', () => {
    const text = fc.string({ unit: 'binary', maxLength: 4 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compareKeys(keyOf(a), keyOf(b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 500 },
    );
  });

  it('are never the beginning of another, and those of rows compare as the rows do', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        const [x, y] = [keyOf(a), keyOf(b)];
        if (x !== y) {
          expect(x.startsWith(y) || y.startsWith(x)).toBe(false);
          expect(compareKeys(x + keyOf(c), y)).toBe(compareKeys(x, y));
          expect(compareKeys(keyOf([a, c]), keyOf([b]))).toBe(compareKeys(x, y));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('and bytes: what is encoded comes back the same', () => {
    fc.assert(
      fc.property(value, (given) => {
        const raw = encodeRaw(new Map([['v', given]]));
        expect(encodeRaw(decodeRaw(raw))).toBe(raw);
        expect(keyOf(decodeRaw(raw).get('v'))).toBe(keyOf(given));
      }),
      { numRuns: 500 },
    );
  });
});

describe('sorted keys', () => {
  it('hold what a sorted list would, through splits and removals', () => {
    const change = fc.record({ isAdd: fc.boolean(), key: fc.nat(400), id: fc.nat(9) });
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1000, maxLength: 3000 }),
        fc.nat(400),
        fc.nat(400),
        (changes, from, to) => {
          const name = (key: number): string => `k${String(key).padStart(3, '0')}`;
          const tree = createSortedKeys();
          const list = new Map<string, { key: string; id: number }>();
          for (const { isAdd, key, id } of changes) {
            const entry = { key: name(key), id };
            const known = list.has(`${entry.key}/${id}`);
            if (isAdd && !known) {
              tree.add(entry.key, id);
              list.set(`${entry.key}/${id}`, entry);
            } else if (!isAdd) {
              tree.remove(entry.key, id);
              list.delete(`${entry.key}/${id}`);
            }
          }
          const interval = { lo: name(Math.min(from, to)), hi: name(Math.max(from, to)) };
          const inside = [...list.values()].filter(({ key }) => key >= interval.lo && key < interval.hi);
          const expected = inside.sort((a, b) => compareKeys(a.key, b.key) || a.id - b.id).map(({ id }) => id);
          expect([...tree.scan(interval)]).toEqual(expected);
          expect([...tree.scan(interval, true)]).toEqual(expected.toReversed());
          expect(tree.count(interval)).toBe(expected.length);
          expect(tree.size()).toBe(list.size);
          const rebuilt = createSortedKeys([...list.values()].map(({ key, id }) => [key, id]));
          expect([...rebuilt.scan(interval)]).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});
