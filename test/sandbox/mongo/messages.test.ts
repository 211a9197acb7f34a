import { Double, Long, UUID } from './driver.ts';
import { openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

/** What the message of a duplicate key says of the key. */
async function shown(value: unknown): Promise<string> {
  const collection = await database.collection({ a: value });
  await collection.createIndex({ a: 1 }, { unique: true });
  const error: unknown = await collection.insertOne({ a: value }).catch((thrown: unknown) => thrown);
  return /dup key: \{ a: (.*) \}$/.exec(error instanceof Error ? error.message : '')?.[1] ?? String(error);
}

describe('a value in the message of an error', () => {
  it.each([
    ['a text', 'x"y', '"x"y"'],
    ['a long text', 'x'.repeat(160), `"${'x'.repeat(150)}..."`],
    ['an int', 2, '2'],
    ['a whole double', new Double(2), '2.0'],
    ['a double', 0.1, '0.1'],
    ['a long', Long.fromString('9007199254740993'), '9007199254740993'],
    ['a date', new Date(7), 'new Date(7)'],
    ['a bool', true, 'true'],
    ['null', null, 'null'],
    ['an empty document', {}, '{}'],
    ['a document', { x: [1, 'z'] }, '{ x: [ 1, "z" ] }'],
    ['a UUID', new UUID('01234567-89ab-cdef-0123-456789abcdef'), 'UUID("01234567-89ab-cdef-0123-456789abcdef")'],
    ['bytes', Buffer.from('hi'), 'BinData(0, 6869)'],
  ])('is %s as MongoDB writes it', async (_, value, text) => {
    expect(await shown(value)).toBe(text);
  });
});
