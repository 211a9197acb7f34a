import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * Credentials at rest (Spec 4.2): AES-256-GCM, a random nonce for each value, the tenant and integration ids as
 * associated data, the key's id kept with the value so that keys can be rotated.
 */

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

export interface CredentialKey {
  id: string;
  /** 32 bytes */
  key: Buffer;
}

/** Whose credential it is; a value sealed for one opens for no other. */
export interface SealScope {
  tenantId: string;
  integrationId: string;
}

export interface Sealer {
  /** `v1.<key id>.<nonce>.<ciphertext>.<tag>`, base64url; sealed with the newest key, different each time. */
  seal(plaintext: string, scope: SealScope): string;
  /** Throws `SealError`; its text names the key that is missing, never the value. */
  open(sealed: string, scope: SealScope): string;
  /** True when it was sealed with an older key than the newest. */
  isOutdated(sealed: string): boolean;
}

/** A sealed value cannot be opened. */
export class SealError extends Error {
  override readonly name = 'SealError';
  readonly reason: 'MALFORMED' | 'UNKNOWN_KEY' | 'TAMPERED';
  constructor(reason: SealError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Reads `id:base64key,...` (newest first). Every fault is listed; no key text appears in any of them. */
export function parseCredentialKeys(text: string): { keys: CredentialKey[]; faults: string[] } {
  const keys: CredentialKey[] = [];
  const faults: string[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    const place = `key ${index + 1}`;
    const [, id, encoded] = /^([^:]*):(.*)$/s.exec(entry.trim()) ?? [];
    if (id === undefined || encoded === undefined) faults.push(`${place} has no id before a colon`);
    else if (!KEY_ID.test(id)) faults.push(`the id of ${place} is not 1 to 32 letters, digits, "-" or "_"`);
    else if (keys.some((key) => key.id === id)) faults.push(`the id "${id}" is there twice`);
    else {
      const key = decodeKey(encoded);
      if (key) keys.push({ id, key });
      else faults.push(`key "${id}" is not the base64 of ${KEY_BYTES} bytes`);
    }
  }
  return { keys, faults };
}

/** A new key in the form that `parseCredentialKeys` reads. */
export function newCredentialKey(id: string): string {
  return `${id}:${randomBytes(KEY_BYTES).toString('base64')}`;
}

/** `keys`: newest first, at least one. The first seals, all open. */
export function createSealer(keys: readonly CredentialKey[]): Sealer {
  const [newest] = keys;
  if (!newest) throw new TypeError('createSealer needs at least one key');
  return {
    seal(plaintext, scope) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, newest.key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(associatedData(scope));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      const parts = [nonce, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
      return ['v1', newest.id, ...parts].join('.');
    },
    open(sealed, scope) {
      const { keyId, nonce, ciphertext, tag } = parseSealed(sealed);
      const found = keys.find((key) => key.id === keyId);
      if (!found) {
        const known = keys.map((key) => key.id).join(', ');
        const advice = `it is not among CREDENTIAL_KEYS (${known}): add it after the newest one`;
        throw new SealError('UNKNOWN_KEY', `The credential was sealed with key "${keyId}" and ${advice}`);
      }
      const decipher = createDecipheriv(ALGORITHM, found.key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(associatedData(scope));
      decipher.setAuthTag(tag);
      try {
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
      } catch {
        const causes = 'it was changed, belongs to another integration, or the key with this id is another one';
        throw new SealError('TAMPERED', `The credential sealed with key "${keyId}" does not open: ${causes}`);
      }
    },
    isOutdated: (sealed) => parseSealed(sealed).keyId !== newest.id,
  };
}

/** Lower-case hex. */
export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function associatedData({ tenantId, integrationId }: SealScope): Buffer {
  // JSON keeps the two apart: ("a", "bc") is not ("ab", "c").
  return Buffer.from(JSON.stringify([tenantId, integrationId]), 'utf8');
}

function parseSealed(sealed: string): { keyId: string; nonce: Buffer; ciphertext: Buffer; tag: Buffer } {
  const [format, keyId, ...encoded] = sealed.split('.');
  const [nonce, ciphertext, tag] = encoded.map((part) => Buffer.from(part, 'base64url'));
  const isWhole = format === 'v1' && keyId !== undefined && KEY_ID.test(keyId) && encoded.length === 3;
  if (!isWhole || nonce?.length !== NONCE_BYTES || !ciphertext || tag?.length !== TAG_BYTES) {
    throw new SealError('MALFORMED', 'The stored credential is not a sealed value (expected v1.<key id>.…)');
  }
  return { keyId, nonce, ciphertext, tag };
}

function decodeKey(encoded: string): Buffer | null {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) return null;
  const key = Buffer.from(encoded, 'base64');
  return key.length === KEY_BYTES ? key : null;
}
