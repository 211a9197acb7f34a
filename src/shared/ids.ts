import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new unguessable id: `<prefix>_` and 16 characters of Crockford base 32 (80 bits). */
export function newId(prefix: string): string {
  let text = '';
  for (const byte of randomBytes(16)) text += ALPHABET[byte % 32];
  return `${prefix}_${text}`;
}
