import { lstat, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createCursors } from './commands/cursors.ts';
import type { Shared } from './commands/dispatch.ts';
import { createSessions } from './commands/sessions.ts';
import { serveConnection } from './connection.ts';
import { openDirectory } from './durability/directory.ts';
import { hasErrorCode, messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import { createStore } from './store/store.ts';
import { sweepExpired } from './store/ttl.ts';

export type { Logger } from './logger.ts';

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
/** The shortest limit of the systems that have such sockets (macOS: 104 bytes with the closing zero). */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Starts the embedded database: a server for MongoDB drivers, for evaluation and tests, on loopback or a Unix socket.
 * See README.md of this room for what it supports.
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions = {}): Promise<EmbeddedMongo> {
  const directory =
    options.dir === undefined ? undefined : await openDirectory(options.dir, { logger: options.logger });
  const store = directory?.store ?? createStore();
  const cursors = createCursors();
  const sessions = createSessions(store);
  const sockets = new Set<Socket>();
  let address = '';
  const shared: Shared = { store, cursors, sessions, address: () => address, logger: options.logger };
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    // Told to the reader of the socket too; without a listener it would end the process.
    socket.on('error', () => {});
    serveConnection(socket, shared, connections, () => directory?.journal.settled()).catch((error: unknown) => {
      if (!hasErrorCode(error, 'ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'))
        options.logger?.warn({ err: error }, 'embedded database: connection ended');
    });
  });
  try {
    await listen(server, options);
  } catch (error) {
    await directory?.close();
    throw error;
  }
  address = addressOf(server, options);
  const keepHouse = (): void => {
    sweepExpired(store, new Date());
    cursors.expire(Date.now());
    sessions.expire(Date.now());
    void directory?.compactIfDue();
  };
  keepHouse();
  const timer = setInterval(keepHouse, HOUSEKEEPING_MS);
  timer.unref();
  const uri = options.socketPath === undefined ? `mongodb://${address}/` : `mongodb://${encodeURIComponent(address)}/`;
  options.logger?.info({ uri }, 'embedded database ready: for evaluation and tests, not MongoDB');

  async function close(): Promise<void> {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    await directory?.close();
    if (options.socketPath !== undefined) await rm(options.socketPath, { force: true });
  }

  return { uri, close };
}

async function listen(server: Server, options: EmbeddedMongoOptions): Promise<void> {
  if (options.socketPath !== undefined) await prepareSocket(options.socketPath);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const ready = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (options.socketPath === undefined) server.listen(options.port ?? 0, '127.0.0.1', ready);
    else listenPrivately(server, options.socketPath, ready);
  });
}

/** The socket is made within the call, with mode 0600 from its first moment. */
function listenPrivately(server: Server, path: string, ready: () => void): void {
  const before = process.umask(0o177);
  try {
    server.listen(path, ready);
  } finally {
    process.umask(before);
  }
}

/** A socket left behind by a process that is gone is removed; one that answers is in use. */
async function prepareSocket(path: string): Promise<void> {
  if (path !== path.toLowerCase() || !path.endsWith('.sock')) {
    throw new Error(`${path}: MongoDB's drivers reach only sockets whose path is in lower case and ends in .sock`);
  }
  // A longer one would be cut short without a word.
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    throw new Error(`${path}: the path of a socket may have at most ${MAX_SOCKET_PATH_BYTES} bytes`);
  const problem = await new Promise<unknown>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(undefined);
    });
    probe.on('error', resolve);
  });
  if (hasErrorCode(problem, 'ENOENT')) {
    const folder = dirname(path);
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new Error(`${path}: there is no folder ${folder} to make the socket in`);
    return;
  }
  if (problem === undefined || hasErrorCode(problem, 'EAGAIN'))
    throw new Error(`${path}: another server listens there`);
  if (!hasErrorCode(problem, 'ECONNREFUSED')) throw new Error(`${path}: cannot listen there (${messageOf(problem)})`);
  if (!(await lstat(path)).isSocket()) throw new Error(`${path}: there is a file, and it is no socket`);
  await rm(path, { force: true });
}

function addressOf(server: Server, options: EmbeddedMongoOptions): string {
  if (options.socketPath !== undefined) return options.socketPath;
  const bound = server.address();
  return `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
}
