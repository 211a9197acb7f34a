import { chmod, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { createCursors } from './commands/cursors.ts';
import type { Shared } from './commands/dispatch.ts';
import { createSessions } from './commands/sessions.ts';
import { serveConnection } from './connection.ts';
import { createStore } from './store/store.ts';

/** Where the server says what it does; pino's loggers fit. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface EmbeddedMongoOptions {
  /** TCP on 127.0.0.1; 0 (the default without a socket path) takes a free one. */
  readonly port?: number;
  /** A Unix socket instead, with mode 0600. */
  readonly socketPath?: string;
  /** Where the data is kept; without it everything is in memory and ends with the process. */
  readonly dir?: string;
  readonly logger?: Logger;
}

export interface EmbeddedMongo {
  /** What clients connect to. */
  readonly uri: string;
  close(): Promise<void>;
}

const HOUSEKEEPING_MS = 60_000;

/**
 * Starts the embedded database: a server for MongoDB drivers, for evaluation and tests, on loopback or a Unix socket.
 * See README.md of this room for what it supports.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions = {}): Promise<EmbeddedMongo> {
  const store = createStore();
  const cursors = createCursors();
  const sessions = createSessions();
  const sockets = new Set<Socket>();
  let address = '';
  const shared: Shared = { store, cursors, sessions, address: () => address };
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    serveConnection(socket, shared, connections, () => undefined).catch((error: unknown) => {
      if (!isReset(error)) options.logger?.warn({ err: error }, 'embedded database: connection ended');
    });
  });
  await listen(server, options);
  address = addressOf(server, options);
  const timer = setInterval(() => {
    cursors.expire(Date.now());
    sessions.expire(Date.now());
  }, HOUSEKEEPING_MS);
  timer.unref();
  const uri = options.socketPath === undefined ? `mongodb://${address}/` : `mongodb://${encodeURIComponent(address)}/`;
  options.logger?.info({ uri }, 'embedded database ready: for evaluation and tests, not MongoDB');

  async function close(): Promise<void> {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (options.socketPath !== undefined) await rm(options.socketPath, { force: true });
  }

  return { uri, close };
}

async function listen(server: Server, options: EmbeddedMongoOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (options.socketPath === undefined) server.listen(options.port ?? 0, '127.0.0.1', ready);
    else server.listen(options.socketPath, ready);
  });
  if (options.socketPath !== undefined) await chmod(options.socketPath, 0o600);
}

function addressOf(server: Server, options: EmbeddedMongoOptions): string {
  if (options.socketPath !== undefined) return options.socketPath;
  const bound = server.address();
  return `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
}

function isReset(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(String(error.code))
  );
}
