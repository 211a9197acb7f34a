import { createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

/**
 * A server that answers MongoDB's messages and does nothing: what the driver and the socket alone can do. An insert is
 * always done, a find always gives the same document, given as JSON. Prints where it listens.
 */
const HEADER_BYTES = 16;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const found: unknown = JSON.parse(process.argv[2] ?? '{}');
const hello = {
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  ok: 1,
};
const REPLIES: Record<string, Uint8Array> = {
  hello: BSON.serialize(hello),
  insert: BSON.serialize({ n: 1, ok: 1 }),
  find: BSON.serialize({ cursor: { firstBatch: [found], id: BSON.Long.ZERO, ns: 'bench.rows' }, ok: 1 }),
  other: BSON.serialize({ ok: 1 }),
};

function replyTo(message: Buffer): Buffer {
  const isOld = message.readInt32LE(12) === OP_QUERY;
  // The first element of the body begins with its type; its name is the command's.
  const nameAt = HEADER_BYTES + 4 + 1 + 4 + 1;
  const name = isOld ? 'hello' : message.toString('latin1', nameAt, message.indexOf(0, nameAt));
  const body = REPLIES[name] ?? REPLIES['other'] ?? Buffer.alloc(0);
  const head = Buffer.alloc(HEADER_BYTES + (isOld ? 20 : 5));
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(message.readInt32LE(4), 8);
  head.writeInt32LE(isOld ? OP_REPLY : OP_MSG, 12);
  if (isOld) head.writeInt32LE(1, 32);
  return Buffer.concat([head, body]);
}

function serve(socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    pending = pending.length > 0 ? Buffer.concat([pending, chunk]) : chunk;
    while (pending.length >= HEADER_BYTES && pending.length >= pending.readInt32LE(0)) {
      const length = pending.readInt32LE(0);
      socket.write(replyTo(pending.subarray(0, length)));
      pending = pending.subarray(length);
    }
  });
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`ready 127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`);
});
process.on('SIGTERM', () => process.exit(0));
