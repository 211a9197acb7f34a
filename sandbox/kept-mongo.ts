import { socketPathFor } from '../src/setup/embedded-address.ts';
import { ConfigError } from '../src/shared/errors.ts';
import { type EmbeddedMongo, type Logger, startEmbeddedMongo } from './mongo/index.ts';

/**
 * The embedded database on a directory, behind a Unix socket where drivers can reach one. Throws `ConfigError` when the
 * directory cannot be used: somebody else has it, or it is damaged.
 */
export async function startKeptMongo(dir: string, logger?: Logger): Promise<EmbeddedMongo> {
  const socketPath = socketPathFor(dir);
  try {
    return await startEmbeddedMongo({ dir, ...(socketPath && { socketPath }), ...(logger && { logger }) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `the embedded database cannot be used: ${reason}. Stop the bot or sandbox that has it, choose another directory ` +
        'with SLIPWAY_DATA_DIR, or set MONGODB_URI, e.g. MONGODB_URI=mongodb://127.0.0.1:27017/slipway',
    ]);
  }
}
