import { writeSync } from 'node:fs';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { answeredChange, createChange, createIndexChange, PUT_HEAD_BYTES, putChange } from './changes.ts';
import { FRAME_HEADER_BYTES, frameOf } from './frames.ts';
import { FILE_HEADER_BYTES, fileHeader } from './header.ts';

const SNAPSHOT_FRAME_BYTES = 1024 * 1024;

/** About how long a file with nothing but what is there now would be. */
export function liveBytes(store: Store): number {
  let bytes = 0;
  for (const { reply } of store.answered.values()) bytes += reply.length;
  for (const collection of collectionsOf(store)) {
    for (const raw of collection.records.values()) bytes += raw.length + PUT_HEAD_BYTES;
  }
  return bytes;
}

/** Writes all there is into an empty file, without a pause, so that it is all of one moment. Returns its length. */
export function writeSnapshot(fd: number, store: Store): number {
  let size = FILE_HEADER_BYTES;
  let changes: Buffer[] = [];
  let bytes = 0;
  const flush = (): void => {
    size = writeFully(fd, frameOf(changes), size);
    changes = [];
    bytes = 0;
  };
  const add = (change: Buffer): void => {
    changes.push(change);
    bytes += change.length;
    if (bytes + FRAME_HEADER_BYTES > SNAPSHOT_FRAME_BYTES) flush();
  };
  for (const collection of collectionsOf(store)) {
    add(createChange(collection));
    for (const { spec } of collection.indexes) if (spec.name !== '_id_') add(createIndexChange(collection.id, spec));
    for (const [id, raw] of collection.records) add(putChange(collection.id, id, raw));
  }
  for (const [session, answered] of store.answered) add(answeredChange(session, answered));
  if (changes.length > 0) flush();
  // It takes its place only when it is whole on disk: all of it is safe.
  writeFully(fd, fileHeader(size), 0);
  return size;
}

function* collectionsOf(store: Store): Generator<Collection> {
  for (const collections of store.databases.values()) yield* collections.values();
}

function writeFully(fd: number, bytes: Buffer, at: number): number {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, at + written);
  return at + bytes.length;
}
