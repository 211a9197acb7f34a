import { encodeRaw } from '../../../sandbox/mongo/bson/encode.ts';
import { docOf, int } from '../../../sandbox/mongo/bson/values.ts';
import { openDirectory } from '../../../sandbox/mongo/durability/directory.ts';
import { insertRecord, replaceRecord } from '../../../sandbox/mongo/store/collection.ts';
import { ensureCollection } from '../../../sandbox/mongo/store/store.ts';

/**
 * Writes twenty documents over and over while the log is compacted over and over, and prints the number of each write
 * that is on disk; until it is killed.
 */
const DOCS = 20;

async function main(dir: string): Promise<void> {
  const directory = await openDirectory(dir, { logger: undefined, compactFromBytes: 100 });
  const items = ensureCollection(directory.store, 'shop', 'items');
  const row = (n: number) => docOf({ _id: int(n % DOCS), text: 'x'.repeat(2000), n: int(n) });
  const records = [...items.records.keys()];
  const isNew = records.length === 0;
  for (let n = 0; isNew && n < DOCS; n += 1) records.push(insertRecord(items, row(n), encodeRaw(row(n))));
  await directory.journal.settled();
  const compact = async (): Promise<void> => {
    for (;;) {
      await directory.compactIfDue();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  void compact();
  const lastOf = records.map((record) => Buffer.from(items.records.get(record) ?? '', 'latin1'));
  const from = Math.max(...lastOf.map((bytes) => bytes.readInt32LE(bytes.length - 5))) + 1;
  for (let n = from; ; n += 1) {
    const record = records[n % DOCS] ?? 0;
    replaceRecord(items, record, row(n), row(n), encodeRaw(row(n)));
    await directory.journal.settled();
    process.stdout.write(`${n}\n`);
  }
}

void main(process.argv[2] ?? '');
