import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { TEST_URI_VARIABLE } from '../../support/database.ts';
import { compileProgram } from '../../support/program.ts';
import { startTestServer } from '../../support/servers.ts';
import { nameOf, type Point } from './gate.ts';
import { type CleanRun, cleanRun, differences, pointsOf, runPoints, type Verdict } from './run.ts';

/**
 * `npm run test:crash`: records a release, then kills the bot at every point that was found. Several deaths, far apart, are
 * tried in one release; where that differs from the clean run, and where a point was not met, each point is run alone.
 *
 *   --point 17     that point of the last sweep alone (a name will do, too), with what the bot logged
 *   --match TEXT   only points with this in their names
 *   --jobs 2       so many releases at the same time (default: the cores there are)
 *   --alone        one death in each release
 */
const RECORD = join(import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'slipway-crash-points.json');
const DEATHS_A_RELEASE = 20;
/** What depends on timing is not met each time. */
const ROUNDS = 4;
const SHOWN_FAULTS = 12;

interface Recorded {
  points: Point[];
  clean: CleanRun;
}

interface Question {
  points: Point[];
  clean: CleanRun;
  /** where the bot was compiled to */
  program: string;
}

const say = (line: string) => process.stdout.write(`${line}\n`);

async function record(program: string): Promise<Recorded> {
  const [first, second] = [await cleanRun(program), await cleanRun(program)];
  const differing = differences(first.picture, second.picture);
  if (differing.length > 0) throw new Error(`two clean runs differ:\n${differing.join('\n')}`);
  const recorded = { points: pointsOf(first, second), clean: { points: [], picture: first.picture } };
  mkdirSync(dirname(RECORD), { recursive: true });
  writeFileSync(RECORD, JSON.stringify(recorded));
  return recorded;
}

/** Neighbours go to different releases. */
function grouped(points: readonly Point[], size: number): Point[][] {
  const count = Math.ceil(points.length / size);
  return Array.from({ length: count }, (_, group) => points.filter((_point, index) => index % count === group));
}

interface Round {
  /** not met, in releases that were right otherwise */
  unmet: Point[];
  /** of releases with several deaths that went wrong */
  suspects: Point[];
}

async function sweep(recorded: Recorded, options: { jobs: number; size: number; match: string; program: string }) {
  const startedAt = Date.now();
  const { points, clean } = recorded;
  const numbers = new Map(points.map((point, index) => [nameOf(point), index + 1]));
  const numbered = (point: Point) => `point ${numbers.get(nameOf(point))}, ${nameOf(point)}`;
  const passed = new Set<string>();
  const failed = new Set<string>();
  let slowestMs = 0;

  /** So many deaths in each release. */
  async function round(some: readonly Point[], size: number): Promise<Round> {
    const queue = grouped(some, size);
    const result: Round = { unmet: [], suspects: [] };
    const workers = Array.from({ length: Math.min(options.jobs, queue.length) }, async () => {
      const worker = startWorker();
      for (let tried = queue.shift(); tried; tried = queue.shift()) {
        const verdict = await ask(worker, { points: tried, clean, program: options.program });
        judge(tried, verdict, result);
        say(`${passed.size} passed, ${failed.size} failed, ${queue.length} releases to go, ${seconds(startedAt)}`);
      }
      worker.kill();
    });
    await Promise.all(workers);
    return result;
  }

  function judge(tried: Point[], { faults, reached, recoveryMs }: Verdict, result: Round): void {
    slowestMs = Math.max(slowestMs, recoveryMs);
    if (faults.length > 0 && tried.length > 1) {
      say(`a release with ${tried.length} deaths differed (${faults[0]}): they are tried one by one`);
      result.suspects.push(...tried);
    } else if (faults.length > 0) {
      for (const point of tried) failed.add(nameOf(point));
      say(`FAILED ${tried.map(numbered).join()}`);
      for (const fault of faults.slice(0, SHOWN_FAULTS)) say(`    ${fault}`);
    } else {
      for (const point of tried) {
        if (reached.includes(nameOf(point))) passed.add(nameOf(point));
        else result.unmet.push(point);
      }
    }
  }

  let unmet = points.filter((point) => nameOf(point).includes(options.match));
  say(`${points.length} points were found; ${unmet.length} are tried`);
  for (let count = 0; count < ROUNDS && unmet.length > 0; count += 1) {
    const together = await round(unmet, options.size);
    const alone = await round(together.suspects, 1);
    unmet = [...together.unmet, ...alone.unmet];
  }
  for (const point of unmet) say(`not met again, it depends on timing: ${numbered(point)}`);
  say(`slowest recovery: ${Math.round(slowestMs / 1000)} s of simulated time; the sweep took ${seconds(startedAt)}`);
  say(`${passed.size + failed.size} points, ${passed.size} passed`);
  return failed.size > 0 ? 1 : 0;
}

const seconds = (since: number) => `${Math.round((Date.now() - since) / 1000)} s`;

async function alone(which: string, program: string): Promise<number> {
  const known = existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded) : await record(program);
  const { points, clean } = known;
  const point = points[Number(which) - 1] ?? points.find((candidate) => nameOf(candidate) === which);
  if (!point) throw new Error(`there is no point ${which} among the ${points.length} of the last sweep`);
  const { faults, reached, output, recoveryMs } = await runPoints([point], clean, program);
  say(output);
  say(nameOf(point));
  if (reached.length === 0) faults.push('never came to this point');
  for (const fault of faults) say(`    ${fault}`);
  say(`recovered after ${Math.round(recoveryMs / 1000)} s of simulated time`);
  say(`1 points, ${faults.length > 0 ? 0 : 1} passed`);
  return faults.length > 0 ? 1 : 0;
}

function startWorker(): ChildProcess {
  return fork(import.meta.filename, ['--worker'], { execArgv: ['--import', 'tsx'] });
}

function ask(worker: ChildProcess, question: Question): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`a worker ended with ${code}`));
    worker.once('exit', onExit);
    worker.once('message', (verdict) => {
      worker.off('exit', onExit);
      resolve(verdict as Verdict);
    });
    worker.send(question);
  });
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      point: { type: 'string' },
      match: { type: 'string' },
      jobs: { type: 'string' },
      alone: { type: 'boolean' },
      worker: { type: 'boolean' },
    },
  });
  const server = await startTestServer(process.env);
  process.env[TEST_URI_VARIABLE] = server.uri;
  if (values.worker) {
    process.on('message', ({ points, clean, program }: Question) => {
      void runPoints(points, clean, program).then((verdict) => process.send?.({ ...verdict, output: '' }));
    });
    await new Promise((resolve) => process.once('disconnect', resolve));
    return 0;
  }
  const { directory: program, remove } = await compileProgram();
  try {
    if (values.point !== undefined) return await alone(values.point, program);
    const jobs = Number(values.jobs ?? availableParallelism());
    const size = values.alone ? 1 : DEATHS_A_RELEASE;
    return await sweep(await record(program), { jobs, size, match: values.match ?? '', program });
  } finally {
    await remove();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
