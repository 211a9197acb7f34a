import { connect, type Socket } from 'node:net';
import { BSON } from 'mongodb';

/** Messages made by hand, for what no driver would send. */
export function message(opCode: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + body.length, 0);
  header.writeInt32LE(77, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, body]);
}

export function opMsg(command: object, flags = 0, sections: Uint8Array[] = []): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(flags, 0);
  return message(2013, head, BSON.serialize(command), ...sections);
}

export function sequence(name: string, ...docs: object[]): Buffer {
  const body = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map((doc) => BSON.serialize(doc))]);
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeInt32LE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

export interface RawConnection {
  readonly socket: Socket;
  /** The next reply; rejects where the connection ends before it. */
  reply(): Promise<BSON.Document>;
  ended(): Promise<boolean>;
}

/** A bare connection: sends bytes, reads whole replies. */
export function rawConnection(uri: string): RawConnection {
  const socket = connect(Number(new URL(uri).port), '127.0.0.1');
  const chunks = socket[Symbol.asyncIterator]();
  let pending = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await chunks.next();
    if (!done) pending = Buffer.concat([pending, value as Buffer]);
    return !done;
  };
  async function reply(): Promise<BSON.Document> {
    while (pending.length < 4 || pending.length < pending.readInt32LE(0))
      if (!(await more())) throw new Error('the connection ended');
    const length = pending.readInt32LE(0);
    const whole = pending.subarray(0, length);
    pending = pending.subarray(length);
    expect(whole.readInt32LE(8)).toBe(77);
    return BSON.deserialize(whole.subarray(whole.readInt32LE(12) === 1 ? 36 : 21));
  }
  async function ended(): Promise<boolean> {
    try {
      while (await more());
    } catch {
      // A reset is an end too.
    }
    return true;
  }
  return { socket, reply, ended };
}
