import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Binary, BSON, Long } from 'mongodb';
import { createCursors } from '../../../sandbox/mongo/commands/cursors.ts';
import { createSessions } from '../../../sandbox/mongo/commands/sessions.ts';
import { startEmbeddedMongo } from '../../../sandbox/mongo/index.ts';
import { createStore } from '../../../sandbox/mongo/store/store.ts';
import { message, opMsg, type RawConnection, rawConnection } from './raw-connection.ts';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

/** Whatever one client does, the others are served. */
const RUNS = Number(process.env['EMBEDDED_FUZZ'] ?? 80);
const MIB = 1024 * 1024;
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterEach(async () => {
  // Another client, whatever a test did.
  expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
});

afterAll(async () => {
  await database.close();
});

const raw = (): RawConnection => rawConnection(database.server.uri);
const namespaceOf = (name: string): Buffer => Buffer.from(`\0\0\0\0${name}\0\0\0\0\0\xff\xff\xff\xff`, 'latin1');

/** `depth` documents one in the other. */
function nested(depth: number): object {
  let doc: object = {};
  for (let level = 1; level < depth; level += 1) doc = { a: doc };
  return doc;
}

describe('messages nobody should send', () => {
  it('of the old formats are refused, all but hello', async () => {
    const { socket, reply } = raw();
    socket.write(message(2004, namespaceOf('test.$cmd'), BSON.serialize({ find: 'old' })));
    expect(await reply()).toMatchObject({ ok: 0, code: 115 });
    socket.write(message(2004, namespaceOf('test.old'), BSON.serialize({})));
    expect(await reply()).toMatchObject({ ok: 0, code: 115 });
    for (const opCode of [0, 1, 2001, 2002, 2005, 2006, 2007, 2010, 2011, 2012, 2014, -1]) {
      socket.write(message(opCode, Buffer.alloc(20)));
      expect([opCode, await reply()]).toMatchObject([opCode, { ok: 0 }]);
    }
    socket.write(opMsg({ ping: 1, $db: 'admin' }));
    expect(await reply()).toEqual({ ok: 1 });
    socket.destroy();
  });

  it('with text that is not UTF-8, or two fields of one name, are refused and store nothing', async () => {
    const { socket, reply } = raw();
    const insert = (text: string): Buffer =>
      opMsg({ insert: 'strange', documents: [{ _id: 1, text, name: 'b' }], $db: 'test' });
    for (const text of ['QQ', 'a text of more than twelve bytes, QQ']) {
      const bytes = insert(text);
      bytes.set([0xc3, 0x28], bytes.indexOf('QQ'));
      socket.write(bytes);
      expect(await reply()).toMatchObject({
        ok: 0,
        code: 115,
        errmsg: expect.stringMatching(/^text that is not UTF-8/),
      });
    }
    const twice = insert('a');
    twice.write('text', twice.indexOf('name'));
    socket.write(twice);
    expect(await reply()).toMatchObject({ ok: 0, code: 115 });
    expect(await database.db.collection('strange').countDocuments({})).toBe(0);
    const fine = 'U+FFFD itself is text: \ufffd';
    socket.write(insert(fine));
    expect(await reply()).toMatchObject({ ok: 1 });
    expect(await database.db.collection('strange').findOne()).toEqual({ _id: 1, text: fine, name: 'b' });
    socket.destroy();
  });

  it('of any bytes at all end in an error or the end of their own connection', async () => {
    const good = opMsg({
      find: 'fuzz',
      filter: { a: { $gt: 1 } },
      lsid: { id: new Binary(randomBytes(16), 4) },
      $db: 'test',
    });
    const spoiled = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = Buffer.from(good);
        for (const [at, byte] of changes) bytes[at] = byte;
        return bytes;
      });
    const bytes = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((part) => Buffer.from(part)),
      fc.uint8Array({ maxLength: 200 }).map((part) => message(2013, Buffer.from(part))),
      fc.uint8Array({ maxLength: 200 }).map((part) => message(2004, namespaceOf('admin.$cmd'), Buffer.from(part))),
      spoiled,
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const { socket, ended } = raw();
        socket.end(sent);
        expect(await ended()).toBe(true);
        expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
      }),
      { numRuns: RUNS },
    );
  });

  it('that are too large, or come in tiny pieces without an end, hold nobody up', async () => {
    for (const length of [48_000_000 + 16 * 1024 + 1, 0x7fff_ffff, -0x8000_0000]) {
      const { socket, ended } = raw();
      const bytes = Buffer.alloc(32);
      bytes.writeInt32LE(length, 0);
      socket.write(bytes);
      expect(await ended()).toBe(true);
    }
    const { socket } = raw();
    const large = Buffer.alloc(30 * MIB);
    large.writeInt32LE(40 * MIB, 0);
    socket.setNoDelay(true);
    socket.write(large.subarray(0, 3));
    expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    await new Promise<void>((resolve) => socket.write(large.subarray(3), () => resolve()));
    expect(await database.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    socket.destroy();
  });
});

describe('documents nobody should store', () => {
  it('are refused where they are over 16 MiB, however they come to be', async () => {
    const rows = await database.collection<{ _id: number; text?: string; more?: string; texts?: string[] }>();
    const empty = BSON.calculateObjectSize({ _id: 1, text: '' });
    const { socket, reply } = raw();
    const insert = (_id: number, length: number): Promise<BSON.Document> => {
      const doc = { _id, text: 'x'.repeat(length - empty) };
      socket.write(opMsg({ insert: rows.collectionName, documents: [doc], $db: 'test' }));
      return reply();
    };
    expect(await insert(1, 16 * MIB)).toMatchObject({ n: 1, ok: 1 });
    expect(await insert(2, 16 * MIB + 1)).toMatchObject({ n: 0, writeErrors: [{ index: 0, code: 10334 }] });
    expect(await codeOf(rows.updateOne({ _id: 1 }, { $set: { more: 'x' } }))).toBe(10334);
    await rows.insertOne({ _id: 3, texts: ['x'.repeat(9 * MIB)] });
    expect(await codeOf(rows.updateOne({ _id: 3 }, { $push: { texts: 'y'.repeat(9 * MIB) } }))).toBe(10334);
    expect(await codeOf(rows.findOneAndUpdate({ _id: 3 }, { $set: { more: 'y'.repeat(9 * MIB) } }))).toBe(10334);
    const sizes = await rows.aggregate([{ $project: { n: { $size: { $ifNull: ['$texts', []] } } } }]).toArray();
    expect(sizes).toEqual([
      { _id: 1, n: 0 },
      { _id: 3, n: 1 },
    ]);
    await rows.insertOne({ _id: 4, text: 'y'.repeat(9 * MIB) });
    expect(await codeOf(rows.distinct('text'))).toBe(17217);
    expect(await codeOf(rows.aggregate([{ $group: { _id: null, all: { $push: '$text' } } }]).toArray())).toBe(10334);
    expect(await codeOf(rows.aggregate([{ $project: { twice: ['$text', '$text'] } }]).toArray())).toBe(10334);
    expect(await rows.find().toArray()).toHaveLength(3);
    await rows.drop();
    socket.destroy();
  });

  it('are refused where they are nested too deep, sent or made by an update', async () => {
    const rows = await database.collection<{ _id: number }>();
    expect(await codeOf(rows.insertOne({ _id: 1, ...nested(100) }))).toBe('no error');
    expect(await codeOf(rows.insertOne({ _id: 2, ...nested(181) }))).toBe(15);
    expect(await codeOf(rows.insertOne({ _id: 3, ...nested(3000) }))).toBe(15);
    const path = Array.from({ length: 181 }, () => 'a').join('.');
    expect(await codeOf(rows.updateOne({ _id: 1 }, { $set: { [`b.${path}`]: 1 } }))).toBe(15);
    expect(await codeOf(rows.find(nested(500)).toArray())).toBe(15);
    expect(await rows.countDocuments({})).toBe(1);
  });
});

describe('a client that does not read', () => {
  it('is not served further until it does', async () => {
    await database.db.collection<{ _id: number }>('large').insertOne({ _id: 1, text: 'x'.repeat(MIB) } as never);
    const { socket, reply } = raw();
    socket.pause();
    const finds = 20;
    for (let n = 0; n < finds; n += 1) socket.write(opMsg({ find: 'large', $db: 'test' }));
    socket.write(opMsg({ insert: 'after-large', documents: [{ _id: 1 }], $db: 'test' }));
    for (let n = 0; n < 300; n += 1) await database.db.command({ ping: 1 });
    expect(await database.db.collection('after-large').countDocuments({})).toBe(0);
    for (let n = 0; n < finds; n += 1) expect((await reply())['cursor'].firstBatch).toHaveLength(1);
    expect(await reply()).toEqual({ n: 1, ok: 1 });
    socket.destroy();
  });

  it('may go in the middle of its reply', async () => {
    for (let n = 0; n < 20; n += 1) {
      const { socket } = raw();
      socket.write(opMsg({ find: 'large', $db: 'test' }));
      await new Promise((resolve) => socket.once('readable', resolve));
      if (n % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    expect(await database.db.collection('large').countDocuments({})).toBe(1);
  });
});

describe('what clients leave behind', () => {
  it('is forgotten: cursors after ten minutes, those without a timeout and sessions after thirty', () => {
    const cursors = createCursors();
    const docs = ['a', 'b'];
    cursors.open('d.c', docs, { batchSize: 1 });
    cursors.open('d.c', docs, { batchSize: 1, hasNoTimeout: true });
    cursors.open('d.c', docs, { batchSize: 1, isSingleBatch: true });
    cursors.open('d.c', docs, { batchSize: 2 });
    expect(cursors.size()).toBe(2);
    const now = Date.now();
    cursors.expire(now + 9 * 60_000);
    expect(cursors.size()).toBe(2);
    cursors.expire(now + 11 * 60_000);
    expect(cursors.size()).toBe(1);
    cursors.expire(now + 31 * 60_000);
    expect(cursors.size()).toBe(0);
    const store = createStore();
    const sessions = createSessions(store);
    const command = new Map<string, never>([
      ['lsid', new Map([['id', 'a']]) as never],
      ['txnNumber', 1n as never],
    ]);
    sessions.once(command, () => ({ ok: 1 }));
    sessions.expire(now + 29 * 60_000);
    expect(store.answered.size).toBe(1);
    sessions.expire(now + 31 * 60_000);
    expect(store.answered.size).toBe(0);
  });
});

describe('where it listens', () => {
  let dir: string;

  beforeEach(async () => {
    // mkdtemp takes capital letters too, which drivers do not reach.
    dir = join(tmpdir(), `embedded-mongo-${randomBytes(6).toString('hex')}`);
    await mkdir(dir);
  });

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  it('is loopback alone', async () => {
    const port = Number(new URL(database.server.uri).port);
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
      .map(({ address }) => address);
    for (const address of [...others, '127.0.0.2', '::1']) {
      const problem = await new Promise<unknown>((resolve) => {
        const socket = connect(port, address, () => {
          socket.destroy();
          resolve('connected');
        });
        socket.on('error', () => resolve('refused'));
      });
      expect([address, problem]).toEqual([address, 'refused']);
    }
  });

  it('is no place where something else is', async () => {
    const file = join(dir, 'precious.sock');
    await writeFile(file, 'not a socket');
    await expect(startEmbeddedMongo({ socketPath: file })).rejects.toThrow(/there is a file, and it is no socket/);
    expect(await readFile(file, 'utf8')).toBe('not a socket');
    const used = join(dir, 'used.sock');
    const first = await startEmbeddedMongo({ socketPath: used });
    await expect(startEmbeddedMongo({ socketPath: used })).rejects.toThrow(/another server listens there/);
    expect((await stat(used)).isSocket()).toBe(true);
    await first.close();
    await expect(startEmbeddedMongo({ socketPath: join(dir, 'none', 'a.sock') })).rejects.toThrow(/there is no folder/);
    const long = join(dir, `${'a'.repeat(100)}.sock`);
    await expect(startEmbeddedMongo({ socketPath: long })).rejects.toThrow(/at most 103 bytes/);
  });

  it('is a socket that was left behind by a process that is gone', async () => {
    const left = join(dir, 'left.sock');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(`${left}.made`, resolve));
    // The name stays when the server closes its own.
    await rename(`${left}.made`, left);
    await new Promise((resolve) => server.close(resolve));
    const own = await openTestDatabase({ socketPath: left });
    expect(await own.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
    await own.close();
  });
});

it('a write that was answered is not done again after a restart', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
  const command = {
    update: 'counters',
    updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true }],
    lsid: { id: new Binary(Buffer.alloc(16, 7), 4) },
    txnNumber: Long.fromNumber(1),
    $db: 'test',
  };
  const replies: BSON.Document[] = [];
  let n = 0;
  for (let start = 0; start < 3; start += 1) {
    const own = await openTestDatabase({ dir });
    const { socket, reply } = rawConnection(own.server.uri);
    socket.write(opMsg(command));
    replies.push(await reply());
    n = (await own.db.collection('counters').findOne())?.['n'];
    socket.destroy();
    await own.close();
  }
  expect(replies[0]).toMatchObject({ n: 1, upserted: [{ index: 0, _id: 1 }], ok: 1 });
  expect(replies).toEqual([replies[0], replies[0], replies[0]]);
  expect(n).toBe(1);
  await rm(dir, { recursive: true, force: true });
});
