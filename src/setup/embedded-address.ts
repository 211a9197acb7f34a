import { readFile, rm, writeFile } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fingerprint } from '../shared/ids.ts';

/**
 * Where a running embedded database listens, told to the commands beside it (`npm run apply`, `npm run token`) by a file
 * in its directory. Whoever starts the database announces it and takes the file away when it stops; one left behind by a
 * crash does no harm, because it is looked at only while the directory is in use.
 */
export async function announceEmbedded(dir: string, uri: string): Promise<() => Promise<void>> {
  const path = fileIn(dir);
  await writeFile(path, `${uri}\n`, { mode: 0o600 });
  return () => rm(path, { force: true });
}

/** The announced connection string; null when there is none. */
export async function findEmbedded(dir: string): Promise<string | null> {
  try {
    const uri = (await readFile(fileIn(dir), 'utf8')).trim();
    return uri.startsWith('mongodb://') ? uri : null;
  } catch {
    return null;
  }
}

/** The shortest limit of the systems that have such sockets (macOS: 104 bytes with the closing zero). */
const MAX_SOCKET_PATH_BYTES = 103;

/**
 * Where the embedded database of this directory listens: a Unix socket in it, or in the system's folder for temporary files
 * where MongoDB's drivers could not reach that (they want lower case); null = loopback TCP, where neither will do.
 */
export function socketPathFor(dir: string, temporary: string = tmpdir(), system: string = platform()): string | null {
  if (system === 'win32') return null;
  const name = fingerprint(resolve(dir));
  const places = [resolve(dir, 'mongo.sock'), resolve(temporary, `slipway-${name}.sock`)];
  return places.find((path) => path === path.toLowerCase() && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) ?? null;
}

function fileIn(dir: string): string {
  return join(dir, 'address');
}
