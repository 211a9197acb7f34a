import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { startEmbeddedMongo } from '../sandbox/mongo/index.ts';

/** `npm run embedded-mongo -- --port P [--dir D]` (or `--socket S`): the embedded database alone, until SIGTERM or SIGINT. */
// What a command leaves behind is small and short-lived: a larger nursery would only keep 30 MiB more resident.
setFlagsFromString('--semi-space-growth-factor=1');

const values = parameters();
const port = Number(values.port ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  fail(`--port ${values.port}: expected a number from 0 to 65535`);
}
if (process.env['NODE_ENV'] === 'production' && !values['allow-production']) {
  fail(
    'The embedded database is for evaluation and tests; with NODE_ENV=production it starts only with --allow-production.',
  );
}
console.error('The embedded database: not MongoDB, for evaluation and tests only.');
try {
  const database = await startEmbeddedMongo({
    ...(values.socket === undefined ? { port } : { socketPath: values.socket }),
    ...(values.dir === undefined ? {} : { dir: values.dir }),
    logger: { info: () => {}, warn: (fields, message) => console.error(message, fields) },
  });
  const stop = (): void => {
    database.close().then(
      () => process.exit(0),
      (error: unknown) => fail(String(error)),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  console.log(`ready ${database.uri}`);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

function parameters() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string' },
        socket: { type: 'string' },
        dir: { type: 'string' },
        'allow-production': { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return fail(
      `${error instanceof Error ? error.message : String(error)}\nnpm run embedded-mongo -- --port P [--dir D]`,
    );
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
