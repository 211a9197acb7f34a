import { parseArgs } from 'node:util';
import { TEST_URI_VARIABLE } from '../../support/database.ts';
import { compileProgram } from '../../support/program.ts';
import { startTestServer } from '../../support/servers.ts';
import { EFFECT_KINDS } from './compare.ts';
import { type CrowdResult, runCrowd } from './run.ts';

/**
 * `npm run test:crash:crowd`: many releases on several instances of the bot, which are killed and started again all the
 * time; in the end everything was made once, and nothing is left to do.
 *
 *   --releases 200     how many
 *   --instances 3      on so many
 *   --seed N           the choices of an earlier run again
 */
const SHOWN_DIFFERENCES = 60;
const LIFE_COMMANDS = { from: 100, to: 4_000 };

const say = (line: string) => process.stdout.write(`${line}\n`);

function numberOf(text: string | undefined, usual: number, name: string): number {
  const number = Number(text ?? usual);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} ${text}: expected a number from 1`);
  return number;
}

function report(result: CrowdResult, releases: number): void {
  const { effects, kills, stops, starts, takeovers, acts, repeats, submitted, auditEntries } = result;
  for (const kind of EFFECT_KINDS) say(`${kind}: ${effects[kind].expected} expected, ${effects[kind].seen} seen once`);
  say(`audit entries: ${auditEntries}`);
  say(`${submitted} of ${releases} releases are SUBMITTED`);
  say(`${kills} killed, ${stops} stopped, ${starts} started; ${takeovers} leases taken over from the dead`);
  say(`people acted ${acts} times, ${repeats} of them again`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { releases: { type: 'string' }, instances: { type: 'string' }, seed: { type: 'string' } },
  });
  const releases = numberOf(values.releases, 200, 'releases');
  const instances = numberOf(values.instances, 3, 'instances');
  const seed = numberOf(values.seed, 1 + Math.floor(Math.random() * 1_000_000), 'seed');
  const server = await startTestServer(process.env);
  process.env[TEST_URI_VARIABLE] = server.uri;
  const program = await compileProgram();
  try {
    say(`seed ${seed}: ${releases} releases on ${instances} instances and ${server.description}`);
    const startedAt = Date.now();
    const result = await runCrowd({
      releases,
      instances,
      seed,
      program: program.directory,
      lifeCommands: LIFE_COMMANDS,
      maxEnds: Number.MAX_SAFE_INTEGER,
      say,
    });
    report(result, releases);
    const sum = (side: 'expected' | 'seen') =>
      EFFECT_KINDS.reduce((total, kind) => total + result.effects[kind][side], 0);
    for (const line of result.differences.slice(0, SHOWN_DIFFERENCES)) say(`    ${line}`);
    if (result.differences.length > 0) {
      say(
        `${result.differences.length} differences; again: npm run test:crash:crowd -- --releases ${releases} --instances ${instances} --seed ${seed}`,
      );
      process.exitCode = 1;
    }
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    say(
      `${releases} releases on ${instances} instances, ${result.kills} kills: ${sum('expected')} effects expected, ${sum('seen')} seen once each; ${result.stuck} stuck; ${seconds} s`,
    );
  } finally {
    await program.remove();
    await server.close();
  }
}

await main();
