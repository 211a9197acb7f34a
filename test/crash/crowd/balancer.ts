import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Random } from './random.ts';

/** One address before several instances: each request goes to any that listens. */
export interface Balancer {
  /** `http://127.0.0.1:P` */
  origin: string;
  close(): Promise<void>;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `ports` are those that listen now. 503 when none does; the sender's connection is cut when its instance dies over it. */
export async function startBalancer(ports: () => number[], random: Random): Promise<Balancer> {
  function askInstance(port: number, incoming: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method, url: path, headers } = incoming;
      const outgoing = ask({ host: '127.0.0.1', port, method, path, headers, agent: false }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    for (const port of random.shuffled(ports())) {
      try {
        const answer = await askInstance(port, incoming, body);
        const answered = await readAll(answer);
        const { 'transfer-encoding': _, connection: __, ...headers } = answer.headers;
        response.writeHead(answer.statusCode ?? 502, headers).end(answered);
        return;
      } catch (error) {
        // Nobody listens there any more: another one may take it. What was taken by one is not given to a second.
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      }
    }
    response.writeHead(503).end();
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
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
