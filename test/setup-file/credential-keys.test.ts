import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCredentialKeys } from '../../src/setup/credential-keys.ts';
import { announceEmbedded, findEmbedded, socketPathFor } from '../../src/setup/embedded-address.ts';
import { ConfigError } from '../../src/shared/errors.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-keys-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('keys of the environment are taken, and no file is made', async () => {
  const credentialKeys = [{ id: 'k1', key: Buffer.alloc(32) }];
  expect(await loadCredentialKeys({ credentialKeys, dataDir: dir })).toEqual({
    keys: credentialKeys,
    source: 'CREDENTIAL_KEYS',
  });
  expect(await readdir(dir)).toEqual([]);
});

test('without them a key is made once, readable by its owner alone, and found again', async () => {
  const dataDir = join(dir, 'data');
  const first = await loadCredentialKeys({ credentialKeys: null, dataDir });
  expect(first.keys).toHaveLength(1);
  expect((await stat(first.source)).mode & 0o777).toBe(0o600);
  expect(await loadCredentialKeys({ credentialKeys: null, dataDir })).toEqual(first);
  expect(await readdir(dataDir)).toEqual(['credential-keys']);
});

test('several that start at once get the same key', async () => {
  const all = await Promise.all(
    Array.from({ length: 8 }, () => loadCredentialKeys({ credentialKeys: null, dataDir: dir })),
  );
  const [first] = all;
  for (const one of all) expect(one).toEqual(first);
  expect(await readdir(dir)).toEqual(['credential-keys']);
});

test('a directory that cannot be used is a fault that names the variable, and how to do without', async () => {
  await writeFile(join(dir, 'file'), '');
  const refused = loadCredentialKeys({ credentialKeys: null, dataDir: join(dir, 'file') });
  await expect(refused).rejects.toMatchObject({
    faults: [expect.stringMatching(/^SLIPWAY_DATA_DIR: .*credential-keys.*ENOTDIR.*CREDENTIAL_KEYS/)],
  });
});

test('a file that holds something else is a fault that names it, and is left alone', async () => {
  await writeFile(join(dir, 'credential-keys'), 'mine: not a key');
  await expect(loadCredentialKeys({ credentialKeys: null, dataDir: dir })).rejects.toThrow(ConfigError);
  expect(await readFile(join(dir, 'credential-keys'), 'utf8')).toBe('mine: not a key');
});

test('the embedded database listens on a Unix socket that drivers can reach, else on loopback', () => {
  expect(socketPathFor('/srv/slipway/data/mongo', '/tmp', 'linux')).toBe('/srv/slipway/data/mongo/mongo.sock');
  const elsewhere = socketPathFor('/Users/alice/data/mongo', '/tmp', 'linux');
  expect(elsewhere).toMatch(/^\/tmp\/slipway-[0-9a-f]{16}\.sock$/);
  expect(socketPathFor('/Users/bob/data/mongo', '/tmp', 'linux')).not.toBe(elsewhere);
  expect(socketPathFor(`/srv/${'long/'.repeat(30)}`, '/tmp', 'linux')).toMatch(/^\/tmp\//);
  expect(socketPathFor('/Users/alice/data/mongo', '/var/folders/X1/T', 'darwin')).toBeNull();
  expect(socketPathFor('/srv/slipway', '/tmp', 'win32')).toBeNull();
});

test('a running embedded database is found by its announcement, and not after it', async () => {
  const data = join(dir, 'mongo');
  await mkdir(data);
  expect(await findEmbedded(data)).toBeNull();
  const withdraw = await announceEmbedded(data, 'mongodb://127.0.0.1:4242/');
  expect(await findEmbedded(data)).toBe('mongodb://127.0.0.1:4242/');
  await withdraw();
  expect(await findEmbedded(data)).toBeNull();
});
