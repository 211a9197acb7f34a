import { compileProgram, type Program } from '../../support/program.ts';
import type { Point } from './gate.ts';
import { nameOf } from './gate.ts';
import { type CleanRun, cleanRun, pointsOf, runPoints } from './run.ts';
import { kindOf, sampleOf, taskOf } from './sample.ts';

/**
 * A part of the crash sweep that every run of the tests can afford; `npm run test:crash` goes through all points. The bot is
 * killed where each task's outcome is stored, at each kind of write, and on both sides of what GitHub is asked for.
 */

jest.setTimeout(300_000);

/** Each of them many deaths in one release, far apart. */
const RELEASES = 2;

let program: Program;
let clean: CleanRun;
let points: Point[];
beforeAll(async () => {
  program = await compileProgram();
  clean = await cleanRun(program.directory);
  points = pointsOf(clean, clean);
});
afterAll(() => program?.remove());

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
      'mongo insert deliveries',
    ]) {
      expect(kinds).toContain(`${kind} ${when}`);
    }
  }
  const picked = sampleOf(points);
  expect(new Set(picked.map(taskOf))).toEqual(new Set(points.map(taskOf)));
  expect(new Set(picked.map(kindOf))).toEqual(new Set(points.map(kindOf)));
});

test('a release whose bot dies at a sample of them ends as if nothing had happened', async () => {
  const sample = sampleOf(points);
  const groups = Array.from({ length: RELEASES }, (_, group) =>
    sample.filter((_point, index) => index % RELEASES === group),
  );
  const verdicts = await Promise.all(groups.map((some) => runPoints(some, clean, program.directory)));
  expect(verdicts.flatMap(({ faults }) => faults)).toEqual([]);
  const met = new Set(verdicts.flatMap(({ reached }) => reached));
  const missed = sample.map(nameOf).filter((name) => !met.has(name));
  // What only timing decides may not come up again; nearly all does.
  expect(missed.length).toBeLessThan(sample.length / 8);
});

test('a bot that does not look for its message before it posts again is found out', async () => {
  await program.replace('messenger.findByKey(', '(async()=>null)(');
  const isPost = ({ when, identity }: Point) => when === 'after' && identity === 'chat.postMessage rel:kickoff';
  const { faults, reached } = await runPoints(points.filter(isPost), clean, program.directory);
  expect(reached).toHaveLength(1);
  expect(faults).toEqual([expect.stringMatching(/^\+ message: rel:kickoff/)]);
});
