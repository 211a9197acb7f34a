import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createFaultBook, type Fault, type FaultBook, type RequestLine } from './faults.ts';

export interface StandInRequest extends RequestLine {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** One request as it came in and the status it was answered with; null when the connection was cut. */
export interface RecordedRequest {
  method: string;
  path: string;
  status: number | null;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string | Readable;
}

export interface StandIn {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  faults: FaultBook;
  requests: RecordedRequest[];
  close(): Promise<void>;
}

interface StandInOptions {
  /** default 0: any free port */
  port?: number;
  maxBodyBytes: number;
  handle(request: StandInRequest): Reply | Promise<Reply>;
  /** the body of a fault's status when the fault names none */
  faultBody(status: number): Reply;
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

async function send(response: ServerResponse, reply: Reply): Promise<void> {
  const body = reply.body ?? '';
  response.writeHead(reply.status, {
    ...(body instanceof Readable ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...reply.headers,
  });
  if (body instanceof Readable) await pipeline(body, response);
  else response.end(body);
}

async function sendHalf(response: ServerResponse, reply: Reply): Promise<void> {
  const chunks: Buffer[] = [];
  if (reply.body instanceof Readable) for await (const chunk of reply.body) chunks.push(chunk as Buffer);
  else chunks.push(Buffer.from(reply.body ?? ''));
  const whole = Buffer.concat(chunks);
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(whole.length) });
  response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.destroy());
}

function statusReply(fault: Extract<Fault, { kind: 'status' }>, standard: Reply): Reply {
  const headers = { ...standard.headers, ...fault.headers };
  if (fault.body === undefined) return { ...standard, headers };
  const body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body);
  return { status: fault.status, headers, body };
}

/** A loopback HTTP server that records what it is asked, goes wrong when told to, and stops with all its connections. */
export async function startStandIn(options: StandInOptions): Promise<StandIn> {
  const faults = createFaultBook();
  const requests: RecordedRequest[] = [];
  const timers = new Set<NodeJS.Timeout>();

  async function answer(incoming: IncomingMessage, response: ServerResponse, recorded: RecordedRequest): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://stand-in');
    const line = { method: incoming.method ?? 'GET', path: url.pathname, query: url.searchParams };
    const body = await readBody(incoming, options.maxBodyBytes);
    if (body === null) return void (await send(response, { status: 413 }));
    const fault = faults.take(line);
    if (fault?.kind === 'status')
      return void (await send(response, statusReply(fault, options.faultBody(fault.status))));
    if (fault?.kind === 'reset' && fault.when === 'before') return void incoming.socket.destroy();
    if (fault?.kind === 'hang' && fault.when === 'before') return;
    const reply = await options.handle({ ...line, headers: incoming.headers, body });
    if (fault?.kind === 'reset') return void incoming.socket.destroy();
    if (fault?.kind === 'hang') return;
    recorded.status = reply.status;
    if (fault?.kind === 'half-body') return sendHalf(response, reply);
    if (fault?.kind === 'wrong-body') return send(response, { ...reply, status: 200, body: '<html>502</html>' });
    if (fault?.kind === 'delay') {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, fault.ms);
        timers.add(timer);
      });
    }
    await send(response, reply);
  }

  const server = createServer((incoming, response) => {
    const recorded: RecordedRequest = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', status: null };
    requests.push(recorded);
    response.on('finish', () => {
      recorded.status = response.statusCode;
    });
    answer(incoming, response, recorded).catch((error: unknown) => {
      // a client that went away is its own affair; anything else must be seen by the test
      if (response.headersSent || incoming.destroyed) response.destroy();
      else void send(response, { status: 500, body: String(error) });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    faults,
    requests,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
