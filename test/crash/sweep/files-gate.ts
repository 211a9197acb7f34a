import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gate } from './gate.ts';
import type { HttpProxy } from './http-proxy.ts';

/** Asked by `watched-files.mjs` inside the bot; a question that is not answered holds the bot there. */
export async function startFilesGate(gate: Gate, plain: (text: string) => string): Promise<HttpProxy> {
  const open = new Map<string, () => boolean>();
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://gate').searchParams;
    const id = query.get('id') ?? String(open.size + 1);
    if (query.get('when') === 'after') {
      if (open.get(id)?.()) return;
    } else {
      const path = plain(query.get('path') ?? '').replace(/^\.unfinished\/.*/, '.unfinished');
      const entered = gate.enter({ kind: 'files', identity: `${query.get('what')} ${path}` });
      if (entered.before) return;
      open.set(id, entered.after);
    }
    response.writeHead(204, { 'x-id': id }).end();
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
