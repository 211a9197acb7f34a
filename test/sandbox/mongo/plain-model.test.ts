import fc from 'fast-check';
import { filter } from './random/filters.ts';
import { lenientIndex } from './random/indexes.ts';
import { Mistake, matches, sorted } from './random/plain-model.ts';
import { brief, show } from './random/run.ts';
import { type Doc, fields, sortPath } from './random/values.ts';
import { openTestDatabase, type TestDatabase } from './support.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 12);

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

const docs = fc
  .uniqueArray(fc.tuple(fc.nat(40), fields), { minLength: 5, maxLength: 12, selector: ([own]) => own })
  .map((all) => all.map(([own, rest]): Doc => new Map([['_id', own], ...rest])));
const query = fc.record({
  filter,
  path: sortPath,
  by: fc.constantFrom(1, -1),
  tie: fc.constantFrom(1, -1),
  skip: fc.nat(2),
  limit: fc.nat(4),
});

/** What the filter finds in the list, in order; or the code of the mistake in it. */
function fromList(
  all: readonly Doc[],
  { filter: f, path, by, tie, skip, limit }: typeof query extends fc.Arbitrary<infer Q> ? Q : never,
): unknown {
  try {
    matches(new Map(), f);
    const found = sorted(
      all.filter((doc) => matches(doc, f)),
      path,
      by,
      tie,
    );
    return found.slice(skip, limit === 0 ? undefined : skip + limit).map((doc) => doc.get('_id'));
  } catch (error) {
    if (error instanceof Mistake) return 'error 2';
    throw error;
  }
}

it('random filters and sorts find what a plain reading of MongoDB finds, with any indexes', async () => {
  let names = 0;
  await fc.assert(
    fc.asyncProperty(
      docs,
      fc.array(query, { minLength: 20, maxLength: 30 }),
      fc.array(lenientIndex, { maxLength: 3 }),
      async (all, queries, indexes) => {
        names += 1;
        const collection = `plain${names}`;
        await database.db.command({ insert: collection, documents: all });
        for (const index of indexes)
          await database.db.command({ createIndexes: collection, indexes: [index] }).catch(() => {});
        for (const given of queries) {
          const { filter: f, path, by, tie, skip, limit } = given;
          const sort = new Map([
            [path, by],
            ['_id', tie],
          ]);
          const command = {
            find: collection,
            filter: f,
            sort,
            skip,
            ...(limit > 0 ? { limit } : {}),
            projection: { _id: 1 },
          };
          const result: unknown = await database.db.command(command).then(
            ({ cursor }) => cursor.firstBatch.map(({ _id }: { _id: unknown }) => _id),
            (error: { code: number }) => `error ${error.code}`,
          );
          const step = brief(show({ command, all, indexes }));
          expect({ step, result }).toEqual({ step, result: fromList(all, given) });
        }
        await database.db.command({ drop: collection });
      },
    ),
    { numRuns: RUNS },
  );
});
