import fc from 'fast-check';
import type { Document } from 'mongodb';
import type { Collection } from './driver.ts';
import { filter } from './random/filters.ts';
import { lenientIndex } from './random/indexes.ts';
import { type Doc, fields, sortPath } from './random/values.ts';
import { openTestDatabase, type TestDatabase } from './support.ts';

/** What `explain` says is what happens: the plan it names finds what a look at everything finds, and looks at no more. */
const RUNS = Number(process.env['EMBEDDED_EXPLAINS'] ?? 15);
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

interface Explained {
  readonly stages: readonly string[];
  readonly keysToExamine: number;
  readonly nReturned: number;
  readonly keys: number;
  readonly docs: number;
}

async function explained(rows: Collection, command: object): Promise<Explained> {
  const reply = await database.db.command({
    explain: { find: rows.collectionName, ...command },
    verbosity: 'executionStats',
  });
  const stages: string[] = [];
  let keysToExamine = 0;
  const visit = (stage: Document): void => {
    stages.push(stage['stage']);
    keysToExamine += stage['keysToExamine'] ?? 0;
    for (const input of [stage['inputStage'] ?? [], stage['inputStages'] ?? []].flat()) visit(input);
  };
  visit(reply['queryPlanner'].winningPlan);
  const { nReturned, totalKeysExamined: keys, totalDocsExamined: docs } = reply['executionStats'];
  return { stages, keysToExamine, nReturned, keys, docs };
}

/** Two collections with the same documents, the second without indexes. */
async function twins(docs: readonly Document[], indexes: readonly Doc[]): Promise<[Collection, Collection]> {
  const [indexed, plain] = [await database.collection(...docs), await database.collection(...docs)];
  for (const index of indexes)
    await database.db.command({ createIndexes: indexed.collectionName, indexes: [index] }).catch(() => undefined);
  return [indexed, plain];
}

const idsOf = async (rows: Collection, given: Document, sort: object = {}): Promise<unknown[]> =>
  (await rows.find(given, { sort: { ...sort, _id: 1 }, projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);

const query = fc.record({ given: filter, sort: fc.option(fc.tuple(sortPath, fc.constantFrom(1, -1))) });

it('finds through the plan it names what a look at everything finds, and looks at nothing else', async () => {
  let scansByIndex = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fields, { minLength: 5, maxLength: 25 }),
      fc.array(lenientIndex, { minLength: 1, maxLength: 4 }),
      fc.array(query, { minLength: 4, maxLength: 10 }),
      async (contents, indexes, queries) => {
        const docs = contents.map((doc, _id) => Object.fromEntries([['_id', _id], ...doc]));
        const [indexed, plain] = await twins(docs, indexes);
        for (const { given, sort } of queries) {
          const order = sort ? { [sort[0]]: sort[1] } : {};
          let expected: unknown[];
          try {
            expected = await idsOf(plain, given as Document, order);
          } catch {
            continue;
          }
          expect(await idsOf(indexed, given as Document, order)).toEqual(expected);
          const plan = await explained(indexed, { filter: given, ...(sort && { sort: order }) });
          expect(plan.nReturned).toBe(expected.length);
          expect(plan.docs).toBeGreaterThanOrEqual(expected.length);
          if (plan.stages.includes('COLLSCAN')) {
            expect([plan.keys, plan.docs]).toEqual([0, docs.length]);
          } else {
            scansByIndex += 1;
            expect(plan.stages).toContain('IXSCAN');
            // Every key of the ranges is looked at once, and of each document at most once.
            expect(plan.keys).toBe(plan.keysToExamine);
            expect(plan.docs).toBeLessThanOrEqual(plan.keys);
          }
        }
        await indexed.drop();
        await plain.drop();
      },
    ),
    { numRuns: RUNS },
  );
  expect(scansByIndex).toBeGreaterThan(RUNS);
}, 240_000);

const number = fc.integer({ min: 0, max: 30 });
const range = fc.oneof(
  number.map((value) => ({ test: (n: number) => n === value, condition: value as unknown })),
  fc.array(number, { minLength: 1, maxLength: 4 }).map((values) => ({
    test: (n: number) => values.includes(n),
    condition: { $in: values } as unknown,
  })),
  fc.tuple(number, number).map(([low, high]) => ({
    test: (n: number) => n >= low && n < high,
    condition: { $gte: low, $lt: high } as unknown,
  })),
  number.map((low) => ({ test: (n: number) => n > low, condition: { $gt: low } as unknown })),
);

it('looks through an index only at the documents within the range', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 60 }),
      fc.constantFrom<Record<string, 1 | -1>>({ a: 1 }, { a: -1 }, { a: 1, b: 1 }, { a: -1, b: 1 }, { a: 1, b: -1 }),
      range,
      number,
      async (pairs, key, { test, condition }, b) => {
        const docs = pairs.flatMap(([a, other], at) => [
          { _id: at * 3, a, b: other },
          { _id: at * 3 + 1, a: `${a}`, b: other },
          { _id: at * 3 + 2, b: other },
        ]);
        const rows = await database.collection(...docs);
        await rows.createIndex(key);
        const within = pairs.filter(([a]) => test(a));
        const plan = await explained(rows, { filter: { a: condition } });
        expect(plan).toMatchObject({ nReturned: within.length, keys: within.length, docs: within.length });
        expect(plan.stages).toEqual(['FETCH', 'IXSCAN']);
        const narrower = await explained(rows, { filter: { a: condition, b } });
        expect(narrower.nReturned).toBe(within.filter(([, other]) => other === b).length);
        const isNarrowed =
          'b' in key && !(typeof condition === 'object' && condition !== null && !('$in' in condition));
        expect(narrower.docs).toBe(isNarrowed ? narrower.nReturned : within.length);
        const first = await explained(rows, { filter: { a: condition }, sort: key, limit: 1 });
        expect(first.docs).toBe(Math.min(1, within.length));
        await rows.drop();
      },
    ),
    { numRuns: Math.ceil(RUNS / 2) },
  );
}, 240_000);
