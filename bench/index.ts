import { parseArgs } from 'node:util';
import { benchEmbeddedMongo } from './embedded-mongo.ts';
import { benchSlackToS3 } from './slack-to-s3.ts';
import { benchSlashAck } from './slash-ack.ts';
import { printResult, type Result } from './support/numbers.ts';
import { benchTick } from './tick.ts';
import { benchUpload } from './upload.ts';

/** `npm run bench [-- name ...]`: every claim against its baseline, in one run; exit 1 when one does not hold. */
const BENCHES: Record<string, () => Promise<Result[]>> = {
  'slash-ack': benchSlashAck,
  upload: benchUpload,
  'slack-to-s3': benchSlackToS3,
  tick: benchTick,
  'embedded-mongo': benchEmbeddedMongo,
};

const { positionals } = parseArgs({ allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
let holds = true;
for (const name of names) {
  const bench = BENCHES[name];
  if (!bench) throw new Error(`there is no benchmark ${name}; there is ${Object.keys(BENCHES).join(', ')}`);
  for (const result of await bench()) {
    printResult(result);
    holds &&= result.holds;
  }
}
process.exit(holds ? 0 : 1);
