import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, rmdir, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InvariantError, PermanentError, ProviderError, TransientError } from '../../shared/errors.ts';
import { codeOf, moveInto, sweepUnfinished } from './local-files.ts';
import { createMeter, formatBytes } from './meter.ts';
import { partsOfPath } from './path.ts';
import type { ArtifactStore } from './port.ts';

const PROVIDER = 'LOCAL';
/** where files grow before they get their name: on the same file system, so that the rename is one step */
const UNFINISHED = '.unfinished';
const WRITE_BUFFER_BYTES = 1024 * 1024;

const WORDS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'the directory may not be used by this process',
  EPERM: 'the directory may not be used by this process',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  EIO: 'the disk does not work',
  ENOTDIR: 'its path leads through a file',
  EEXIST: 'its path leads through a file',
};
const PASSING = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'EIO']);

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error));

/** Faults of the disk; what came out of the bytes' own source goes on as it is. */
function mapFault(error: unknown, operation: string): unknown {
  const detail = WORDS[codeOf(error)];
  if (error instanceof ProviderError || detail === undefined) return error;
  const fault = { provider: PROVIDER, operation, status: null, detail };
  return PASSING.has(codeOf(error)) ? new TransientError(fault) : new PermanentError(fault);
}

function notThere(operation: string, path: string): PermanentError {
  return new PermanentError({ provider: PROVIDER, operation, status: 404, detail: `there is no ${path}` });
}

/**
 * Build files in a directory. A file is written under another name, flushed to disk and then renamed, so that a path either
 * holds the whole file or nothing, also after a crash. Spec 8.3.
 */
export function createLocalStore(config: { directory: string }): ArtifactStore {
  const root = resolve(config.directory);
  const unfinished = join(root, UNFINISHED);
  let isSwept = false;

  function fileOf(path: string): string {
    const parts = partsOfPath(path);
    if (parts[0] === UNFINISHED) throw new InvariantError(`a path may not begin with ${UNFINISHED}`);
    return join(root, ...parts);
  }

  async function prepare(): Promise<void> {
    await mkdir(unfinished, { recursive: true });
    if (isSwept) return;
    isSwept = true;
    await sweepUnfinished(unfinished);
  }

  async function guarded<T>(operation: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw mapFault(error, operation);
    }
  }

  return {
    write: (path, bytes, { maxBytes, onProgress, signal }) =>
      guarded('write', async () => {
        const file = fileOf(path);
        const temporary = join(unfinished, randomUUID());
        const meter = createMeter({ maxBytes, ...(onProgress ? { onProgress } : {}) });
        try {
          await prepare();
          const handle = await open(temporary, 'wx');
          const sink = handle.createWriteStream({ flush: true, highWaterMark: WRITE_BUFFER_BYTES });
          await pipeline(bytes, meter.stream, sink, signal ? { signal } : {});
          await moveInto(temporary, file);
        } catch (error) {
          bytes.destroy();
          await rm(temporary, { force: true });
          throw error;
        }
        return { path, sizeBytes: meter.writtenBytes(), sha256: meter.sha256() };
      }),

    read: (path, range) =>
      guarded('read', async () => {
        const handle = await open(fileOf(path), 'r').catch((error: unknown) => {
          throw isMissing(error) ? notThere('read', path) : error;
        });
        const found = await handle.stat();
        if (!found.isFile() || (range && range.start >= found.size)) {
          await handle.close();
          if (!found.isFile()) throw notThere('read', path);
          const detail = `${path} has ${found.size} bytes, asked for those from ${range?.start}`;
          throw new PermanentError({ provider: PROVIDER, operation: 'read', status: 416, detail });
        }
        return handle.createReadStream(range ? { start: range.start, end: range.endInclusive } : {});
      }),

    head: (path) =>
      guarded('head', async () => {
        try {
          const found = await stat(fileOf(path));
          return found.isFile() ? { sizeBytes: found.size } : null;
        } catch (error) {
          if (isMissing(error)) return null;
          throw error;
        }
      }),

    delete: (path) =>
      guarded('delete', async () => {
        const parts = partsOfPath(path);
        await rm(fileOf(path), { force: true }).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
        // the folders of a release go with its last file
        for (let depth = parts.length - 1; depth > 0; depth -= 1) {
          const isGone = await rmdir(join(root, ...parts.slice(0, depth))).then(
            () => true,
            () => false,
          );
          if (!isGone) break;
        }
      }),

    signedLink: async () => null,

    verify: () =>
      guarded('verify', async () => {
        await prepare();
        const probe = join(unfinished, randomUUID());
        await (await open(probe, 'wx')).close();
        await rm(probe);
        const { bavail, bsize } = await statfs(root);
        return { detail: `directory ${root}, ${formatBytes(bavail * bsize)} free` };
      }),
  };
}
