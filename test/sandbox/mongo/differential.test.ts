import fc from 'fast-check';
import { type EmbeddedMongo, startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { MongoClient } from './driver.ts';
import { dataOperation, indexing, type Operation, operation } from './random/commands.ts';
import { type Compared, endsReference, forReference, knownDifference } from './random/differences.ts';
import { brief, contentsOf, indexesOf, type Place, run, show } from './random/run.ts';

/** The real engine to compare with; without it only indexed and plain collections are compared with each other. */
const referenceUri = process.env['REFERENCE_MONGODB_URI'];
/** Histories; each has a seed of its own, which is printed with a disagreement. */
const RUNS = Number(process.env['DIFFERENTIAL_RUNS'] ?? 10);
/** Always the same ones beside the real engine, whose own faults are not all known by name. */
const FIRST_SEED = referenceUri === undefined ? Date.now() % 1_000_000_000 : 1;
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? FIRST_SEED);
const TIMEOUT_MS = Number(process.env['DIFFERENTIAL_TIMEOUT_MS'] ?? 120_000);
const MOST_SHOWN = 40;

let server: EmbeddedMongo;
let client: MongoClient;
let names = 0;

beforeAll(async () => {
  server = await startEmbeddedMongo();
  client = await MongoClient.connect(server.uri);
});

afterAll(async () => {
  await client.close();
  await server.close();
});

interface Tally {
  operations: number;
  readonly known: Map<string, number>;
  readonly disagreements: string[];
}

/** Histories one after the other; each may end early. */
async function eachHistory(
  arbitrary: fc.Arbitrary<Operation>,
  compare: (history: readonly Operation[], tally: Tally, seed: number) => Promise<void>,
): Promise<Tally> {
  const tally: Tally = { operations: 0, known: new Map(), disagreements: [] };
  const history = fc.array(arbitrary, { minLength: 25, maxLength: 50, size: 'max' });
  for (let seed = SEED; seed < SEED + RUNS && tally.disagreements.length < MOST_SHOWN; seed += 1) {
    const [steps = []] = fc.sample(history, { seed, numRuns: 1 });
    try {
      await compare(steps, tally, seed);
    } catch (error) {
      // Such as the end of the reference engine.
      tally.disagreements.push(`DIFFERENTIAL_SEED=${seed} ended with ${String(error)}`);
      break;
    }
  }
  return tally;
}

/** Everything to understand a disagreement, and how to see it again. */
function describeStep(seed: number, { command, before, result, expected, left, right }: Compared): string {
  const isStored = (one: readonly string[], other: readonly string[]): string =>
    one
      .filter((doc) => !other.includes(doc))
      .map((doc) => `\n    ${brief(doc)}`)
      .join('');
  return [
    `DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_RUNS=1 npx jest test/sandbox/mongo/differential`,
    `  ${brief(show(command))}`,
    `  on: ${brief(before.join('\n      '))}`,
    `  answer:   ${brief(result)}`,
    `  expected: ${brief(expected)}`,
    ...(isSame(left, right) ? [] : [`  stored:${isStored(left, right)}`, `  expected:${isStored(right, left)}`]),
  ].join('\n');
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.join('\n') === other.join('\n');
}

function expectNone({ disagreements }: Tally): void {
  if (disagreements.length > 0) throw new Error(disagreements.join('\n\n'));
}

function place(on: MongoClient): Place {
  names += 1;
  return { db: on.db(`differential_${process.pid}`), collection: `c${names}` };
}

async function both<T>(one: Promise<T>, other: Promise<T>): Promise<[T, T]> {
  return await Promise.all([one, other]);
}

function naming({ command }: Operation): (error: unknown) => never {
  return (error) => {
    throw new Error(`${String(error)} at ${brief(show(command))}`);
  };
}

async function compareIndexed(history: readonly Operation[], tally: Tally, seed: number): Promise<void> {
  const [indexed, plain] = [place(client), place(client)];
  for (const step of history) {
    tally.operations += 1;
    if ('createIndexes' in step.command) {
      await run(indexed, step);
      continue;
    }
    // A hint names an index that only one of them has.
    if ('hint' in step.command) continue;
    const before = await contentsOf(plain);
    const [result, expected] = await both(run(indexed, step), run(plain, step));
    // Two arrays side by side do not go into a compound index.
    if (/error 171|"code":\{"\$numberInt":"171"/.test(result)) break;
    const [left, right] = await both(contentsOf(indexed), contentsOf(plain));
    if (result === expected && isSame(left, right)) continue;
    const compared = { command: step.command, before, result, expected, left, right };
    tally.disagreements.push(`${describeStep(seed, compared)}\n  indexes: ${await indexesOf(indexed)}`);
    break;
  }
  await Promise.all([plain, indexed].map(({ db, collection }) => db.dropCollection(collection)));
}

async function compareWith(
  reference: MongoClient,
  history: readonly Operation[],
  tally: Tally,
  seed: number,
): Promise<void> {
  const ours = place(client);
  const theirs: Place = { db: reference.db(ours.db.databaseName), collection: ours.collection };
  let before: readonly string[] = [];
  for (const step of history) {
    const { command } = step;
    if (endsReference(command)) continue;
    tally.operations += 1;
    const [result, expected] = await both(run(ours, step), run(theirs, forReference(step)).catch(naming(step)));
    const [left, right] = await both(contentsOf(ours), contentsOf(theirs));
    const changesIndexes = /ndexes|drop|create/.test(Object.keys(command)[0] ?? '');
    const [ourIndexes, theirIndexes] = changesIndexes ? await both(indexesOf(ours), indexesOf(theirs)) : ['', ''];
    const isStateSame = isSame(left, right) && ourIndexes === theirIndexes;
    if (result !== expected || !isStateSame) {
      const compared = { command, before, result: result + ourIndexes, expected: expected + theirIndexes, left, right };
      const known = knownDifference(compared);
      if (known === undefined) tally.disagreements.push(describeStep(seed, compared));
      else tally.known.set(known, (tally.known.get(known) ?? 0) + 1);
    }
    if (!isStateSame) break;
    before = left;
  }
  await Promise.all([ours, theirs].map(({ db, collection }) => db.dropCollection(collection)));
}

describe('random operations', () => {
  it(
    'give the same results with and without indexes',
    async () => {
      const indexes = indexing.map((command): Operation => ({ command, cursor: 'drain' }));
      const mixed = fc.oneof({ weight: 9, arbitrary: dataOperation }, { weight: 1, arbitrary: indexes });
      expectNone(await eachHistory(mixed, compareIndexed));
    },
    TIMEOUT_MS,
  );

  (referenceUri === undefined ? it.skip : it)(
    'give the same results as on the real engine',
    async () => {
      const reference = await MongoClient.connect(referenceUri ?? '');
      try {
        const tally = await eachHistory(operation, (...history) => compareWith(reference, ...history));
        if (RUNS > 100)
          process.stderr.write(
            `${RUNS} histories from seed ${SEED}: ${tally.operations} operations; ${show(Object.fromEntries(tally.known))}\n`,
          );
        expectNone(tally);
        await reference.db(`differential_${process.pid}`).dropDatabase();
      } finally {
        await reference.close();
      }
    },
    TIMEOUT_MS,
  );
});
