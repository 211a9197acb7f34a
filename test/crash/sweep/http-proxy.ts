import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Effect, Gate } from './gate.ts';

/** One request as the bot sent it. */
export interface Asked {
  method: string;
  /** with its query */
  path: string;
  contentType: string;
  body: Buffer;
}

export interface HttpProxy {
  /** `http://127.0.0.1:P` */
  origin: string;
  close(): Promise<void>;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Stands before a stand-in: passes on what only reads (`identify` answers null), and lets `gate` see the rest. */
export async function startHttpProxy(
  target: string,
  gate: Gate,
  identify: (asked: Asked) => Effect | null,
): Promise<HttpProxy> {
  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const { method = 'GET', url: path = '/', headers } = incoming;
    const effect = identify({ method, path, contentType: headers['content-type'] ?? '', body });
    const entered = effect && gate.enter(effect);
    if (entered?.before) return;
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = ask(new URL(path, target), { method, headers, agent: false }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    const answered = await readAll(answer);
    if (entered?.after()) return;
    const { 'content-length': _, 'transfer-encoding': __, ...answerHeaders } = answer.headers;
    // Addresses that lead back to the stand-in lead through here as well.
    const isText = String(answer.headers['content-type']).includes('json');
    response.writeHead(answer.statusCode ?? 502, answerHeaders);
    response.end(isText ? answered.toString().replaceAll(new URL(target).origin, own) : answered);
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
