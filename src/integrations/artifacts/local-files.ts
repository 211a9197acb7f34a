import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** a file left unfinished for so long belongs to nobody any more */
const STALE_MS = 24 * 60 * 60_000;
const MOVE_ATTEMPTS = 3;

export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '');

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  await handle.sync().finally(() => handle.close());
}

/** Makes the folder and renames into it; once more when a delete took the empty folder away in between. */
export async function moveInto(temporary: string, file: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mkdir(dirname(file), { recursive: true });
      await rename(temporary, file);
      return await syncDirectory(dirname(file));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt === MOVE_ATTEMPTS) throw error;
    }
  }
}

/** What a killed process left half-written; whoever still writes is younger. */
export async function sweepUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const found = await stat(join(directory, name)).catch(() => null);
    if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(join(directory, name), { force: true });
  }
}
