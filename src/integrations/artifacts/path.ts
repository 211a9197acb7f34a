import { InvariantError } from '../../shared/errors.ts';

const MAX_PATH_BYTES = 1000;
const MAX_PART_BYTES = 255;

/**
 * Holds a key to what every store can keep: relative, no empty, `.` or `..` part, no backslash or control character.
 * Paths are made by us, so a bad one is our bug. Answers the path's parts.
 */
export function partsOfPath(path: string): string[] {
  const parts = path.split('/');
  const isGood = parts.every(
    (part) =>
      part !== '' &&
      part !== '.' &&
      part !== '..' &&
      !/[\p{Cc}\\]/u.test(part) &&
      Buffer.byteLength(part) <= MAX_PART_BYTES,
  );
  if (!isGood || Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new InvariantError(`not a path of the artifact store: ${JSON.stringify(path)}`);
  }
  return parts;
}
