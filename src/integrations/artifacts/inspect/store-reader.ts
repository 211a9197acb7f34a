import type { Readable } from 'node:stream';
import { RandomAccessReader } from 'yauzl';
import { ProviderError, TransientError } from '../../../shared/errors.ts';
import type { ArtifactStore } from '../port.ts';

/** a zip's directory is read in many small steps: over the network each would be a request of its own */
const BLOCK_BYTES = 256 * 1024;
const BLOCKS_KEPT = 4;

type Done = (error: Error | null) => void;

function asError(error: unknown): Error {
  if (error instanceof ProviderError) return error;
  const detail = 'the stored file could not be read';
  return new TransientError({ provider: 'ARTIFACTS', operation: 'read', status: null, detail }, null, { cause: error });
}

/** Random access to a stored object by ranged reads of whole blocks; at most `maxBytes` are fetched in all. */
export class StoreReader extends RandomAccessReader {
  private readonly store: ArtifactStore;
  private readonly path: string;
  private readonly sizeBytes: number;
  private readonly maxBytes: number;
  private readonly blocks = new Map<number, Promise<Buffer>>();
  private fetchedBytes = 0;

  constructor(options: { store: ArtifactStore; path: string; sizeBytes: number; maxBytes: number }) {
    super();
    this.store = options.store;
    this.path = options.path;
    this.sizeBytes = options.sizeBytes;
    this.maxBytes = options.maxBytes;
  }

  private async fetchBlock(index: number): Promise<Buffer> {
    const start = index * BLOCK_BYTES;
    const endInclusive = Math.min(start + BLOCK_BYTES, this.sizeBytes) - 1;
    this.fetchedBytes += endInclusive - start + 1;
    if (this.fetchedBytes > this.maxBytes) throw new Error('too much to read before the needed file is found');
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of await this.store.read(this.path, { start, endInclusive })) chunks.push(chunk as Buffer);
      const block = Buffer.concat(chunks);
      if (block.length !== endInclusive - start + 1) throw new Error('shorter than asked for');
      return block;
    } catch (error) {
      throw asError(error);
    }
  }

  private block(index: number): Promise<Buffer> {
    const found = this.blocks.get(index) ?? this.fetchBlock(index);
    // the newest last: the first of the map is the one to let go
    this.blocks.delete(index);
    this.blocks.set(index, found);
    for (const old of this.blocks.keys()) {
      if (this.blocks.size <= BLOCKS_KEPT) break;
      this.blocks.delete(old);
    }
    return found;
  }

  /** Bytes of `[start, end)`; fewer when the object ends before. */
  async bytes(start: number, end: number): Promise<Buffer> {
    const stop = Math.min(end, this.sizeBytes);
    const parts: Buffer[] = [];
    for (let at = start; at < stop; ) {
      const index = Math.floor(at / BLOCK_BYTES);
      const block = await this.block(index);
      const from = at - index * BLOCK_BYTES;
      const part = block.subarray(from, Math.min(block.length, from + stop - at));
      parts.push(part);
      at += part.length;
    }
    return Buffer.concat(parts);
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: Done): void {
    this.bytes(position, position + length).then(
      (part) => {
        part.copy(buffer, offset);
        callback(part.length === length ? null : new Error('the zip ends too early'));
      },
      (error: unknown) => callback(error as Error),
    );
  }

  /** yauzl reads a file's content through this one; only small files are read here. */
  override _readStreamForRange(start: number, end: number): Readable {
    throw new Error(`no stream of ${start} to ${end}: content is read by bytes()`);
  }
}
