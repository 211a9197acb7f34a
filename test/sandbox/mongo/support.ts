import { type EmbeddedMongo, type EmbeddedMongoOptions, startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { type Collection, type Db, type Document, MongoClient } from './driver.ts';

export interface TestDatabase {
  readonly server: EmbeddedMongo;
  readonly client: MongoClient;
  readonly db: Db;
  /** A collection that no other test has, with the documents given. */
  collection<Row extends Document = Document>(...docs: object[]): Promise<Collection<Row>>;
  close(): Promise<void>;
}

let names = 0;

export async function openTestDatabase(options: EmbeddedMongoOptions = {}): Promise<TestDatabase> {
  const server = await startEmbeddedMongo(options);
  const client = await MongoClient.connect(server.uri, { serverSelectionTimeoutMS: 5000 });
  const db = client.db('test');

  async function collection<Row extends Document = Document>(...docs: object[]): Promise<Collection<Row>> {
    names += 1;
    const made = db.collection(`c${names}`);
    if (docs.length > 0) await made.insertMany(docs);
    return db.collection<Row>(`c${names}`);
  }

  async function close(): Promise<void> {
    await client.close();
    await server.close();
  }

  return { server, client, db, collection, close };
}

/** The `_id`s a filter finds, in order. */
export async function idsOf(
  collection: Collection,
  filter: object,
  sort: Record<string, 1 | -1> = { _id: 1 },
): Promise<unknown[]> {
  const found = await collection.find(filter, { sort, projection: { _id: 1 } }).toArray();
  return found.map(({ _id }) => _id);
}

/** The code of the error a promise ends in. */
export async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return 'no error';
  } catch (error) {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
  }
}
