import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Point } from './gate.ts';
import { nameOf } from './gate.ts';
import { compileProgram } from './program.ts';
import { type CleanRun, cleanRun, differences, pointsOf, runPoints } from './run.ts';
import { kindOf, sampleOf, taskOf } from './sample.ts';

/**
 * A part of the crash sweep that every run of the tests can afford; `npm run test:crash` goes through all points. The bot is
 * killed where each task's outcome is stored, at each kind of write, and on both sides of what it does outside.
 */

jest.setTimeout(240_000);

/** Each of them many deaths in one release, far apart. */
const RELEASES = 4;

let program: Awaited<ReturnType<typeof compileProgram>>;
let first: CleanRun;
let second: CleanRun;
let points: Point[];
beforeAll(async () => {
  program = await compileProgram();
  first = await cleanRun(program.directory);
  second = await cleanRun(program.directory);
  points = pointsOf(first, second);
});
afterAll(() => program?.remove());

test('two releases that nothing happens to end alike', () => {
  expect(differences(first.picture, second.picture)).toEqual([]);
});

test('the points found are before and after branches, tags, releases, messages, files and database writes', () => {
  const kinds = new Set(points.map((point) => `${kindOf(point)} ${point.when}`));
  for (const when of ['before', 'after']) {
    for (const kind of [
      'github POST git/refs',
      'github POST git/tags',
      'github POST releases',
      'slack chat.postMessage',
      'slack chat.update',
      'files rename',
      'mongo insert releases',
      'mongo update releases',
      'mongo update outbox',
      'mongo update audit',
      'mongo findAndModify builds',
      'mongo insert uploads',
    ]) {
      expect(kinds).toContain(`${kind} ${when}`);
    }
  }
  const picked = sampleOf(points);
  const tasks = new Set(points.map(taskOf));
  expect(new Set(picked.map(taskOf))).toEqual(tasks);
  expect(new Set(picked.map(kindOf))).toEqual(new Set(points.map(kindOf)));
});

test('a release whose bot dies at a sample of them ends as if nothing had happened', async () => {
  const sample = sampleOf(points);
  const groups = Array.from({ length: RELEASES }, (_, group) =>
    sample.filter((_point, index) => index % RELEASES === group),
  );
  const missed: string[] = [];
  const run = async (some: readonly Point[]) => {
    const { faults, reached } = await runPoints(some, first, program.directory);
    expect({ points: some.map(nameOf), faults }).toEqual({ points: some.map(nameOf), faults: [] });
    const met = new Set(reached);
    return some.filter((point) => !met.has(nameOf(point)));
  };
  for (let next = 0; next < groups.length; next += 2) {
    const left = await Promise.all(groups.slice(next, next + 2).map(run));
    missed.push(...left.flat().map(nameOf));
  }
  // What only timing decides may not come up again; nearly all does.
  expect(missed.length).toBeLessThan(sample.length / 8);
});

test('a bot that does not look for its message before it posts again is found out', async () => {
  const file = join(program.directory, 'src', 'engine', 'outbox.js');
  const whole = await readFile(file, 'utf8');
  const blind = whole.replace('messenger.findByKey(', '(async () => null)(');
  expect(blind).not.toBe(whole);
  await writeFile(file, blind);
  const isPost = ({ when, identity }: Point) => when === 'after' && identity === 'chat.postMessage rel:kickoff';
  const { faults, reached } = await runPoints(points.filter(isPost), first, program.directory);
  expect(reached).toHaveLength(1);
  expect(faults).toEqual([expect.stringMatching(/^\+ message: rel:kickoff/)]);
});
