import { docLength } from '../bson/decode.ts';
import { decodeRaw, encodeRaw, encodeReply, Raw, type RawDoc } from '../bson/encode.ts';
import type { Key } from '../bson/order.ts';
import { Binary, type Doc, docOf, isDoc, isNumber, toNumber, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { type Collection, createIndex } from '../store/collection.ts';
import { type IndexSpec, parseIndexSpec } from '../store/index-spec.ts';
import type { RecordId } from '../store/sorted-keys.ts';
import { type Answered, addCollection, forgetCollection, type Store } from '../store/store.ts';

/**
 * The payload of a frame is a row of changes: a byte for the kind, then
 * P collection (4 bytes), record (8 bytes, a double), the document; D collection, record; C a document of the catalog;
 * S a document: the last retryable write of a session.
 */
const PUT = 0x50;
const REMOVE = 0x44;
const CATALOG = 0x43;
const SESSION = 0x53;
export const PUT_HEAD_BYTES = 13;

export function putChange(collection: number, id: RecordId, raw: RawDoc): Buffer {
  const buffer = Buffer.allocUnsafe(PUT_HEAD_BYTES + raw.length);
  writeHead(buffer, PUT, collection, id);
  buffer.write(raw, PUT_HEAD_BYTES, 'latin1');
  return buffer;
}

export function removeChange(collection: number, id: RecordId): Buffer {
  return writeHead(Buffer.allocUnsafe(PUT_HEAD_BYTES), REMOVE, collection, id);
}

function writeHead(buffer: Buffer, kind: number, collection: number, id: RecordId): Buffer {
  buffer[0] = kind;
  buffer.writeUInt32LE(collection, 1);
  buffer.writeDoubleLE(id, 5);
  return buffer;
}

export function createChange({
  id,
  database,
  name,
  uuid,
}: Pick<Collection, 'id' | 'database' | 'name' | 'uuid'>): Buffer {
  return catalogChange(docOf({ op: 'create', collection: id, database, name, uuid }));
}

export function dropChange(collection: number): Buffer {
  return catalogChange(docOf({ op: 'drop', collection }));
}

export function createIndexChange(collection: number, spec: IndexSpec): Buffer {
  return catalogChange(docOf({ op: 'createIndex', collection, spec: spec.shown }));
}

export function dropIndexChange(collection: number, name: string): Buffer {
  return catalogChange(docOf({ op: 'dropIndex', collection, name }));
}

export function answeredChange(session: Key, { txnNumber, reply, at }: Answered): Buffer {
  const key = new Binary(0, session);
  const change = encodeReply({ session: key, txnNumber, at: new Date(at), reply: new Raw(reply) }, 1);
  change[0] = SESSION;
  return change;
}

function catalogChange(doc: Doc): Buffer {
  return Buffer.concat([Buffer.from([CATALOG]), Buffer.from(encodeRaw(doc), 'latin1')]);
}

/** Puts the changes of frames into a store; indexes other than by name are built when first used. */
export interface Replay {
  apply(payload: Buffer): void;
}

export function createReplay(store: Store): Replay {
  const collections = new Map<number, Collection>();

  function collectionOf(id: number): Collection {
    const collection = collections.get(id);
    if (!collection) throw new Fault(1, `a change of collection ${id}, which does not exist`);
    return collection;
  }

  function apply(payload: Buffer): void {
    let at = 0;
    while (at < payload.length) {
      const kind = payload[at];
      if (kind === CATALOG || kind === SESSION) {
        const length = docLength(payload, at + 1, payload.length);
        const doc = decodeRaw(payload.toString('latin1', at + 1, at + 1 + length));
        if (kind === CATALOG) applyCatalog(doc);
        else applySession(doc);
        at += 1 + length;
        continue;
      }
      const collection = collectionOf(payload.readUInt32LE(at + 1));
      const id = payload.readDoubleLE(at + 5);
      at += PUT_HEAD_BYTES;
      if (kind === PUT) {
        const length = docLength(payload, at, payload.length);
        collection.records.set(id, payload.toString('latin1', at, at + length));
        collection.nextRecord = Math.max(collection.nextRecord, id + 1);
        at += length;
      } else if (kind === REMOVE) collection.records.delete(id);
      else throw new Fault(1, `an unknown change ${kind}`);
    }
  }

  function applySession(doc: Doc): void {
    const [session, txnNumber, at, reply] = ['session', 'txnNumber', 'at', 'reply'].map((field) => doc.get(field));
    if (!(session instanceof Binary) || typeof txnNumber !== 'bigint' || !(at instanceof Date) || !isDoc(reply))
      throw new Fault(1, 'a change of a session that is none');
    store.answered.set(session.bytes, { txnNumber, reply: encodeRaw(reply), at: at.getTime() });
  }

  function applyCatalog(doc: Doc): void {
    const id = numberOf(doc.get('collection') ?? null);
    if (doc.get('op') === 'create') {
      const [database, name, uuid] = ['database', 'name', 'uuid'].map((field) => String(doc.get(field)));
      const collection = addCollection(store, { id, database: database ?? '', name: name ?? '', uuid: uuid ?? '' });
      for (const index of collection.indexes) index.tree = undefined;
      collections.set(id, collection);
      return;
    }
    const collection = collectionOf(id);
    if (doc.get('op') === 'drop') {
      forgetCollection(store, collection);
      collections.delete(id);
    } else if (doc.get('op') === 'createIndex') {
      const spec = doc.get('spec');
      if (isDoc(spec)) collection.indexes.push(createIndex(parseIndexSpec(spec)));
    } else if (doc.get('op') === 'dropIndex') {
      const at = collection.indexes.findIndex(({ spec }) => spec.name === doc.get('name'));
      if (at >= 0) collection.indexes.splice(at, 1);
    } else throw new Fault(1, 'an unknown change of the catalog');
  }

  return { apply };
}

function numberOf(value: Value): number {
  return isNumber(value) ? toNumber(value) : Number.NaN;
}
