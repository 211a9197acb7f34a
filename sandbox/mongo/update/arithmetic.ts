import { Int32 } from '../bson/values.ts';
import { Fault } from '../errors.ts';

export type BsonNumber = number | bigint | Int32;

/** MongoDB's sum: the wider of the two types, int grows to long, long beyond 64 bits is Fault 2. */
export function add(a: BsonNumber, b: BsonNumber): BsonNumber {
  return combine(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
  );
}

export function multiply(a: BsonNumber, b: BsonNumber): BsonNumber {
  return combine(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
  );
}

function combine(
  a: BsonNumber,
  b: BsonNumber,
  doubles: (x: number, y: number) => number,
  longs: (x: bigint, y: bigint) => bigint,
): BsonNumber {
  if (typeof a === 'number' || typeof b === 'number') return doubles(asDouble(a), asDouble(b));
  const result = longs(asLong(a), asLong(b));
  if (BigInt.asIntN(64, result) !== result)
    throw new Fault(2, 'Failed to apply operations to current value: integer overflow');
  const isInt = a instanceof Int32 && b instanceof Int32 && BigInt.asIntN(32, result) === result;
  return isInt ? new Int32(Number(result)) : result;
}

function asDouble(value: BsonNumber): number {
  return typeof value === 'number' ? value : Number(asLong(value));
}

function asLong(value: bigint | Int32 | number): bigint {
  return typeof value === 'bigint' ? value : BigInt(value instanceof Int32 ? value.value : value);
}
