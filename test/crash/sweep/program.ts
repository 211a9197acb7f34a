import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * Compiles the bot as it is now, beside everything that is edited meanwhile: a sweep starts it a thousand times. Returns
 * the directory; inside of `node_modules`, so that packages are found.
 */
export async function compileProgram(): Promise<{ directory: string; remove(): Promise<void> }> {
  const directory = join(ROOT, 'node_modules', '.cache', `slipway-crash-${process.pid}`);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  await promisify(execFile)(process.execPath, [tsc, '-p', ROOT, '--outDir', directory, '--sourceMap', 'false']);
  return { directory, remove: () => rm(directory, { recursive: true, force: true }) };
}
