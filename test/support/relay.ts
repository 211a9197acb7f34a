import {
  request as ask,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small HTTP server between two of the parts; what it does with a request is its maker's decision. */
export interface Relay {
  /** `http://127.0.0.1:P` */
  origin: string;
  /** Cuts what is under way. */
  close(): Promise<void>;
}

/** One request as it was sent. */
export interface Asked {
  method: string;
  /** with its query */
  path: string;
  headers: IncomingHttpHeaders;
  contentType: string;
  body: Buffer;
}

export interface Answered {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer | string;
}

/** `decide` answers each request that came whole; the sender's connection is cut where it throws. */
export async function startRelay(
  decide: (asked: Asked, response: ServerResponse) => Promise<void> | void,
): Promise<Relay> {
  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming;
    const body = await readAll(incoming);
    await decide({ method, path, headers, contentType: headers['content-type'] ?? '', body }, response);
  }

  const server = createServer((incoming, response) => {
    take(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Asks `target` (an origin) the same, over a connection of its own. */
export async function forward({ method, path, headers, body }: Asked, target: string): Promise<Answered> {
  // The wait for a 100 is over: the body is here.
  const { expect: _, ...asked } = headers;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = ask(new URL(path, target), { method, headers: asked, agent: false }, resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  const answered = await readAll(answer);
  // Addresses that lead back to the target lead through the relay as well.
  const isJson = String(answer.headers['content-type']).includes('json');
  const back = isJson ? answered.toString().replaceAll(new URL(target).origin, `http://${headers.host}`) : answered;
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: back };
}

export function send(asked: Asked, response: ServerResponse, { status, headers, body }: Answered): void {
  const { 'transfer-encoding': _, connection: __, 'content-length': told, ...others } = headers;
  const isHead = asked.method === 'HEAD';
  const length = isHead ? told : String(Buffer.byteLength(body));
  response.writeHead(status, { ...others, ...(length === undefined ? {} : { 'content-length': length }) });
  response.end(isHead ? undefined : body);
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
