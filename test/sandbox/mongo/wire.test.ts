import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Binary, BSON, Long } from 'mongodb';
import { startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { crc32c } from '../../../sandbox/mongo/wire.ts';
import { MongoClient } from './driver.ts';
import { message, opMsg, type RawConnection, rawConnection, sequence } from './raw-connection.ts';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;
let port: number;

const raw = (): RawConnection => rawConnection(database.server.uri);

beforeAll(async () => {
  database = await openTestDatabase();
  port = Number(new URL(database.server.uri).port);
});

afterAll(async () => {
  await database.close();
});

describe('the wire', () => {
  it('answers the old hello in the old format, and the new one, naming an address that can be reached', async () => {
    const { socket, reply } = raw();
    const namespace = Buffer.from('\0\0\0\0admin.$cmd\0\0\0\0\0\xff\xff\xff\xff', 'latin1');
    socket.write(message(2004, namespace, BSON.serialize({ ismaster: 1, helloOk: true })));
    expect(await reply()).toMatchObject({
      ismaster: true,
      helloOk: true,
      me: `127.0.0.1:${port}`,
      hosts: [`127.0.0.1:${port}`],
      ok: 1,
    });
    socket.write(opMsg({ hello: 1, $db: 'admin' }));
    const hello = await reply();
    expect(hello).toMatchObject({ isWritablePrimary: true, logicalSessionTimeoutMinutes: 30, maxWireVersion: 21 });
    expect(hello).not.toHaveProperty('topologyVersion');
    expect(hello).not.toHaveProperty('compression');
    socket.destroy();
  });

  it('takes messages that arrive byte by byte, and several in one piece', async () => {
    const { socket, reply } = raw();
    const ping = opMsg({ ping: 1, $db: 'admin' });
    for (const byte of ping) socket.write(Buffer.from([byte]));
    expect(await reply()).toEqual({ ok: 1 });
    socket.write(Buffer.concat([ping, ping, ping.subarray(0, 9)]));
    expect([await reply(), await reply()]).toEqual([{ ok: 1 }, { ok: 1 }]);
    socket.write(ping.subarray(9));
    expect(await reply()).toEqual({ ok: 1 });
    socket.destroy();
  });

  it('reads documents beside the body, checks a checksum, and sends no reply where none is wanted', async () => {
    const { socket, reply } = raw();
    const insert = { insert: 'wire', $db: 'test' };
    socket.write(opMsg(insert, 2, [sequence('documents', { _id: 1 }, { _id: 2 })]));
    const plain = opMsg(insert, 1, [sequence('documents', { _id: 3 })]);
    plain.writeInt32LE(plain.length + 4, 0);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32c(plain), 0);
    socket.write(Buffer.concat([plain, checksum]));
    expect(await reply()).toEqual({ n: 1, ok: 1 });
    checksum[0] = (checksum[0] ?? 0) ^ 1;
    socket.write(Buffer.concat([plain, checksum]));
    expect(await reply()).toMatchObject({ ok: 0, code: 17 });
    expect(await database.db.collection('wire').countDocuments({})).toBe(3);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    socket.destroy();
  });

  it('does a retryable write once, however often it is sent, and refuses one that is older', async () => {
    const { socket, reply } = raw();
    const collection = await database.collection({ _id: 1, n: 0 });
    const updates = [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }];
    const send = (id: number, txnNumber: number): void => {
      const lsid = { id: new Binary(Buffer.alloc(16, id), 4) };
      socket.write(
        opMsg({ update: collection.collectionName, updates, lsid, txnNumber: Long.fromNumber(txnNumber), $db: 'test' }),
      );
    };
    for (const [id, txnNumber] of [
      [1, 5],
      [1, 5],
      [1, 6],
      [2, 5],
      [1, 6],
    ] as const) {
      send(id, txnNumber);
      expect(await reply()).toEqual({ n: 1, nModified: 1, ok: 1 });
    }
    send(1, 5);
    expect(await reply()).toMatchObject({ ok: 0, code: 225 });
    expect(await collection.findOne()).toEqual({ _id: 1, n: 3 });
    socket.destroy();
  });

  it('answers bytes that are no BSON, unknown formats and compression with an error, and goes on', async () => {
    const { socket, reply } = raw();
    const broken = opMsg({ ping: 1, $db: 'admin' });
    broken.writeInt32LE(900, 21);
    socket.write(broken);
    expect(await reply()).toMatchObject({ ok: 0, code: 22 });
    socket.write(message(2012, Buffer.alloc(20)));
    expect(await reply()).toMatchObject({ ok: 0, code: 115 });
    socket.write(message(2013, Buffer.from([0, 0, 0, 0, 9])));
    expect(await reply()).toMatchObject({ ok: 0 });
    socket.write(opMsg({ ping: 1, $db: 'admin' }));
    expect(await reply()).toEqual({ ok: 1 });
    socket.destroy();
  });

  it('ends connections that send lengths which cannot be, and serves the others', async () => {
    for (const length of [0, -5, 15, 200_000_000]) {
      const { socket, ended } = raw();
      const bytes = Buffer.alloc(32, 0x47);
      bytes.writeInt32LE(length, 0);
      socket.write(bytes);
      expect(await ended()).toBe(true);
    }
    expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it('is not held up by half messages, by a client that does not read, or by 500 connections', async () => {
    await database.db.collection('big').insertOne({ text: 'x'.repeat(1024 * 1024) });
    const half = raw();
    half.socket.write(opMsg({ ping: 1, $db: 'admin' }).subarray(0, 20));
    const slow = connect(port, '127.0.0.1');
    slow.pause();
    for (let n = 0; n < 60; n += 1) slow.write(opMsg({ find: 'big', $db: 'test' }));
    const many = await Promise.all(
      Array.from({ length: 500 }, async () => {
        const connection = raw();
        connection.socket.write(opMsg({ ping: 1, $db: 'admin' }));
        return connection;
      }),
    );
    for (const { reply, socket } of many) {
      expect(await reply()).toEqual({ ok: 1 });
      socket.destroy();
    }
    expect(await database.db.collection('big').countDocuments({})).toBe(1);
    slow.destroy();
    half.socket.destroy();
  });

  it('says what it is, refuses credentials, and takes maxTimeMS at its word', async () => {
    expect(await database.db.admin().buildInfo()).toMatchObject({ modules: ['embedded'], version: '7.0.0' });
    const withPassword = database.server.uri.replace('//', '//user:secret@');
    await expect(MongoClient.connect(withPassword, { serverSelectionTimeoutMS: 2000 })).rejects.toThrow(
      /authentication is not supported by the embedded server/,
    );
    const collection = await database.collection(...Array.from({ length: 3000 }, (_, _id) => ({ _id })));
    expect(
      await codeOf(database.db.command({ find: collection.collectionName, filter: { a: 1 }, maxTimeMS: 0.001 })),
    ).toBe(50);
    expect(await collection.countDocuments({ a: 1 }, { maxTimeMS: 60_000 })).toBe(0);
  });

  it('works over a Unix socket that only its owner may open', async () => {
    const socketPath = join(tmpdir(), `embedded-mongo-${process.pid}.sock`);
    const own = await openTestDatabase({ socketPath });
    expect(own.server.uri).toBe(`mongodb://${encodeURIComponent(socketPath)}/`);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    const collection = await own.collection({ _id: 1 });
    expect(await collection.findOne()).toEqual({ _id: 1 });
    await own.close();
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
    // Drivers make the host of a URI lower case: such a path could never be reached.
    await expect(startEmbeddedMongo({ socketPath: '/tmp/Upper.sock' })).rejects.toThrow(/lower case/);
  });
});
