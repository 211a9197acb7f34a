import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError, TransientError } from '../../shared/errors.ts';
import { type Connection, describeFault, requestPart, type SlackFile, withinIdle } from './slack-file-request.ts';

const DEFAULT_TRIES = 5;
const DEFAULT_IDLE_MS = 30_000;
const LONGEST_WAIT_MS = 30_000;
const READ_AHEAD_BYTES = 256 * 1024;

export interface OpenSlackFileOptions {
  /** `url_private_download` or `url_private` */
  url: string;
  /** as Slack says; null = unknown */
  sizeBytes: number | null;
  token: string;
  /** see `slackFileOrigins` */
  allowedOrigins: readonly string[];
  /** connections opened at most without a byte of progress between them; default 5 */
  maxTries?: number | undefined;
  /** longest silence of the server before the connection counts as broken; default 30 s */
  idleMs?: number | undefined;
  fetch?: typeof fetch | undefined;
  wait?: ((ms: number) => Promise<void>) | undefined;
}

/**
 * Opens a file that lies at Slack. Resolves once its answer is there, so that a bad token (`AuthError`) or a file that
 * is gone (`PermanentError`) shows before anything is stored. A connection that breaks is taken up again with a Range
 * request where it broke off; after `maxTries` without progress the stream fails with `TransientError`. It fails too
 * when the length is not `sizeBytes`. Flat in memory: at most 256 KiB are read ahead. Spec 3.3.
 */
export async function openSlackFile(options: OpenSlackFileOptions): Promise<Readable> {
  const file: SlackFile = {
    url: options.url,
    token: options.token,
    allowedOrigins: options.allowedOrigins,
    fetch: options.fetch ?? fetch,
    idleMs: options.idleMs ?? DEFAULT_IDLE_MS,
    offset: 0,
    skip: 0,
    etag: null,
    total: options.sizeBytes,
  };
  const tries: Tries = { failures: 0, max: options.maxTries ?? DEFAULT_TRIES, wait: options.wait ?? delay };
  const first = await connect(file, tries);
  return Readable.from(chunks(file, tries, first), { objectMode: false, highWaterMark: READ_AHEAD_BYTES });
}

interface Tries {
  /** in a row, without a byte of progress between them */
  failures: number;
  max: number;
  wait: (ms: number) => Promise<void>;
}

/** Opens the connection at `file.offset`, again after faults that pass. */
async function connect(file: SlackFile, tries: Tries): Promise<Connection> {
  for (;;) {
    try {
      return await requestPart(file);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      await countFailure(tries, error);
    }
  }
}

async function countFailure(tries: Tries, error: TransientError): Promise<void> {
  tries.failures += 1;
  const { retryAfterMs } = error;
  // Who asks for more must not be asked before: the file is left to be shared again.
  if (retryAfterMs !== null && retryAfterMs > LONGEST_WAIT_MS) throw error;
  if (tries.failures >= tries.max) {
    const detail = `${error.fault.detail}; given up after ${tries.failures} tries`;
    throw new TransientError(describeFault(error.fault.status, detail), null, { cause: error });
  }
  await tries.wait(retryAfterMs ?? Math.min(250 * 2 ** tries.failures, LONGEST_WAIT_MS));
}

async function* chunks(file: SlackFile, tries: Tries, first: Connection): AsyncGenerator<Uint8Array> {
  let connection = first;
  try {
    for (;;) {
      const part = await readPart(file, connection);
      if (part === 'end') return;
      if (part instanceof TransientError) {
        connection.abort.abort();
        await countFailure(tries, part);
        connection = await connect(file, tries);
      } else if (part.length > 0) {
        tries.failures = 0;
        yield part;
      }
    }
  } finally {
    // Also when the reader gave up half-way: the connection must not stay open.
    connection.abort.abort();
  }
}

async function readPart(file: SlackFile, connection: Connection): Promise<Uint8Array | 'end' | TransientError> {
  let read: Awaited<ReturnType<Connection['reader']['read']>>;
  try {
    read = await withinIdle(connection.abort, file.idleMs, () => connection.reader.read());
  } catch (error) {
    if (file.offset === file.total) return 'end';
    return new TransientError(describeFault(null, 'the download broke off'), null, { cause: error });
  }
  if (read.done) {
    if (file.total === null || file.offset === file.total) return 'end';
    const detail = `the download ended after ${file.offset} of ${file.total} bytes`;
    return new TransientError(describeFault(null, detail));
  }
  const bytes = read.value.subarray(Math.min(file.skip, read.value.length));
  file.skip -= read.value.length - bytes.length;
  file.offset += bytes.length;
  if (file.total !== null && file.offset > file.total) {
    throw new PermanentError(describeFault(200, `the file is longer than the ${file.total} bytes Slack told`));
  }
  return bytes;
}
