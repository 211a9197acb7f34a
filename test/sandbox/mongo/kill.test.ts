import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Collection, MongoClient, MongoNetworkError, MongoServerError } from './driver.ts';

/**
 * Several writers go on while their server is killed and started again. Each knows what its collection must hold after
 * every answer it got, and looks: nothing acknowledged is lost, nothing is done twice, no command is half done.
 */
const KILLS = Number(process.env['EMBEDDED_KILLS'] ?? 2);
const LANES = 4;
const ROOT = join(__dirname, '../../..');

interface Row {
  _id: number;
  n: number;
  log: number[];
}

interface State {
  readonly rows: ReadonlyMap<number, Row>;
  readonly indexes: readonly string[];
}

interface Step {
  run(rows: Collection<Row>): Promise<unknown>;
  after(state: State): State;
}

const pick = (below: number): number => Math.floor(Math.random() * below);

function withRows(state: State, change: (rows: Map<number, Row>) => void): State {
  const rows = new Map(state.rows);
  change(rows);
  return { ...state, rows };
}

const increased = (row: Row | undefined, _id: number, step: number): Row => ({
  _id,
  n: (row?.n ?? 0) + 1,
  log: [...(row?.log ?? []), step],
});

/** One step of a writer: `step` is its number, unlike all others. */
function stepOf(step: number, state: State): Step {
  const _id = pick(8);
  const bump = { $inc: { n: 1 }, $push: { log: step } };
  const bumped = (from: State): State => withRows(from, (rows) => rows.set(_id, increased(rows.get(_id), _id, step)));
  const many = Array.from({ length: 5 }, (_, offset): Row => ({ _id: step * 10 + 100 + offset, n: 0, log: [] }));
  const steps: Step[] = [
    { run: (rows) => rows.updateOne({ _id }, bump, { upsert: true }), after: bumped },
    { run: (rows) => rows.findOneAndUpdate({ _id }, bump, { upsert: true }), after: bumped },
    {
      run: (rows) => rows.insertMany(many),
      after: (from) =>
        withRows(from, (rows) => {
          for (const row of many) rows.set(row._id, row);
        }),
    },
    {
      run: (rows) => rows.deleteOne({ _id }),
      after: (from) => withRows(from, (rows) => rows.delete(_id)),
    },
    {
      run: (rows) =>
        rows.bulkWrite([
          { updateOne: { filter: { _id }, update: { $inc: { n: 1 } }, upsert: true } },
          { updateOne: { filter: { _id }, update: { $push: { log: step } } } },
        ]),
      after: bumped,
    },
    {
      run: (rows) => rows.updateMany({}, { $inc: { n: 1 } }),
      after: (from) =>
        withRows(from, (rows) => {
          for (const [id, row] of rows) rows.set(id, { ...row, n: row.n + 1 });
        }),
    },
    {
      run: (rows) => rows.deleteMany({ _id: { $gte: 100 } }),
      after: (from) =>
        withRows(from, (rows) => {
          for (const id of rows.keys()) if (id >= 100) rows.delete(id);
        }),
    },
    {
      run: (rows) => (state.indexes.includes('n_1') ? rows.dropIndex('n_1') : rows.createIndex({ n: 1 })),
      after: (from) => ({ ...from, indexes: from.indexes.includes('n_1') ? ['_id_'] : ['_id_', 'n_1'] }),
    },
    {
      run: async (rows) => {
        await rows.drop();
      },
      after: () => ({ rows: new Map(), indexes: [] }),
    },
  ];
  const weights = [5, 5, 4, 3, 3, 2, 1, 2, 1];
  const wheel = weights.flatMap((weight, index) => Array.from({ length: weight }, () => index));
  const chosen = steps[wheel[pick(wheel.length)] ?? 0] ?? steps[0];
  // Nothing is indexed, dropped or changed where there is no collection: it is made first.
  return chosen && state.indexes.length > 0 ? chosen : (steps[2] as Step);
}

async function look(rows: Collection<Row>): Promise<State> {
  for (;;) {
    try {
      return await lookOnce(rows);
    } catch (error) {
      if (!(error instanceof MongoNetworkError)) throw error;
    }
  }
}

async function lookOnce(rows: Collection<Row>): Promise<State> {
  const found = await rows.find().sort({ _id: 1 }).toArray();
  const indexes = await rows
    .listIndexes()
    .toArray()
    .catch((error: unknown) => {
      if (error instanceof MongoServerError && error.code === 26) return [];
      throw error;
    });
  return { rows: new Map(found.map((row) => [row._id, row])), indexes: indexes.map(({ name }) => String(name)) };
}

/** What two states have to agree in. */
function shown({ rows, indexes }: State): object {
  return { rows: [...rows.values()].sort((a, b) => a._id - b._id), indexes };
}

let dir: string;

beforeEach(async () => {
  // Drivers reach only sockets whose path is in lower case.
  dir = join(tmpdir(), `embedded-mongo-${randomBytes(6).toString('hex')}`);
  await mkdir(dir);
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

it('every acknowledged write is there after each kill, once, and no command half done', async () => {
  const socketPath = join(dir, 'mongo.sock');
  let server = await spawnServer(socketPath);
  const client = await MongoClient.connect(`mongodb://${encodeURIComponent(socketPath)}/`, {
    serverSelectionTimeoutMS: 60_000,
  });
  let isOver = false;
  let steps = 0;
  const stepsOf: number[] = [];
  const wakers = new Set<() => void>();
  const lane = async (index: number): Promise<void> => {
    const rows = client.db('shop').collection<Row>(`lane${index}`);
    let state: State = { rows: new Map(), indexes: [] };
    for (;;) {
      if (isOver) return;
      steps += 1;
      const step = stepOf(steps, state);
      const after = step.after({ ...state, indexes: state.indexes.length > 0 ? state.indexes : ['_id_'] });
      let isUnknown = false;
      try {
        await step.run(rows);
      } catch (error) {
        // The driver tries once more by itself, and may meet the same dead server again: done once or not at all.
        if (error instanceof MongoServerError && error.code !== undefined) throw error;
        isUnknown = true;
      }
      const found = await look(rows);
      const isBefore = isUnknown && JSON.stringify(shown(found)) === JSON.stringify(shown(state));
      if (!isBefore) expect(shown(found)).toEqual(shown(after));
      state = found;
      stepsOf[index] = (stepsOf[index] ?? 0) + 1;
      for (const wake of wakers) wake();
    }
  };
  /** Resolves when every lane has done at least one step more, and `count` were done in all. */
  const progress = (count: number): Promise<void> => {
    const from = [...stepsOf];
    const target = from.reduce((sum, n) => sum + n, 0) + count;
    return new Promise((resolve) => {
      const check = (): void => {
        const hasEach = Array.from({ length: LANES }).every((_, at) => (stepsOf[at] ?? 0) > (from[at] ?? 0));
        if (!isOver && (!hasEach || stepsOf.reduce((sum, n) => sum + n, 0) < target)) return;
        wakers.delete(check);
        resolve();
      };
      wakers.add(check);
    });
  };
  const lanes = Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
  const killing = (async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await progress(LANES + pick(40));
      if (isOver) return;
      // At any moment of what is under way.
      for (let turns = pick(20); turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
      server = await spawnServer(socketPath);
    }
    await progress(LANES);
    isOver = true;
  })();
  try {
    await Promise.all([lanes, killing]);
    expect(Math.min(...stepsOf)).toBeGreaterThan(KILLS);
  } finally {
    isOver = true;
    for (const wake of wakers) wake();
    await killing.catch(() => undefined);
    await client.close();
    server.kill('SIGKILL');
  }
}, 600_000);

async function spawnServer(socketPath: string): Promise<ChildProcess> {
  const args = ['--import', 'tsx', 'bin/embedded-mongo.ts', '--socket', socketPath, '--dir', join(dir, 'data')];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith('ready ')) return child;
  throw new Error('the server ended before it was ready');
}
