/** Choices that a seed makes again. */
export interface Random {
  /** from 0 up to, not including, 1 */
  fraction(): number;
  /** both ends included */
  integer(from: number, to: number): number;
  isLikely(probability: number): boolean;
  pick<T>(items: readonly [T, ...T[]]): T;
  shuffled<T>(items: readonly T[]): T[];
}

/** mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const random: Random = {
    fraction() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    integer: (from, to) => from + Math.floor(random.fraction() * (to - from + 1)),
    isLikely: (probability) => random.fraction() < probability,
    pick: (items) => items[random.integer(0, items.length - 1)] ?? items[0],
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: random.fraction() }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
  };
  return random;
}
