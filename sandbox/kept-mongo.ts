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
      `the embedded database cannot be used: ${reason.replace(/\.$/, '')}. Put that right, or name another directory, ` +
        'e.g. SLIPWAY_DATA_DIR=./data-2; a bot with Slack credentials can also use a MongoDB, named with MONGODB_URI',
    ]);
  }
}
