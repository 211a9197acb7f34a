import { createHash, randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new unguessable id: `<prefix>_` and 16 characters of Crockford base 32 (80 bits). */
export function newId(prefix: string): string {
  let text = '';
  for (const byte of randomBytes(16)) text += ALPHABET[byte % 32];
  return `${prefix}_${text}`;
}

/** A short fingerprint of a text (64 bits of its SHA-256, hex): the same text, the same fingerprint. */
export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
