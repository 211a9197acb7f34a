import { FAULT_KINDS, type Point } from './faults.ts';
import { differences, playWith, pointsOf, type Run } from './run.ts';

/**
 * A database that fails at a sample of its commands; `npm run test:database-faults` goes through all of them. Each release
 * meets many faults, one at a time.
 */

const EVERY = 37;
const RELEASES = [3, 20];

let clean: Run;
beforeAll(async () => {
  clean = await playWith([]);
});

test.each(RELEASES)(
  'a release whose database fails at every 37th command from the %ith on ends as if it had not',
  async (first) => {
    const all = pointsOf(clean);
    const points: Point[] = all.slice(0, clean.seen.length).filter((_point, index) => index % EVERY === first);
    expect(new Set(points.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    const { picture, struck } = await playWith(points);
    expect({ struck, differences: differences(clean.picture, picture) }).toEqual({ struck, differences: [] });
    // Who takes over after a fault may do it with other commands.
    expect(struck.length).toBeGreaterThan(points.length / 3);
  },
);
