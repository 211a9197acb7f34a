import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { ConfigError } from '../src/shared/errors.ts';
import { fileIn, KEPT_DIR } from './keep.ts';
import { startKeptMongo } from './kept-mongo.ts';
import { type EmbeddedMongo, type Logger, startEmbeddedMongo } from './mongo/index.ts';

/** Beside that of a bot with Slack credentials, which must not find the sandbox's releases. */
const DATABASE = 'sandbox';

/** The bot's database in the sandbox; in memory where nothing is kept. Throws `ConfigError` where it cannot be used. */
export async function startDatabase(dataDir: string | null, logger?: Logger): Promise<EmbeddedMongo> {
  if (dataDir === null) return startEmbeddedMongo({ port: 0 });
  const database = await startKeptMongo(join(dataDir, 'mongo'), logger);
  return { ...database, uri: `${database.uri}${DATABASE}` };
}

/**
 * The bot's database and the stand-ins remember the same releases: one without the other would show cards of releases that do
 * not exist, or the reverse. Throws `ConfigError` then.
 */
export async function mustBelongTogether(uri: string, dataDir: string, isKept: boolean): Promise<void> {
  const client = await MongoClient.connect(uri);
  try {
    const known = await client
      .db(DATABASE)
      .collection(isKept ? 'tenants' : 'releases')
      .findOne();
    if (isKept === (known !== null)) return;
  } finally {
    await client.close();
  }
  const [there, gone] = isKept ? [fileIn, databaseIn] : [databaseIn, fileIn];
  throw new ConfigError([
    `what the sandbox kept is not whole: ${there(dataDir)} is there, and what belongs to it in ${gone(dataDir)} is not. ` +
      'Put that back, or begin anew with: npm start -- --fresh',
  ]);
}

/** Forgets what was kept, so that the next start begins anew. Throws while something runs there. */
export async function forgetKept(dataDir: string): Promise<void> {
  const database = await startDatabase(dataDir);
  try {
    const client = await MongoClient.connect(database.uri);
    await client.db(DATABASE).dropDatabase();
    await client.close();
    await rm(join(dataDir, KEPT_DIR), { recursive: true, force: true });
  } finally {
    await database.close();
  }
}

function databaseIn(dataDir: string): string {
  return join(dataDir, 'mongo');
}
