import { once } from 'node:events';
import { connect } from 'node:net';
import { BSON, Decimal128 } from 'mongodb';
import { startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { type Db, MongoClient } from './driver.ts';

const unacknowledged = { writeConcern: { w: 0 } } as const;
const warned: unknown[] = [];
let db: Db;
let port: number;
let close: () => Promise<void>;

beforeAll(async () => {
  const logger = { info: () => {}, warn: (fields: object, text: string) => warned.push({ ...fields, text }) };
  const server = await startEmbeddedMongo({ logger });
  // One connection: an answer that nobody waits for would be taken for the answer of the next command.
  port = Number(new URL(server.uri).port);
  const client = await MongoClient.connect(server.uri, { maxPoolSize: 1 });
  db = client.db('test');
  close = async () => {
    await client.close();
    await server.close();
  };
});

afterAll(async () => {
  await close();
});

beforeEach(() => {
  warned.length = 0;
});

it('a client that closes says which sessions it ends, wants no answer, and is no failure', async () => {
  const client = await MongoClient.connect(`mongodb://127.0.0.1:${port}/`);
  await client.db('test').collection('done').findOne();
  await client.close();
  expect(await db.command({ ping: 1 })).toEqual({ ok: 1 });
  expect(warned).toEqual([]);
});

describe('a write that is not acknowledged', () => {
  it('is done without an answer', async () => {
    await db.collection('done').insertOne({ a: 1 }, unacknowledged);
    expect(await db.collection('done').countDocuments({ a: 1 })).toBe(1);
    expect(warned).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a type', () => db.collection('c').insertOne({ a: Decimal128.fromString('1') }, unacknowledged)],
    ['a type in a filter', () => db.collection('c').deleteOne({ a: Decimal128.fromString('1') }, unacknowledged)],
    ['a type in a command', () => db.collection('c').findOneAndDelete({ a: new Decimal128('1') }, unacknowledged)],
    ['an operator', () => db.collection('c').updateOne({}, { $bit: { a: { and: 1 } } }, unacknowledged)],
    ['a filter', () => db.collection('c').deleteMany({ $where: 'true' }, unacknowledged)],
    ['a pipeline', () => db.collection('c').updateOne({}, [{ $set: { a: 1 } }], unacknowledged)],
  ])('gets no answer either when it is refused, and the log says so: %s', async (_what, write) => {
    await write();
    expect(await db.command({ ping: 1 })).toEqual({ ok: 1 });
    expect(await db.collection('c').countDocuments()).toBe(0);
    expect(warned).toEqual([
      {
        code: 115,
        errmsg: expect.stringMatching(/ is not supported by the embedded server; use MongoDB \(set MONGODB_URI\)$/),
        text: 'embedded database: an unacknowledged write failed',
      },
    ]);
  });
});

/** An OP_MSG message; flag 2 says that no answer is read. */
function opMsg(requestId: number, flags: number, command: object): Buffer {
  const body = BSON.serialize(command);
  const head = Buffer.alloc(21);
  for (const [index, number] of [21 + body.length, requestId, 0, 2013, flags].entries())
    head.writeInt32LE(number, index * 4);
  return Buffer.concat([head, body]);
}

describe('on the wire', () => {
  it('is answered only what wants an answer, even if the command before cannot be read', async () => {
    const socket = connect(port, '127.0.0.1');
    const refused = { delete: 'c', deletes: [{ q: { a: Decimal128.fromString('1') }, limit: 1 }], $db: 'test' };
    socket.write(Buffer.concat([opMsg(1, 2, refused), opMsg(2, 0, { ping: 1, $db: 'test' })]));
    const [reply] = await once(socket, 'data');
    socket.destroy();
    expect(reply.readInt32LE(8)).toBe(2);
    expect(reply).toHaveLength(reply.readInt32LE(0));
  });
});
