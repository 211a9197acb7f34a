/** Binary property lists (CFBinaryPList.c): header `bplist00`, objects, table of offsets, trailer of 32 bytes. */
const MAGIC = 'bplist00';
const TRAILER_BYTES = 32;
const ASCII = 0x5;
const UTF16 = 0x6;
const DICTIONARY = 0xd;
const MAX_KEYS = 10_000;

export const isBinaryPlist = (content: Buffer): boolean => content.subarray(0, 8).toString('latin1') === MAGIC;

/**
 * The texts among the values of the topmost dictionary. Nothing else is followed: the libraries at hand expand every
 * reference, so a few hundred bytes that refer to each other would keep them busy for ever.
 */
export function textsOfBinaryPlist(content: Buffer): Map<string, string> {
  const trailer = content.subarray(content.length - TRAILER_BYTES);
  const [offsetBytes, referenceBytes] = [trailer.readUInt8(6), trailer.readUInt8(7)];
  const [top, table] = [trailer.readUIntBE(18, 6), trailer.readUIntBE(26, 6)];

  const offsetOf = (object: number): number => content.readUIntBE(table + object * offsetBytes, offsetBytes);

  /** kind, number of elements, and where they begin */
  function header(object: number): { kind: number; count: number; at: number } {
    const at = offsetOf(object);
    const marker = content.readUInt8(at);
    const kind = marker >> 4;
    const short = marker & 0x0f;
    if (short !== 0x0f) return { kind, count: short, at: at + 1 };
    const bytes = 1 << (content.readUInt8(at + 1) & 0x0f);
    return { kind, count: content.readUIntBE(at + 2 + Math.max(0, bytes - 6), Math.min(6, bytes)), at: at + 2 + bytes };
  }

  function text(object: number): string | null {
    const { kind, count, at } = header(object);
    const bytes = kind === UTF16 ? count * 2 : count;
    if ((kind !== ASCII && kind !== UTF16) || at + bytes > content.length) return null;
    const raw = content.subarray(at, at + bytes);
    return kind === ASCII ? raw.toString('latin1') : Buffer.from(raw).swap16().toString('utf16le');
  }

  const dictionary = header(top);
  if (dictionary.kind !== DICTIONARY || dictionary.count > MAX_KEYS) throw new Error('no dictionary at the top');
  const reference = (index: number): number =>
    content.readUIntBE(dictionary.at + index * referenceBytes, referenceBytes);
  const found = new Map<string, string>();
  for (let index = 0; index < dictionary.count; index += 1) {
    const key = text(reference(index));
    const value = text(reference(dictionary.count + index));
    if (key !== null && value !== null) found.set(key, value);
  }
  return found;
}
