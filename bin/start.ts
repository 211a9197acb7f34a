import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Config, loadEnvFile, parseConfig } from '../src/config.ts';
import { oneWorkspace, startBot } from '../src/main.ts';
import { announceEmbedded } from '../src/setup/embedded-address.ts';
import { isDatabaseError } from '../src/shared/database-errors.ts';
import { ConfigError, ProviderError } from '../src/shared/errors.ts';
import { createLogger, scrub } from '../src/shared/logger.ts';
import { createMetrics } from '../src/shared/metrics.ts';

/**
 * `npm start`: the real bot where Slack credentials are set, the sandbox where none are. Nothing in `src/` may know the
 * sandbox, so the choice is made here, and the stand-ins are loaded only where they are used.
 */
const USAGE = `npm start [-- options]

  With Slack credentials in the environment (see .env.example) the bot starts. Without any, the sandbox does:

  --demo        plays a whole release by itself and exits
  --fresh       forgets what the sandbox kept in the data directory, and begins anew
  --speed N     the sandbox's clock runs N times as fast (default 1; "clock +2h" in the terminal jumps)
  --help        this
`;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
type Signal = (typeof SIGNALS)[number];
const START_ENDS_WITHIN_MS = 3_000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      demo: { type: 'boolean' },
      fresh: { type: 'boolean' },
      speed: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stopped = stopSignal();
  const speed = Number(values.speed ?? 1);
  if (!(speed >= 1 && speed <= 10_000))
    throw new ConfigError([`--speed ${values.speed}: expected a number from 1 to 10000`]);
  const env = loadEnvFile();
  const config = parseConfig(env, { toStart: true });
  if (config.slack.mode === 'sandbox') {
    // The terminal belongs to the person: the bot's own log, which would tell, is silent.
    for (const warning of config.warnings) process.stderr.write(`warning: ${warning}\n`);
    const logLevel = env['LOG_LEVEL'] ? config.logLevel : 'silent';
    const { runSandbox } = await import('../sandbox/index.ts');
    const { stdin: input, stdout: output } = process;
    const { demo = false, fresh = false } = values;
    return runSandbox({ demo, fresh, dataDir: config.dataDir, speed, logLevel, input, output, stopped });
  }
  const forSandbox = (['demo', 'fresh', 'speed'] as const).filter((name) => values[name] !== undefined);
  if (forSandbox.length > 0) {
    throw new ConfigError(
      forSandbox.map((name) => `--${name} is for the sandbox, which starts only where no Slack credentials are set`),
    );
  }
  return runBot(config, stopped);
}

async function runBot(config: Config, stopped: Promise<Signal>): Promise<number> {
  oneWorkspace(config.slack);
  const logger = createLogger({ level: config.logLevel });
  const embedded = config.mongodbUri ? null : await startEmbedded(config, logger);
  if (embedded) {
    logger.warn(
      { dir: join(config.dataDir, 'mongo') },
      'MONGODB_URI is not set: running on the embedded database, for evaluation only',
    );
  }
  try {
    const starting = startBot(config, {
      mongodbUri: config.mongodbUri ?? embedded?.uri ?? '',
      logger,
      metrics: createMetrics({ ofProcess: true }),
    });
    // Asked to stop while it starts, it starts first, but nobody waits for a database or a Slack that does not answer.
    const isUp = await Promise.race([starting.then(() => true), stopped.then(() => false)]);
    if (isUp) await stopped;
    const stopping = starting.then((bot) => bot.stop());
    stopping.catch(() => undefined);
    await Promise.race(isUp ? [stopping] : [stopping, delay(START_ENDS_WITHIN_MS)]);
  } finally {
    await embedded?.close();
  }
  return 0;
}

/** The embedded database on disk; `npm run apply` and `npm run token` find it while it runs. */
async function startEmbedded(config: Config, logger: ReturnType<typeof createLogger>) {
  const { startKeptMongo } = await import('../sandbox/kept-mongo.ts');
  const dir = join(config.dataDir, 'mongo');
  const database = await startKeptMongo(dir, logger);
  const withdraw = await announceEmbedded(dir, database.uri);
  return {
    uri: database.uri,
    async close() {
      await withdraw();
      await database.close();
    },
  };
}

/** The first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<Signal> {
  return new Promise((resolve) => {
    const stop = (signal: Signal) => {
      resolve(signal);
      for (const again of SIGNALS) process.once(again, () => process.exit(1));
    };
    for (const signal of SIGNALS) process.once(signal, stop);
  });
}

/** What a person at a terminal can do something about is a sentence; our own bugs keep their stack. */
function explain(error: unknown): string {
  // It repeats no secret, and what looks like one in it is an example.
  if (error instanceof ConfigError) return error.message;
  if (error instanceof ProviderError) return scrub(error.message);
  if (isDatabaseError(error) && error instanceof Error) {
    return scrub(`The database cannot be reached: ${error.message}. Is it running? See MONGODB_URI in .env.example`);
  }
  if (error instanceof TypeError && 'code' in error) return `${error.message}\n\n${USAGE}`;
  return scrub(String(error instanceof Error ? error.stack : error));
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  },
);
