import { benchEmbeddedMongo } from './embedded-mongo.ts';
import { benchSlackToS3 } from './slack-to-s3.ts';
import { benchSlashAck } from './slash-ack.ts';
import { printResult, type Result } from './support/numbers.ts';
import { benchTick } from './tick.ts';
import { benchUpload } from './upload.ts';

/** `npm run bench [-- name ...]`: every claim against its baseline, in one run; exit 1 when one does not hold, 2 without a run. */
const BENCHES: Record<string, () => Promise<Result[]>> = {
  'slash-ack': benchSlashAck,
  upload: benchUpload,
  'slack-to-s3': benchSlackToS3,
  tick: benchTick,
  'embedded-mongo': benchEmbeddedMongo,
};

const known = Object.keys(BENCHES);
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`there is no benchmark ${unknown.join(', ')}; npm run bench -- [${known.join('] [')}]`);
  process.exit(2);
}
let holds = true;
for (const [name, bench] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  for (const result of await bench()) {
    printResult(result);
    holds &&= result.holds;
  }
}
process.exit(holds ? 0 : 1);
