import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { Refusal } from '../../shared/errors.ts';

const KIB = 1024;

/** `1536` -> `1.5 KiB`; whole numbers without a fraction. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return `${Number((bytes / KIB ** power).toFixed(1))} ${units[power]}`;
}

export interface Meter {
  /** passes bytes through, counts and hashes them; fails with `Refusal` TOO_LARGE past `maxBytes` */
  stream: Transform;
  writtenBytes(): number;
  /** lower-case hex; ask once, at the end */
  sha256(): string;
}

export function createMeter(options: { maxBytes: number; onProgress?: (writtenBytes: number) => void }): Meter {
  const hash = createHash('sha256');
  let written = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      if (written > options.maxBytes) {
        done(
          new Refusal(
            'TOO_LARGE',
            `The file is larger than ${formatBytes(options.maxBytes)}, the most a build may have.`,
          ),
        );
        return;
      }
      hash.update(chunk);
      options.onProgress?.(written);
      done(null, chunk);
    },
  });
  return { stream, writtenBytes: () => written, sha256: () => hash.digest('hex') };
}
