import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { hasErrorCode } from '../errors.ts';

/** Who holds a directory. */
interface Holder {
  readonly pid: number;
  /** When that process began, where the system tells: a pid may be given to another one later. */
  readonly startedAt: string;
}

const BEING_TAKEN_MS = 5000;

/**
 * Takes the directory for this process; returns what gives it back.
 * Throws Error if a living process (this one included) has it; the lock of a dead one is taken over.
 */
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const own: Holder = { pid: process.pid, startedAt: await startOf(process.pid) };
  for (let attempt = 0; attempt < 5; attempt += 1) {
    if (await isTaken(path, own)) return () => rm(path, { force: true });
    await removeStale(path);
  }
  throw new Error(`${path}: could not be taken`);
}

/** Whether this process has the lock now: only one can make the file. */
async function isTaken(path: string, own: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(own));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (hasErrorCode(error, 'EEXIST')) return false;
    // Made, but there was no room for what it says.
    await rm(path, { force: true });
    throw error;
  }
}

async function removeStale(path: string): Promise<void> {
  const content = await readOrNothing(path);
  if (content === undefined) return;
  const holder = parseHolder(content);
  if (holder && (await isAlive(holder))) throw inUse(path, holder);
  // Between making the file and writing into it nobody may take it away.
  if (!holder && (await ageOf(path)) < BEING_TAKEN_MS) throw new Error(`${path}: another process is just taking it`);
  // Moved away first: only one process gets to move it, and what was moved must be what was read.
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readOrNothing(aside);
  if (moved !== content) {
    await rename(aside, path);
    const winner = parseHolder(moved ?? '');
    throw winner ? inUse(path, winner) : new Error(`${path}: taken by another process`);
  }
  await rm(aside, { force: true });
}

function inUse(path: string, holder: Holder): Error {
  return new Error(
    `${path}: the directory is in use by process ${holder.pid}; only one embedded database may run on it`,
  );
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!hasErrorCode(error, 'EPERM')) return false;
  }
  const startedAt = await startOf(holder.pid);
  return startedAt === '' || holder.startedAt === '' || startedAt === holder.startedAt;
}

/** The boot and the tick at which a process began (Linux); '' elsewhere. */
async function startOf(pid: number): Promise<string> {
  const [boot, stat] = await Promise.all([
    readOrNothing('/proc/sys/kernel/random/boot_id'),
    readOrNothing(`/proc/${pid}/stat`),
  ]);
  const tick = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return boot !== undefined && tick !== undefined ? `${boot.trim()}/${tick}` : '';
}

async function ageOf(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return Number.POSITIVE_INFINITY;
    throw error;
  }
}

function parseHolder(content: string): Holder | undefined {
  try {
    const parsed: unknown = JSON.parse(content);
    if (typeof parsed !== 'object' || parsed === null || !('pid' in parsed) || typeof parsed.pid !== 'number')
      return undefined;
    return { pid: parsed.pid, startedAt: 'startedAt' in parsed ? String(parsed.startedAt) : '' };
  } catch {
    return undefined;
  }
}

async function readOrNothing(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}
