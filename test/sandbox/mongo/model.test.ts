import fc from 'fast-check';
import type { Collection } from './driver.ts';
import { openTestDatabase, type TestDatabase } from './support.ts';

/** The database against a plain list in memory: what is left after any row of operations is the same. */
interface Row {
  _id: number;
  key: number;
  due: Date;
  state: string;
  tags: string[];
  count: number;
  items: { id: number; done: boolean }[];
}

type Step =
  | { kind: 'insert'; key: number; due: number; state: string; tags: string[] }
  | { kind: 'due'; until: number; limit: number; newest: boolean }
  | { kind: 'claim'; state: string; until: number }
  | { kind: 'tag'; state: string; tag: string; unique: boolean }
  | { kind: 'untag'; tag: string }
  | { kind: 'item'; key: number; id: number }
  | { kind: 'finish'; key: number; id: number }
  | { kind: 'remove'; states: string[]; from: number }
  | { kind: 'put'; key: number; state: string };

const state = fc.constantFrom('new', 'open', 'done');
const key = fc.nat(12);
const due = fc.nat(50);
const tag = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      key,
      due,
      state,
      tags: fc.array(tag, { maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('due' as const), until: due, limit: fc.nat(4), newest: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim' as const), state, until: due }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('tag' as const), state, tag, unique: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('untag' as const), tag }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('item' as const), key, id: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('finish' as const), key, id: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('remove' as const),
      states: fc.array(state, { maxLength: 2 }),
      from: due,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), key, state }) },
);

const at = (seconds: number): Date => new Date(seconds * 1000);
const byDue = (a: Row, b: Row): number => a.due.getTime() - b.due.getTime() || a._id - b._id;

/** The same steps on a list; answers what the database should. */
function applyToList(rows: Row[], given: Step, id: number): unknown {
  const ofKey = (wanted: number): Row | undefined => rows.find((row) => row.key === wanted);
  switch (given.kind) {
    case 'insert': {
      if (ofKey(given.key)) return 'taken';
      rows.push({
        _id: id,
        key: given.key,
        due: at(given.due),
        state: given.state,
        tags: given.tags,
        count: 0,
        items: [],
      });
      return id;
    }
    case 'due': {
      const found = rows.filter((row) => row.due <= at(given.until)).sort(byDue);
      if (given.newest) found.reverse();
      return found.slice(0, given.limit === 0 ? undefined : given.limit).map((row) => row._id);
    }
    case 'claim': {
      const [first] = rows.filter((row) => row.state === given.state && row.due < at(given.until)).sort(byDue);
      if (!first) return null;
      first.count += 1;
      first.state = 'open';
      return { _id: first._id, count: first.count };
    }
    case 'tag': {
      const found = rows.filter((row) => row.state === given.state);
      const changed = found.filter((row) => !given.unique || !row.tags.includes(given.tag));
      for (const row of changed) row.tags.push(given.tag);
      return [found.length, changed.length];
    }
    case 'untag': {
      const found = rows.filter((row) => row.tags.includes(given.tag));
      for (const row of found) row.tags = row.tags.filter((own) => own !== given.tag);
      return found.length;
    }
    case 'item': {
      const row = ofKey(given.key);
      if (!row || row.items.some((item) => item.id === given.id)) return 0;
      row.items = [...row.items, { id: given.id, done: false }].sort((a, b) => a.id - b.id).slice(-2);
      return 1;
    }
    case 'finish': {
      const item = ofKey(given.key)?.items.find((own) => own.id === given.id && !own.done);
      if (item) item.done = true;
      return item ? 1 : 0;
    }
    case 'remove': {
      const gone = rows.filter((row) => given.states.includes(row.state) && row.due >= at(given.from));
      rows.splice(0, rows.length, ...rows.filter((row) => !gone.includes(row)));
      return gone.length;
    }
    case 'put': {
      const row = ofKey(given.key);
      if (row) row.state = given.state;
      else rows.push({ _id: id, key: given.key, due: at(0), state: given.state, tags: [], count: 0, items: [] });
      return row ? 'there' : 'made';
    }
  }
}

async function applyToDatabase(rows: Collection<Row>, given: Step, id: number): Promise<unknown> {
  switch (given.kind) {
    case 'insert': {
      const doc = {
        _id: id,
        key: given.key,
        due: at(given.due),
        state: given.state,
        tags: given.tags,
        count: 0,
        items: [],
      };
      try {
        return (await rows.insertOne(doc)).insertedId;
      } catch (error) {
        expect(error).toMatchObject({ code: 11000, keyPattern: { key: 1 }, keyValue: { key: given.key } });
        return 'taken';
      }
    }
    case 'due': {
      const direction = given.newest ? -1 : 1;
      const found = await rows
        .find({ due: { $lte: at(given.until) } }, { sort: { due: direction, _id: direction }, limit: given.limit })
        .toArray();
      return found.map((row) => row._id);
    }
    case 'claim':
      return await rows.findOneAndUpdate(
        { state: given.state, due: { $lt: at(given.until) } },
        { $inc: { count: 1 }, $set: { state: 'open' } },
        { sort: { due: 1, _id: 1 }, returnDocument: 'after', projection: { count: 1 } },
      );
    case 'tag': {
      const update = given.unique ? { $addToSet: { tags: given.tag } } : { $push: { tags: given.tag } };
      const result = await rows.updateMany({ state: given.state }, update);
      return [result.matchedCount, result.modifiedCount];
    }
    case 'untag':
      return (await rows.updateMany({ tags: given.tag }, { $pull: { tags: given.tag } })).modifiedCount;
    case 'item':
      return (
        await rows.updateOne(
          { key: given.key, 'items.id': { $ne: given.id } },
          { $push: { items: { $each: [{ id: given.id, done: false }], $sort: { id: 1 }, $slice: -2 } } },
        )
      ).matchedCount;
    case 'finish':
      return (
        await rows.updateOne(
          { key: given.key, items: { $elemMatch: { id: given.id, done: false } } },
          { $set: { 'items.$.done': true } },
        )
      ).modifiedCount;
    case 'remove':
      return (await rows.deleteMany({ state: { $in: given.states }, due: { $gte: at(given.from) } })).deletedCount;
    case 'put': {
      const made = { _id: id, due: at(0), tags: [], count: 0, items: [] };
      const result = await rows.updateOne(
        { key: given.key },
        { $set: { state: given.state }, $setOnInsert: made },
        { upsert: true },
      );
      return result.upsertedCount === 1 ? 'made' : 'there';
    }
  }
}

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
});

afterAll(async () => {
  await database.close();
});

it('random operations answer and leave what they do on a plain list', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const rows = await database.collection<Row>();
      await rows.createIndexes([
        { key: { key: 1 }, unique: true },
        { key: { due: 1, _id: 1 } },
        { key: { state: 1, due: -1 } },
        { key: { tags: 1 } },
      ]);
      const list: Row[] = [];
      for (const [id, given] of steps.entries()) {
        const expected = applyToList(list, structuredClone(given), id);
        expect(await applyToDatabase(rows, given, id)).toEqual(expected);
      }
      expect(await rows.find().sort({ _id: 1 }).toArray()).toEqual(list.toSorted((a, b) => a._id - b._id));
      await rows.drop();
    }),
    { numRuns: Number(process.env['MODEL_RUNS'] ?? 25) },
  );
});
