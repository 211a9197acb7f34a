import fc from 'fast-check';
import { type EmbeddedMongo, startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { type Collection, MongoClient } from './driver.ts';
import { type Operation, operation } from './random-operations.ts';
import { contents, type Row, runOperation } from './run-operation.ts';

/** The real engine to compare with; without it only indexed and plain collections are compared with each other. */
const referenceUri = process.env['REFERENCE_MONGODB_URI'];
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 10);
const operations = fc.array(operation, { minLength: 20, maxLength: 50 });
const REFERENCE_TIMEOUT_MS = 120_000;
const keepTypes = { promoteValues: false } as const;

let server: EmbeddedMongo;
let client: MongoClient;
let names = 0;

beforeAll(async () => {
  server = await startEmbeddedMongo();
  client = await MongoClient.connect(server.uri, keepTypes);
});

afterAll(async () => {
  await client.close();
  await server.close();
});

function freshCollection(on: MongoClient): Collection<Row> {
  names += 1;
  return on.db('differential').collection<Row>(`c${process.pid}_${names}`);
}

/** Where the reference engine is known to be no MongoDB, or where MongoDB says a client must not count on it. */
function isKnownDifference(step: Operation, ours: string, theirs: string, before: string): boolean {
  // Both refuse; the codes of the reference engine are not always MongoDB's.
  if (ours.startsWith('error') && theirs.startsWith('error')) return true;
  // It looks for conflicts only when a document matches.
  if (ours === 'error 40') return true;
  // It puts two arrays side by side into an index.
  if (ours === 'error 171') return true;
  if (theirs === 'error 115') return true;
  // It sorts an empty array with null, MongoDB before it.
  return 'sort' in step && before.includes('[]');
}

describe('random operations', () => {
  it('give the same results with and without indexes', async () => {
    const shapes = [{ a: 1 }, { b: -1 }, { 'a.x': 1, n: 1 }, { 'b.x': 1 }, { n: 1 }] as const;
    await fc.assert(
      fc.asyncProperty(operations, async (steps) => {
        const plain = freshCollection(client);
        const indexed = freshCollection(client);
        for (const shape of shapes) await indexed.createIndex(shape);
        for (const [index, step] of steps.filter(({ kind }) => kind !== 'index').entries()) {
          const result = await runOperation(indexed, step, index);
          expect(result).toBe(await runOperation(plain, step, index));
        }
        expect(await contents(indexed)).toBe(await contents(plain));
        await Promise.all([plain.drop(), indexed.drop()]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });

  (referenceUri === undefined ? it.skip : it)(
    'give the same results as on the real engine',
    async () => {
      const reference = await MongoClient.connect(referenceUri ?? '', keepTypes);
      try {
        await fc.assert(
          fc.asyncProperty(operations, async (steps) => {
            const ours = freshCollection(client);
            const theirs = reference.db('differential').collection<Row>(ours.collectionName);
            for (const [index, step] of steps.entries()) {
              const before = await contents(ours);
              // Which document comes first is not the same on both sides then.
              if (step.kind === 'modify' && before.includes('[]')) continue;
              const shown = JSON.stringify(step);
              const result = await runOperation(ours, step, index);
              const expected = await runOperation(theirs, step, index);
              const isFailure = result.startsWith('error') || expected.startsWith('error');
              if (!isKnownDifference(step, result, expected, before))
                expect({ shown, before, result }).toEqual({ shown, before, result: expected });
              const [ourDocs, theirDocs] = [await contents(ours), await contents(theirs)];
              // What a failed updateMany leaves behind differs.
              if (isFailure && ourDocs !== theirDocs) break;
              expect({ shown, docs: ourDocs }).toEqual({ shown, docs: theirDocs });
            }
            await Promise.all([ours.drop(), theirs.drop()]);
          }),
          { numRuns: RUNS, endOnFailure: true },
        );
      } finally {
        await reference.close();
      }
    },
    REFERENCE_TIMEOUT_MS,
  );
});
