import { MongoClient } from 'mongodb';
import { DryMongoBinary, MongoMemoryReplSet } from 'mongodb-memory-server';
import { startEmbeddedMongo } from '../../sandbox/mongo/index.ts';

export interface TestServer {
  uri: string;
  /** which one it is, for a person */
  description: string;
  close(): Promise<void>;
}

/** The database server of a test run: the one named, else a real `mongod` that is already here, else the embedded one. */
export async function startTestServer(environment: NodeJS.ProcessEnv): Promise<TestServer> {
  const uri = environment['MONGODB_URI'];
  if (uri) return { uri, description: 'the server of MONGODB_URI', close: async () => undefined };
  return (await startMemoryServer()) ?? (await startEmbedded());
}

/** What it says of itself, for a person: `MongoDB 7.0.14, storage devnull, wiredTiger`. */
export async function nameOf(uri: string): Promise<string> {
  const client = await MongoClient.connect(uri);
  try {
    const { version, storageEngines } = await client.db('admin').command({ buildInfo: 1 });
    return `MongoDB ${version}, storage ${storageEngines.join(', ')}`;
  } finally {
    await client.close();
  }
}

/** A real server, if its binary is on this machine already: nothing is ever downloaded. */
async function startMemoryServer(): Promise<TestServer | null> {
  process.env['MONGOMS_RUNTIME_DOWNLOAD'] = 'false';
  try {
    const binary = await DryMongoBinary.locateBinary(DryMongoBinary.getEnsuredOptions());
    if (!binary) return null;
    const server = await MongoMemoryReplSet.create({ replSet: { count: 1 }, binary: { systemBinary: binary } });
    return {
      uri: server.getUri(),
      description: `mongodb-memory-server with ${binary}`,
      close: async () => {
        await server.stop();
      },
    };
  } catch (error) {
    process.emitWarning(`No mongod could be started, the embedded database is used instead: ${String(error)}`);
    return null;
  }
}

async function startEmbedded(): Promise<TestServer> {
  const { uri, close } = await startEmbeddedMongo({ port: 0 });
  return { uri, description: 'the embedded database', close };
}
