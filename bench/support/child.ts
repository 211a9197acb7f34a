import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A server in a process of its own, so that its memory and its time are its own. */
export interface Server {
  port: number;
  /** resident memory now, bytes */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** Starts a script and waits for the first line that names its port: `"port":1234` or `:1234/`. */
export async function startServer(script: string, args: string[], env: NodeJS.ProcessEnv): Promise<Server> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!child.stdout) throw new Error('the child has no output');
  const lines = createInterface({ input: child.stdout });
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it was ready`)));
    lines.on('line', (line) => {
      const found = /"port":(\d+)/.exec(line) ?? /127\.0\.0\.1:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
  });
  return {
    port,
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** The highest resident memory while `work` runs, looked at every 20 ms. */
export async function peakResident<T>(
  server: Server,
  work: () => Promise<T>,
): Promise<{ result: T; peakBytes: number }> {
  let peakBytes = server.residentBytes();
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, server.residentBytes());
  }, 20);
  try {
    return { result: await work(), peakBytes };
  } finally {
    clearInterval(timer);
  }
}
