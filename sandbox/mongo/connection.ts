import type { Socket } from 'node:net';
import { decodeDoc } from './bson/decode.ts';
import { encodeReply } from './bson/encode.ts';
import { type Doc, isDoc, isNumber, isTruthy, toNumber } from './bson/values.ts';
import type { Request } from './commands/context.ts';
import { answer, failure, type Shared } from './commands/dispatch.ts';
import { MAX_MESSAGE_BYTES } from './commands/handshake.ts';
import { Fault, messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import { completeReply, HEADER_BYTES, headRoom, OP_MSG, OP_QUERY, parseMessage, wantsNoReply } from './wire.ts';

/** Waits until what was written so far is safe; resolves at once where nothing is kept. */
export type Settle = () => Promise<void> | undefined;

/** MongoDB's own limit for one message on the wire, a little over what clients are told. */
const MAX_WIRE_BYTES = MAX_MESSAGE_BYTES + 16 * 1024;

/** Serves one client: its requests one after the other, each answered before the next is read. */
export async function serveConnection(
  socket: Socket,
  shared: Shared,
  connectionId: number,
  settle: Settle,
): Promise<void> {
  let responseId = 0;
  try {
    for await (const bytes of frames(socket)) {
      const reply = await respond(bytes, shared, connectionId, settle);
      responseId = (responseId + 1) & 0x7fff_ffff;
      if (reply && !socket.write(completeReply(reply.bytes, reply.opCode, reply.requestId, responseId)))
        await drained(socket);
    }
  } finally {
    socket.destroy();
  }
}

interface Response {
  readonly bytes: Buffer;
  readonly opCode: number;
  readonly requestId: number;
}

async function respond(
  bytes: Buffer,
  shared: Shared,
  connectionId: number,
  settle: Settle,
): Promise<Response | undefined> {
  const opCode = bytes.readInt32LE(12) === OP_QUERY ? OP_QUERY : OP_MSG;
  const requestId = bytes.readInt32LE(4);
  let request: Request | undefined;
  let reply: Buffer;
  try {
    request = parseMessage(bytes);
    reply = answer(shared, request, connectionId, headRoom(opCode));
  } catch (error) {
    reply = encodeReply(failure(error), headRoom(opCode));
  }
  if (wantsNoReply(bytes)) {
    reportFailures(decodeDoc(reply, headRoom(opCode)), shared.logger);
    return undefined;
  }
  const settled = request && !isRead(request) ? settle() : undefined;
  if (settled) {
    try {
      await settled;
    } catch (error) {
      reply = encodeReply(failure(notWritten(error)), headRoom(opCode));
    }
  }
  return { bytes: reply, opCode, requestId };
}

/** Nobody hears of what an unacknowledged write could not do, unless the log says it. */
function reportFailures(reply: Doc, logger: Logger | undefined): void {
  const errors = isTruthy(reply.get('ok')) ? reply.get('writeErrors') : [reply];
  if (!Array.isArray(errors)) return;
  for (const error of errors.filter(isDoc)) {
    const code = error.get('code');
    logger?.warn(
      { code: isNumber(code) ? toNumber(code) : code, errmsg: error.get('errmsg') },
      'embedded database: an unacknowledged write failed',
    );
  }
}

/** Commands that change nothing need not wait for the disk, unless they ask for what a crash cannot take back. */
const READS: ReadonlySet<string> = new Set([
  'find',
  'getMore',
  'aggregate',
  'count',
  'distinct',
  'hello',
  'ismaster',
  'isMaster',
  'ping',
]);

function isRead(request: Request): boolean {
  const concern = request.body.get('readConcern');
  const level = isDoc(concern) ? concern.get('level') : undefined;
  if (level === 'majority' || level === 'linearizable') return false;
  return READS.has(request.body.keys().next().value ?? '');
}

function notWritten(error: unknown): Fault {
  return new Fault(
    14031,
    `the embedded database could not write to its directory, the command was undone: ${messageOf(error)}`,
  );
}

/** Whole messages, however the bytes arrive. Throws Fault 17 where a length cannot be one: nothing after it makes sense. */
async function* frames(socket: Socket): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket) {
    pending.push(chunk);
    size += chunk.length;
    while (size >= HEADER_BYTES) {
      const [first] = pending;
      // Only a beginning in tiny pieces is put together here: to do so for each piece of a large message would take for ever.
      const head = first && first.length >= HEADER_BYTES ? first : Buffer.concat(pending);
      if (head !== first) pending = [head];
      const length = head.readInt32LE(0);
      if (length < HEADER_BYTES || length > MAX_WIRE_BYTES) throw new Fault(17, `a message of ${length} bytes`);
      if (size < length) break;
      const whole = pending.length === 1 && pending[0] ? pending[0] : Buffer.concat(pending);
      yield whole.subarray(0, length);
      const rest = whole.subarray(length);
      pending = rest.length > 0 ? [rest] : [];
      size = rest.length;
    }
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    if (socket.destroyed) resolve();
    else {
      socket.on('drain', done);
      socket.on('close', done);
    }
  });
}
