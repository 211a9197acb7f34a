import { join } from 'node:path';
import type { Config } from '../src/config.ts';
import type { Persistence } from '../src/persistence/index.ts';
import { connectPersistence } from '../src/persistence/index.ts';
import { findEmbedded } from '../src/setup/embedded-address.ts';
import { ConfigError } from '../src/shared/errors.ts';

/**
 * Runs a command on the database: that of `MONGODB_URI`, or the embedded one in the data directory: started for as long as
 * the command runs, or, when a bot has it, where that bot says it listens. Throws `ConfigError` when none can be reached.
 */
export async function withDatabase<T>(
  config: Config,
  work: (persistence: Persistence) => Promise<T>,
  { onlyLooks = false } = {},
): Promise<T> {
  const database = config.mongodbUri
    ? { uri: config.mongodbUri, close: async () => undefined }
    : await embedded(config);
  try {
    const persistence = await connect(database.uri);
    try {
      if (!onlyLooks) await persistence.ensureIndexes();
      return await work(persistence);
    } finally {
      await persistence.close();
    }
  } finally {
    await database.close();
  }
}

async function embedded(config: Config): Promise<{ uri: string; close(): Promise<void> }> {
  const dir = join(config.dataDir, 'mongo');
  // Loaded only here: where MONGODB_URI is set the sandbox need not be there.
  const { startKeptMongo } = await import('../sandbox/kept-mongo.ts');
  try {
    return await startKeptMongo(dir);
  } catch (error) {
    const uri = await findEmbedded(dir);
    if (uri) return { uri, close: async () => undefined };
    throw error;
  }
}

async function connect(uri: string): Promise<Persistence> {
  try {
    return await connectPersistence({ uri });
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `the database cannot be reached: ${reason}. Is it running? See MONGODB_URI in .env.example`,
    ]);
  }
}
