import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectPersistence } from '../../src/persistence/index.ts';
import { sha256Hex } from '../../src/shared/crypto.ts';
import { testDatabase } from '../support/database.ts';
import { EXAMPLE } from './support.ts';

/** `npm run apply` and `npm run token` as processes of their own, on the embedded database in a fresh directory. */

// Each starts several processes one after the other; a busy machine needs its time for that.
jest.setTimeout(120_000);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-commands-'));
});
afterEach(() => rm(dir, { recursive: true }));

interface Ended {
  code: number;
  out: string;
  err: string;
}
function run(command: 'apply' | 'token', parameters: string[], env: Record<string, string> = {}): Promise<Ended> {
  const script = resolve('bin', `${command}.ts`);
  const tsx = require.resolve('tsx');
  return new Promise((done) => {
    const { PATH = '' } = process.env;
    const options = { cwd: dir, env: { PATH, GITHUB_TOKEN: 'ghp_very_secret', ...env } };
    execFile(process.execPath, ['--import', tsx, script, ...parameters], options, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test('a fresh machine: set up from a file without a database at hand, then a token, each told plainly', async () => {
  await writeFile(join(dir, 'acme.yaml'), EXAMPLE);
  const made = await run('apply', ['acme.yaml', '--no-verify']);
  expect([made.code, made.out.split('\n')[0]]).toEqual([0, 'These changes were made:']);
  const again = await run('apply', ['acme.yaml', '--no-verify']);
  expect([again.code, again.out]).toEqual([0, 'nothing to change\n']);
  const token = await run('token', ['--tenant', 'T01TEST', '--name', 'ci', '--scopes', 'releases:read,builds:write']);
  expect([token.code, token.out]).toEqual([0, expect.stringMatching(/^slw_[\w-]{43}\n$/)]);
  expect([made, again].map(({ out, err }) => out + err).join()).not.toContain('ghp_very_secret');
  expect((await readdir(join(dir, 'data'))).sort()).toEqual(['credential-keys', 'mongo']);
});

test('mistakes and a database that is not there are sentences, not stacks, and exit 1', async () => {
  await writeFile(join(dir, 'bad.yaml'), EXAMPLE.replace('flow: STAGED', 'flow: QUICK'));
  const bad = await run('apply', ['bad.yaml']);
  expect([bad.code, bad.out, bad.err]).toEqual([
    1,
    '',
    '1 mistake in bad.yaml; nothing was changed:\n  line 13: configuration "Mobile": flow: QUICK is not available yet\n',
  ]);
  const unset = await run('apply', ['bad.yaml'], { PORT: 'x', NODE_ENV: 'production' });
  expect([unset.code, unset.err]).toEqual([1, expect.stringMatching(/PORT: expected[\s\S]*MONGODB_URI is missing/)]);
  for (const { err } of [bad, unset]) expect(err).not.toMatch(/\n\s+at /);
  expect((await run('token', ['--tenant', 'T1'])).code).toBe(2);
  expect(await run('token', ['--tenant', 'T1', '--name', 'n', '--scopes', 'all'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('expected releases:read, releases:write, builds:write'),
  });
});

test('with MONGODB_URI both work on that database', async () => {
  const database = await testDatabase();
  try {
    await writeFile(join(dir, 'acme.yaml'), EXAMPLE);
    const env = { MONGODB_URI: database.uri };
    expect((await run('apply', ['acme.yaml', '--no-verify'], env)).code).toBe(0);
    const { out } = await run('token', ['--tenant', 'T01TEST', '--name', 'ci', '--scopes', 'releases:read'], env);
    const { repositories, close } = await connectPersistence({ uri: database.uri });
    try {
      expect(await repositories.tokens.findByHash(sha256Hex(out.trim()))).toMatchObject({
        name: 'ci',
        createdBy: 'npm run token',
      });
    } finally {
      await close();
    }
  } finally {
    await database.close();
  }
});
