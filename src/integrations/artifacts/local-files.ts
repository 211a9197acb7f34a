import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** a file left unfinished for so long belongs to nobody any more */
const STALE_MS = 24 * 60 * 60_000;
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024;
const MOVE_ATTEMPTS = 3;

export const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code ?? '');

/** Has the disk write while bytes still come in, so that the flush at the end is short; that one reports what went wrong. */
export function earlyFlush(handle: FileHandle): (writtenBytes: number) => void {
  let flushedAt = 0;
  let isBusy = false;
  return (writtenBytes) => {
    if (isBusy || writtenBytes - flushedAt < FLUSH_EVERY_BYTES) return;
    isBusy = true;
    flushedAt = writtenBytes;
    const done = (): void => {
      isBusy = false;
    };
    handle.datasync().then(done, done);
  };
}

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
