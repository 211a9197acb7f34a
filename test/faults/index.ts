import { parseArgs } from 'node:util';
import { TEST_URI_VARIABLE } from '../support/database.ts';
import { startTestServer } from '../support/servers.ts';
import { PROVIDERS, type Provider } from './kinds.ts';
import { runSeed, type Verdict } from './run.ts';

/**
 * `npm run test:faults`: staged releases while GitHub, Slack and the bucket are out of order, each with another seed.
 *
 *   --seeds 50          so many releases (the seeds are new in every run)
 *   --seed 17           that one alone, with everything that went wrong on its way
 *   --rate 0.25         how many of the calls go wrong
 *   --provider github   only its calls (github, slack or s3)
 *   --jobs 4            so many releases at the same time
 */
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '50' },
      seed: { type: 'string' },
      rate: { type: 'string', default: '0.25' },
      provider: { type: 'string' },
      jobs: { type: 'string', default: '4' },
    },
  });
  const rate = Number(values.rate);
  const providers = providersOf(values.provider);
  const first = Math.floor(Math.random() * 1_000_000);
  const count = Number(values.seeds);
  const seeds = values.seed ? [Number(values.seed)] : Array.from({ length: count }, (_, index) => first + index);
  if (!(rate >= 0 && rate <= 1) || seeds.some(Number.isNaN) || seeds.length === 0) {
    throw new Error('expected --rate of 0 to 1 and whole numbers for --seed, --seeds and --jobs');
  }
  const server = await startTestServer(process.env);
  process.env[TEST_URI_VARIABLE] = server.uri;
  const queue = [...seeds];
  const verdicts: Verdict[] = [];
  const work = async () => {
    for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) {
      const verdict = await runSeed({ seed, rate, providers });
      verdicts.push(verdict);
      if (values.seed) for (const line of verdict.met) say(`  ${line}`);
      if (verdict.problems.length > 0) say(`seed ${seed}: ${verdict.problems.join('\n  ')}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, work));
  await server.close();
  const passed = verdicts.filter(({ problems }) => problems.length === 0).length;
  const faults = verdicts.reduce((sum, { met }) => sum + met.length, 0);
  const pauses = verdicts.reduce((sum, verdict) => sum + verdict.pauses, 0);
  say(`${faults} faults were met, and RETRY pressed ${pauses} times`);
  say(`${verdicts.length} seeds, ${passed} passed`);
  process.exit(passed === verdicts.length ? 0 : 1);
}

function providersOf(name: string | undefined): readonly Provider[] {
  if (name === undefined) return PROVIDERS;
  const named = PROVIDERS.find((provider) => provider === name);
  if (!named) throw new Error(`expected --provider to be one of ${PROVIDERS.join(', ')}, got ${name}`);
  return [named];
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
