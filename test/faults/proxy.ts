import {
  request as ask,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Answer, Fault } from './kinds.ts';

/** One request as the bot sent it. */
export interface Asked {
  method: string;
  /** with its query */
  path: string;
  contentType: string;
  body: Buffer;
}

export interface FaultProxy {
  /** `http://127.0.0.1:P` */
  origin: string;
  close(): Promise<void>;
}

interface Passed {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Stands before a stand-in; `faultFor` says of each request what goes wrong with it, null = nothing. */
export async function startFaultProxy(target: string, faultFor: (asked: Asked) => Fault | null): Promise<FaultProxy> {
  async function carryOut(incoming: IncomingMessage, body: Buffer): Promise<Passed> {
    const { method = 'GET', url: path = '/' } = incoming;
    const { expect: _, ...headers } = incoming.headers;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = ask(new URL(path, target), { method, headers, agent: false }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    const answered = await readAll(answer);
    // Addresses that lead back to the stand-in lead through here as well.
    const isJson = String(answer.headers['content-type']).includes('json');
    const here = isJson ? Buffer.from(answered.toString().replaceAll(new URL(target).origin, own)) : answered;
    return { status: answer.statusCode ?? 502, headers: answer.headers, body: here };
  }

  function send(incoming: IncomingMessage, response: ServerResponse, { status, headers, body }: Passed | Answer): void {
    const { 'transfer-encoding': _, 'content-length': told, ...others } = headers;
    const isHead = incoming.method === 'HEAD';
    const length = isHead ? told : String(Buffer.byteLength(body));
    response.writeHead(status, { ...others, ...(length === undefined ? {} : { 'content-length': length }) });
    response.end(isHead ? undefined : body);
  }

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const { method = 'GET', url: path = '/', headers } = incoming;
    const fault = faultFor({ method, path, contentType: headers['content-type'] ?? '', body });
    if (fault?.kind === 'reset' && fault.when === 'before') return void incoming.socket.destroy();
    if (fault?.kind === 'token') return send(incoming, response, fault.answer);
    if (fault?.kind === 'answer' && !fault.carriedOut) return send(incoming, response, fault.answer);
    if (fault?.kind === 'delay') await pause(fault.ms);
    const right = await carryOut(incoming, body);
    if (fault?.kind === 'reset') return void incoming.socket.destroy();
    if (fault?.kind === 'answer') return send(incoming, response, fault.answer);
    if (fault?.kind !== 'half-body') return send(incoming, response, right);
    const { 'transfer-encoding': _, ...others } = right.headers;
    response.writeHead(right.status, { ...others, 'content-length': String(right.body.length) });
    response.write(right.body.subarray(0, Math.floor(right.body.length / 2)), () => response.destroy());
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: own,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
