import { parseArgs } from 'node:util';
import { TEST_URI_VARIABLE } from '../support/database.ts';
import { startTestServer } from '../support/servers.ts';
import { FAULT_KINDS, type Point } from './faults.ts';
import { differences, playWith, pointsOf, type Run } from './run.ts';

/**
 * `npm run test:database-faults`: plays a staged release once, and then again while the database fails at each command that
 * was seen, in each way. Many faults, far apart, meet one release; where it ends otherwise, each is tried alone.
 *
 *   --point 17     that point alone, whose number was printed
 *   --jobs 2       so many releases at the same time
 *   --every 10     every tenth point only
 */
const FAULTS_A_RELEASE = 40;
/** What was not met, because a fault before it took the release another way, is tried again among so few. */
const FAULTS_AGAIN = 8;
const SHOWN = 12;
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { point: { type: 'string' }, jobs: { type: 'string' }, every: { type: 'string' } },
  });
  const server = await startTestServer(process.env);
  process.env[TEST_URI_VARIABLE] = server.uri;
  try {
    const clean = await playWith([]);
    const points = pointsOf(clean);
    if (values.point) {
      const point = points[Number(values.point) - 1];
      if (!point) throw new Error(`--point ${values.point}: there are ${points.length}`);
      return (await judge([point], clean, points)).failed.length;
    }
    return await sweep(clean, points, Number(values.jobs ?? 2), Number(values.every ?? 1));
  } finally {
    await server.close();
  }
}

interface Verdict {
  struck: Point[];
  failed: Point[];
}

const nameOf = ({ kind, at }: Point) => `${kind}, ${at}`;

/** A release that ends otherwise, or not at all, is told; with several points each is tried alone. */
async function judge(some: Point[], clean: Run, all: readonly Point[]): Promise<Verdict> {
  const { struck, faults } = await attempt(some, clean);
  if (faults.length === 0) return { struck, failed: [] };
  if (some.length > 1) {
    const alone: Verdict[] = [];
    for (const point of some) alone.push(await judge([point], clean, all));
    const failed = alone.flatMap((verdict) => verdict.failed);
    if (failed.length === 0)
      say(`${some.length} points failed together, none alone:\n  ${faults.slice(0, SHOWN).join('\n  ')}`);
    return { struck: alone.flatMap((verdict) => verdict.struck), failed: failed.length > 0 ? failed : some };
  }
  for (const point of some)
    say(`point ${all.indexOf(point) + 1}, ${nameOf(point)}:\n  ${faults.slice(0, SHOWN).join('\n  ')}`);
  return { struck, failed: some };
}

async function attempt(points: Point[], clean: Run): Promise<{ struck: Point[]; faults: string[] }> {
  try {
    const { picture, struck } = await playWith(points);
    return { struck, faults: differences(clean.picture, picture) };
  } catch (error) {
    return { struck: points, faults: [String(error)] };
  }
}

async function sweep(clean: Run, all: Point[], jobs: number, every: number): Promise<number> {
  const startedAt = Date.now();
  const wanted = all.filter((_point, index) => index % every === 0);
  say(`${clean.seen.length} commands, ${FAULT_KINDS.length} kinds of fault, ${wanted.length} points`);
  const met = new Set<string>();
  const failed: Point[] = [];
  const tryAll = async (points: readonly Point[], size: number) => {
    const count = Math.ceil(points.length / size);
    const groups = Array.from({ length: count }, (_, group) =>
      points.filter((_point, index) => index % count === group),
    );
    const work = async () => {
      for (let group = groups.shift(); group; group = groups.shift()) {
        const verdict = await judge(group, clean, all);
        for (const point of verdict.struck) met.add(nameOf(point));
        failed.push(...verdict.failed);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
  };
  await tryAll(wanted, FAULTS_A_RELEASE);
  await tryAll(
    wanted.filter((point) => !met.has(nameOf(point))),
    FAULTS_AGAIN,
  );
  const missed = wanted.length - met.size;
  say(`${met.size} points, ${met.size - failed.length} passed, in ${Math.round((Date.now() - startedAt) / 1000)} s`);
  if (missed > 0) say(`${missed} more were not met again`);
  return failed.length;
}

main().then(
  (failed) => process.exit(failed > 0 ? 1 : 0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
