import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CredentialKey } from '../shared/crypto.ts';
import { newCredentialKey, parseCredentialKeys } from '../shared/crypto.ts';
import { ConfigError } from '../shared/errors.ts';

/**
 * The keys that seal credentials (Spec 4.2, 8.1): those of `CREDENTIAL_KEYS`, else those of the file
 * `<dataDir>/credential-keys` (same form), which is made with one new key and mode 0600 when it is not there. Two
 * processes that start at once get the same key. Throws `ConfigError` when the file holds something else or cannot be kept there.
 */
export async function loadCredentialKeys(config: {
  credentialKeys: CredentialKey[] | null;
  dataDir: string;
}): Promise<{ keys: CredentialKey[]; source: string }> {
  if (config.credentialKeys) return { keys: config.credentialKeys, source: 'CREDENTIAL_KEYS' };
  const path = join(config.dataDir, 'credential-keys');
  const text = await readOrCreate(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    const expected = 'expected a directory that the bot can write to, or keys in CREDENTIAL_KEYS';
    throw new ConfigError([`SLIPWAY_DATA_DIR: ${path} cannot be kept there (${reason}); ${expected}`]);
  });
  const { keys, faults } = parseCredentialKeys(text.trim());
  if (faults.length > 0) {
    const wayOut = 'Put the file back; or move it away and enter the credentials of integrations again (npm run apply)';
    throw new ConfigError(faults.map((fault) => `${path}: ${fault}. ${wayOut}`));
  }
  return { keys, source: path };
}

async function readOrCreate(path: string): Promise<string> {
  return (await readIfThere(path)) ?? (await createOrRead(path));
}

async function createOrRead(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const text = `${newCredentialKey('local')}\n`;
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true });
  try {
    // A link appears whole or not at all, and fails when the name is taken.
    await link(draft, path);
    return text;
  } catch (error) {
    const winner = await readIfThere(path);
    if (winner === null) throw error;
    return winner;
  } finally {
    await unlink(draft);
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
