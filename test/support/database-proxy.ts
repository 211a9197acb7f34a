import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { BSON } from 'mongodb';

/**
 * Stands between a bot and its database and knows which answer belongs to which command. It can lose either: a command
 * before the server sees it, or the answer after the server has carried it out; and it can be down.
 */
export interface DatabaseProxy {
  uri: string;
  /** Asked for every command in the order they come; null: all passes. */
  intercept: ((command: DatabaseCommand) => Verdict) | null;
  /** Cuts all connections and refuses new ones until `down(false)`. */
  down(isDown: boolean): void;
  close(): Promise<void>;
}

export interface DatabaseCommand {
  /** `insert`, `update`, `findAndModify`, `find` ... */
  name: string;
  collection: string;
  body: BSON.Document;
}

/**
 * What is held never arrives; `reached` is called when it would have. What waits goes on when `until` is settled.
 * `answered` is asked when the answer is there: true holds it. `cut` ends the connection instead of passing the request or the
 * answer on. What is refused gets this answer instead of the server's, which never sees it, or has carried it out.
 */
export type Verdict =
  | 'pass'
  | { hold: 'request' | 'answer'; reached(): void }
  | { until: Promise<unknown> }
  | { answered(): boolean }
  | { cut: 'request' | 'answer' }
  | { refuse: BSON.Document; carriedOut: boolean };

const OP_MSG = 2013;
const HEADER_BYTES = 16;
const FLAG_BYTES = 4;
const SIZE_BYTES = 4;
const CHECKSUM_BYTES = 4;
const ADDRESS = /^(mongodb:\/\/(?:[^@/]*@)?)([^/?,]+)(\/[^?]*)?(?:\?(.*))?$/;

/** @param options.serverSelectionTimeoutMs how long its clients look for a server; by default they notice soon that it is gone */
export async function startDatabaseProxy(
  straight: string,
  { serverSelectionTimeoutMs = 1_000 }: { serverSelectionTimeoutMs?: number } = {},
): Promise<DatabaseProxy> {
  const [, scheme = '', host = '', path = '/', query = ''] = ADDRESS.exec(straight) ?? [];
  const [name = '', port = ''] = host.split(':');
  if (port === '') throw new Error('the proxy needs an address like mongodb://host:port/database');
  const sockets = new Set<Socket>();
  let isDown = false;

  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), name);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const lost = new Map<number, () => boolean>();
    onFrames(client, (frame) => {
      const command = proxy.intercept ? commandOf(frame) : null;
      const verdict = command ? (proxy.intercept?.(command) ?? 'pass') : 'pass';
      const pass = () => void upstream.write(frame);
      if (verdict === 'pass') return pass();
      // A connection has one command under way at a time: nothing overtakes it.
      if ('until' in verdict) return void verdict.until.then(pass, pass);
      if ('cut' in verdict) {
        if (verdict.cut === 'request') return void client.destroy();
        lost.set(frame.readInt32LE(4), () => {
          client.destroy();
          return true;
        });
        return pass();
      }
      if ('refuse' in verdict) {
        const { refuse, carriedOut } = verdict;
        if (!carriedOut) return void client.write(answerTo(frame, refuse));
        lost.set(frame.readInt32LE(4), () => client.write(answerTo(frame, refuse)) || true);
        return pass();
      }
      if ('answered' in verdict) {
        lost.set(frame.readInt32LE(4), verdict.answered);
        return pass();
      }
      if (verdict.hold === 'request') return verdict.reached();
      lost.set(frame.readInt32LE(4), () => {
        verdict.reached();
        return true;
      });
      pass();
    });
    onFrames(upstream, (frame) => {
      const id = frame.readInt32LE(8);
      const isHeld = lost.get(id);
      lost.delete(id);
      if (!isHeld?.()) client.write(frame);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: DatabaseProxy = {
    uri: `${scheme}${own}${path}?${parametersFor(query, serverSelectionTimeoutMs)}`,
    intercept: null,
    down(value) {
      isDown = value;
      if (value) for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return proxy;
}

/** A replica set would tell the driver its own address. */
function parametersFor(query: string, serverSelectionTimeoutMs: number): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('replicaSet');
  parameters.set('directConnection', 'true');
  parameters.set('serverSelectionTimeoutMS', String(serverSelectionTimeoutMs));
  return parameters.toString();
}

/** Every message of the wire protocol begins with its length. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= HEADER_BYTES && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      take(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
  });
}

function answerTo(request: Buffer, answer: BSON.Document): Buffer {
  const body = BSON.serialize(answer);
  const head = Buffer.alloc(HEADER_BYTES + FLAG_BYTES + 1);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(request.readInt32LE(4), 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

/** A body, and sequences of documents that stand for a list in it. */
function commandOf(frame: Buffer): DatabaseCommand | null {
  if (frame.readInt32LE(12) !== OP_MSG) return null;
  const hasChecksum = (frame.readUInt32LE(HEADER_BYTES) & 1) === 1;
  const end = frame.length - (hasChecksum ? CHECKSUM_BYTES : 0);
  let body: BSON.Document = {};
  const lists: BSON.Document = {};
  for (let place = HEADER_BYTES + FLAG_BYTES; place < end; ) {
    const start = place + 1;
    const next = start + frame.readInt32LE(start);
    if (frame[place] === 0) body = BSON.deserialize(frame.subarray(start, next));
    else {
      const named = frame.indexOf(0, start + SIZE_BYTES);
      const documents: BSON.Document[] = [];
      for (let at = named + 1; at < next; at += frame.readInt32LE(at)) {
        documents.push(BSON.deserialize(frame.subarray(at, at + frame.readInt32LE(at))));
      }
      lists[frame.toString('utf8', start + SIZE_BYTES, named)] = documents;
    }
    place = next;
  }
  const [name = ''] = Object.keys(body);
  return { name, collection: String(body[name]), body: { ...body, ...lists } };
}
