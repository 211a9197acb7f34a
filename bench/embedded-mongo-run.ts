import { benchEmbeddedMongo } from './embedded-mongo.ts';
import { printResult } from './support/numbers.ts';

/** The benchmark of the embedded database alone: `node --import tsx bench/embedded-mongo-run.ts`. */
const results = await benchEmbeddedMongo();
for (const result of results) printResult(result);
process.exit(results.every(({ holds }) => holds) ? 0 : 1);
