import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** `npm run embedded-mongo` as people type it: what it answers to what it cannot do (Spec 8.1). */

function run(...parameters: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', 'bin/embedded-mongo.ts', ...parameters];
    execFile(process.execPath, command, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

test('--help names every option', async () => {
  const { code, output } = await run('--help');
  expect(code).toBe(0);
  for (const option of ['--port', '--socket', '--dir', '--allow-production']) expect(output).toContain(`\n  ${option}`);
});

test('what cannot be is refused with a sentence and the exit code 2', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const taken = String(typeof address === 'object' && address ? address.port : 0);
  try {
    const [misspelled, both, inUse] = await Promise.all([
      run('--prot', '1'),
      run('--port', '0', '--socket', 'x.sock'),
      run('--port', taken),
    ]);
    expect(misspelled).toEqual({ code: 2, output: expect.stringMatching(/^Unknown option '--prot'\n\nnpm run/) });
    expect(both).toEqual({ code: 2, output: '--port and --socket: give the one or the other\n' });
    expect(inUse).toEqual({ code: 2, output: expect.stringContaining(`--port ${taken}: another program listens`) });
    expect(inUse.output).not.toMatch(/\n\s+at /);
  } finally {
    other.close();
  }
});
