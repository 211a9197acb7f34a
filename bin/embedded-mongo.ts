import { parseArgs } from 'node:util';
import { startEmbeddedMongo } from '../sandbox/mongo/index.ts';

/** `npm run embedded-mongo -- --port P [--dir D]`: the embedded database alone, until SIGTERM or SIGINT. */
const { values } = parseArgs({
  options: { port: { type: 'string' }, socket: { type: 'string' }, dir: { type: 'string' } },
});
const port = Number(values.port ?? 0);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`--port ${values.port}: expected a number from 0 to 65535`);
  process.exit(2);
}
const database = await startEmbeddedMongo({
  ...(values.socket === undefined ? { port } : { socketPath: values.socket }),
  ...(values.dir === undefined ? {} : { dir: values.dir }),
});
const stop = (): void => {
  database.close().then(
    () => process.exit(0),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
};
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
console.log(`ready ${database.uri}`);
