import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { startEmbeddedMongo } from '../sandbox/mongo/index.ts';

/** `npm run embedded-mongo -- --port P [--dir D]` (or `--socket S`): the embedded database alone, until SIGTERM or SIGINT. */
// What a command leaves behind is small and short-lived: a larger nursery would only keep 30 MiB more resident, and
// rarer collections of the rest as much again.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--heap-growing-percent=30');

const USAGE = `npm run embedded-mongo -- [--port P | --socket FILE.sock] [--dir D]

  --port P            listens on 127.0.0.1:P (default: any free port)
  --socket FILE.sock  listens on a Unix socket instead, which its user alone can open
  --dir D             keeps the data in this directory (default: in memory alone)
  --allow-production  starts also with NODE_ENV=production

Prints "ready mongodb://..." when it is up, and runs until SIGTERM or Ctrl-C.
`;

const values = parameters();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const port = Number(values.port ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  fail(`--port ${values.port}: expected a number from 0 (any free one) to 65535`);
}
if (values.port !== undefined && values.socket !== undefined) fail('--port and --socket: give the one or the other');
if (process.env['NODE_ENV'] === 'production' && !values['allow-production']) {
  fail(
    'The embedded database is for evaluation and tests; with NODE_ENV=production it starts only with --allow-production.',
  );
}
console.error('The embedded database: not MongoDB, for evaluation and tests only.');
if (values.dir === undefined) console.error('In memory: what it holds is gone when it ends (--dir D keeps it).');
try {
  const database = await startEmbeddedMongo({
    ...(values.socket === undefined ? { port } : { socketPath: resolve(values.socket) }),
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
  fail(explain(error));
}

function parameters() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string' },
        socket: { type: 'string' },
        dir: { type: 'string' },
        'allow-production': { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') return `--port ${port}: another program listens there; choose another one, or 0 for any`;
  return error instanceof Error ? error.message : String(error);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
