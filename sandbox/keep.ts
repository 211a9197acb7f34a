import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { ConfigError } from '../src/shared/errors.ts';

/**
 * What the sandbox's stand-ins hold, in one file: the bot's own database remembers a Slack and a GitHub, so they have to be
 * there again after a restart. Written every few seconds where something changed, and at the end.
 */
export interface KeptSandbox {
  /** the sandbox's time; it goes on from here, or from now where that is later */
  at: Date;
  slack: Buffer;
  slackPort: number;
  github: Buffer;
  githubPort: number;
}

/** in the data directory, beside `mongo/` */
export const KEPT_DIR = 'sandbox';
const FORMAT = 1;
const LOOK_EVERY_MS = 2_000;

/** Null when nothing was kept there. Throws what a person can act on when it cannot be read. */
export async function readKept(dataDir: string): Promise<KeptSandbox | null> {
  const path = fileIn(dataDir);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `what the sandbox kept cannot be read: ${reason}. Put that right, or name another directory, e.g. SLIPWAY_DATA_DIR=./data-2`,
    ]);
  }
  try {
    const { format, ...kept } = deserialize(bytes) as KeptSandbox & { format: number };
    if (format === FORMAT) return kept;
  } catch {
    // said below
  }
  throw new ConfigError([`${path} is damaged or of another version. Begin anew with: npm start -- --fresh`]);
}

/** Writes what `look` gives, at once and whenever it changed, until `stop`, which writes it for the last time. */
export async function keepIn(dataDir: string, look: () => KeptSandbox): Promise<{ stop(): Promise<void> }> {
  await mkdir(join(dataDir, KEPT_DIR), { recursive: true, mode: 0o700 });
  let last: KeptSandbox | null = null;
  let writing = Promise.resolve();

  async function write(kept: KeptSandbox): Promise<void> {
    const path = fileIn(dataDir);
    await writeFile(`${path}.new`, serialize({ format: FORMAT, ...kept }), { mode: 0o600 });
    await rename(`${path}.new`, path);
    last = kept;
  }
  const isNews = (kept: KeptSandbox) => !last?.slack.equals(kept.slack) || !last.github.equals(kept.github);

  await write(look());
  const timer = setInterval(() => {
    const kept = look();
    // A full disk must not end the sandbox; the last write, at the end, tells.
    if (isNews(kept)) writing = writing.then(() => write(kept)).catch(() => undefined);
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await writing;
      await write(look());
    },
  };
}

/** Starts a stand-in at the port it had, so that links in old messages still lead there; at any other when that is taken. */
export async function atPort<T>(port: number | undefined, start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(port ?? 0);
  } catch (error) {
    if (port === undefined || !hasCode(error, 'EADDRINUSE')) throw error;
    return start(0);
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

export function fileIn(dataDir: string): string {
  return join(dataDir, KEPT_DIR, 'stand-ins');
}
