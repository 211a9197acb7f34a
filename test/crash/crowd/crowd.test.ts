import { compileProgram, type Program } from '../../support/program.ts';
import { runCrowd } from './run.ts';

/** A small crowd that every run of the tests can afford; `npm run test:crash:crowd` is the large one. */

jest.setTimeout(180_000);

let program: Program;
beforeAll(async () => {
  program = await compileProgram();
});
afterAll(() => program?.remove());

test('releases on two instances that die meanwhile end SUBMITTED, everything made once, nothing left', async () => {
  const result = await runCrowd({
    releases: 2,
    instances: 2,
    seed: 11,
    program: program.directory,
    lifeCommands: { from: 200, to: 500 },
    maxEnds: 2,
    say: () => undefined,
  });
  expect(result.differences).toEqual([]);
  expect(result).toMatchObject({ submitted: 2, stuck: 0, kills: 2 });
  for (const { expected, seen } of Object.values(result.effects)) expect(seen).toBe(expected);
  expect(result.effects.messages.expected).toBeGreaterThan(30);
});
