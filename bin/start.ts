import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Config, loadEnvFile, parseConfig } from '../src/config.ts';
import { startBot } from '../src/main.ts';
import { announceEmbedded } from '../src/setup/embedded-address.ts';
import { ConfigError } from '../src/shared/errors.ts';
import { createLogger } from '../src/shared/logger.ts';

/**
 * `npm start`: the real bot where Slack credentials are set, the sandbox where none are. Nothing in `src/` may know the
 * sandbox, so the choice is made here, and the stand-ins are loaded only where they are used.
 */
const USAGE = `npm start [-- options]

  With Slack credentials in the environment (see .env.example) the bot starts. Without any, the sandbox does:

  --demo        plays a whole release by itself and exits
  --speed N     the sandbox's clock runs N times as fast (default 1; "clock +2h" in the terminal jumps)
  --help        this
`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { demo: { type: 'boolean' }, speed: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const speed = Number(values.speed ?? 1);
  if (!(speed >= 1 && speed <= 10_000))
    throw new ConfigError([`--speed ${values.speed}: expected a number from 1 to 10000`]);
  const env = loadEnvFile();
  const config = parseConfig(env);
  if (config.slack.mode === 'sandbox') {
    const logLevel = env['LOG_LEVEL'] ? config.logLevel : 'silent';
    const { runSandbox } = await import('../sandbox/index.ts');
    return runSandbox({ demo: values.demo ?? false, speed, logLevel, input: process.stdin, output: process.stdout });
  }
  return runBot(config);
}

async function runBot(config: Config): Promise<number> {
  const logger = createLogger({ level: config.logLevel });
  const embedded = config.mongodbUri ? null : await startEmbedded(config, logger);
  if (embedded) {
    logger.warn(
      { dir: join(config.dataDir, 'mongo') },
      'MONGODB_URI is not set: running on the embedded database, for evaluation only',
    );
  }
  const bot = await startBot(config, { mongodbUri: config.mongodbUri ?? embedded?.uri ?? '', logger });
  await stopSignal();
  await bot.stop();
  await embedded?.close();
  return 0;
}

/** The embedded database on disk; `npm run apply` and `npm run token` find it while it runs. */
async function startEmbedded(config: Config, logger: ReturnType<typeof createLogger>) {
  const { startEmbeddedMongo } = await import('../sandbox/mongo/index.ts');
  const dir = join(config.dataDir, 'mongo');
  const database = await startEmbeddedMongo({ dir, logger });
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
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      resolve();
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(1));
    };
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(
      error instanceof ConfigError ? `${error.message}\n` : `${String(error instanceof Error ? error.stack : error)}\n`,
    );
    process.exit(1);
  },
);
