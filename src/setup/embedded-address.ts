import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

function fileIn(dir: string): string {
  return join(dir, 'address');
}
