import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';

/** Set for every test by `test/global-setup.ts`. */
export const TEST_URI_VARIABLE = 'SLIPWAY_TEST_MONGODB_URI';

export interface TestDatabase {
  /** names this database: nobody else uses it */
  uri: string;
  name: string;
  /** Drops it. Close your own connections first. */
  close(): Promise<void>;
}

const CONNECTION_STRING = /^(mongodb(?:\+srv)?:\/\/)([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

/** A database of this test file's own, on the server of the test run. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env[TEST_URI_VARIABLE];
  if (!server) throw new Error(`${TEST_URI_VARIABLE} is not set: tests of the database run under jest's global set-up`);
  const name = `slipway_test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const uri = withDatabase(server, name);
  return {
    uri,
    name,
    async close() {
      const client = await MongoClient.connect(uri);
      await client.db(name).dropDatabase();
      await client.close();
    },
  };
}

/** The same server with another database; who logged in at the old one still does. */
export function withDatabase(uri: string, name: string): string {
  const match = CONNECTION_STRING.exec(uri);
  if (!match) throw new Error('The connection string of the test server must look like mongodb://host:port/?options');
  const [, scheme = '', hosts = '', before = '', options = ''] = match;
  const parameters = new URLSearchParams(options);
  if (before !== '' && hosts.includes('@') && !parameters.has('authSource')) parameters.set('authSource', before);
  const query = parameters.toString();
  return `${scheme}${hosts}/${name}${query === '' ? '' : `?${query}`}`;
}
