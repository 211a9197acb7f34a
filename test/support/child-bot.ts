import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The real bot as `npm start` runs it, in a process of its own that can be killed. */
export interface ChildBot {
  /** The first time it lets it start; from then on it moves its clock: the world's, and so much more. */
  setOffset(offsetMs: number): void;
  /** Resolves when it lives in the time that it was told last, or is gone. */
  inStep(): Promise<void>;
  /** Where it listens; rejects when it ended before, whatever ended it. */
  up: Promise<number>;
  /** SIGKILL, at once; whoever needs it gone awaits `exited`. */
  kill(): void;
  /** SIGTERM: it stops by itself. */
  stop(): void;
  exited: Promise<void>;
  output(): string;
}

const UP = /"port":(\d+).*"Slipway is up"/;

const MOVED_TIME = pathToFileURL(join(import.meta.dirname, 'moved-time.mjs')).href;

/** Loads it, `program` being the directory of `compileProgram`; it starts with `setOffset`. */
export function loadChildBot(options: { env: Record<string, string>; cwd: string; program: string }): ChildBot {
  const { program } = options;
  const child = spawn(process.execPath, ['--import', MOVED_TIME, join(program, 'bin', 'start.js')], {
    // Nothing of the machine's own environment, and no `.env` of whoever runs the tests.
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      TEST_MAIN: pathToFileURL(join(program, 'src', 'main.js')).href,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  let isUp = false;
  const up = new Promise<number>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = isUp ? null : UP.exec(output);
      if (!found) return;
      isUp = true;
      resolve(Number(found[1]));
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => reject(new Error(`the bot ended with ${code} before it was up:\n${output}`)));
  });
  // Whoever waits for it is told; nobody may be waiting.
  up.catch(() => undefined);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let inStep = Promise.resolve();
  return {
    up,
    exited,
    output: () => output,
    setOffset(offsetMs) {
      if (!child.connected) return;
      const heard = new Promise<void>((resolve) => {
        const hear = (told: unknown) => {
          if ((told as { offsetMs: number }).offsetMs !== offsetMs) return;
          child.off('message', hear);
          resolve();
        };
        child.on('message', hear);
      });
      inStep = Promise.race([heard, exited]);
      child.send({ offsetMs });
    },
    inStep: () => inStep,
    kill: () => void child.kill('SIGKILL'),
    stop: () => void child.kill('SIGTERM'),
  };
}
