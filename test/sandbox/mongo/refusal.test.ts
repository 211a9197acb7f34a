import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BSONSymbol, Code, Decimal128, Timestamp } from 'mongodb';
import { listSupported } from '../../../sandbox/mongo/supported.ts';
import { codeOf, openTestDatabase, type TestDatabase } from './support.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await database.db.collection('r').insertOne({ a: 1 });
});

afterAll(async () => {
  await database.close();
});

const find = (filter: object, more: object = {}): object => ({ find: 'r', filter, ...more });
const update = (u: unknown, more: object = {}): object => ({ update: 'r', updates: [{ q: {}, u, ...more }] });
const pipeline = (...stages: object[]): object => ({ aggregate: 'r', pipeline: stages, cursor: {} });

describe('what is outside the subset', () => {
  it.each<[string, object]>([
    ['a command', { mapReduce: 'r' }],
    ['renaming a collection', { renameCollection: 'test.r', to: 'test.s' }],
    ['users', { createUser: 'x', pwd: 'y', roles: [] }],
    ['changing options', { collMod: 'r', validator: {} }],
    ['capped collections', { create: 'x', capped: true, size: 100 }],
    ['views', { create: 'x', viewOn: 'r', pipeline: [] }],
    ['validators', { create: 'x', validator: { a: 1 } }],
    ['time series', { create: 'x', timeseries: { timeField: 't' } }],
    ['$where', find({ $where: 'true' })],
    ['$expr', find({ $expr: { $eq: [1, 1] } })],
    ['$text', find({ $text: { $search: 'x' } })],
    ['$jsonSchema', find({ $jsonSchema: {} })],
    ['geo queries', find({ a: { $near: [0, 0] } })],
    ['bit queries', find({ a: { $bitsAllSet: 1 } })],
    ['an operator deep in a filter', find({ $or: [{ $and: [{ a: { $not: { $bitsAllSet: 1 } } }] }] })],
    ['an operator in $elemMatch', find({ a: { $elemMatch: { b: { $geoWithin: 1 } } } })],
    ['a collation', find({}, { collation: { locale: 'de' } })],
    ['tailable cursors', find({}, { tailable: true })],
    ['let', find({}, { let: { x: 1 } })],
    ['$natural', find({}, { sort: { $natural: 1 } })],
    ['sorting by an array position', find({}, { sort: { 'a.0': 1 } })],
    ['sorting by $meta', find({}, { sort: { a: { $meta: 'textScore' } } })],
    ['computed projections', find({}, { projection: { b: { $add: [1, 1] } } })],
    ['snapshot reads', find({}, { readConcern: { level: 'snapshot' } })],
    ['transactions', find({}, { startTransaction: true, autocommit: false })],
    ['pipelines as updates', update([{ $set: { a: 1 } }])],
    ['$bit', update({ $bit: { a: { and: 1 } } })],
    ['timestamps by $currentDate', update({ $currentDate: { a: { $type: 'timestamp' } } })],
    ['a hint of distinct, which is newer', { distinct: 'r', key: 'a', hint: '_id_' }],
    ['sorting an update', update({ $set: { a: 1 } }, { sort: { a: 1 } })],
    ['field names with $', update({ $set: { 'a.$b': 1 } })],
    ['field names with $ that an upsert might insert', update({ $set: { $b: 1 } }, { upsert: true })],
    ['$lookup', pipeline({ $lookup: { from: 'x', localField: 'a', foreignField: 'b', as: 'c' } })],
    ['$out', pipeline({ $out: 'x' })],
    ['$facet', pipeline({ $facet: { a: [] } })],
    ['change streams', pipeline({ $changeStream: {} })],
    ['an accumulator', pipeline({ $group: { _id: null, x: { $stdDevPop: '$a' } } })],
    ['an expression', pipeline({ $project: { x: { $sin: '$a' } } })],
    ['a nested $project', pipeline({ $project: { a: { b: 1 } } })],
    ['a nested $addFields', pipeline({ $addFields: { a: { b: 1 } } })],
    ['a variable', pipeline({ $project: { x: '$$NOW' } })],
    ['aggregating a database', { aggregate: 1, pipeline: [{ $currentOp: {} }], cursor: {} }],
  ])('is refused by name: %s', async (_what, command) => {
    const reply = await database.db.command(command).catch((error: unknown) => error);
    const first = (reply as { writeErrors?: object[] }).writeErrors?.[0] ?? reply;
    expect(first).toMatchObject({ code: 115 });
    const text = 'errmsg' in Object(first) ? (first as { errmsg: string }).errmsg : String(first);
    expect(text).toMatch(/ is not supported by the embedded server; use MongoDB \(set MONGODB_URI\)$/);
  });

  it.each([
    ['decimal', Decimal128.fromString('1.5')],
    ['timestamp', new Timestamp(5n)],
    ['javascript', new Code('1')],
    ['symbol', new BSONSymbol('x')],
  ])('is refused as a value to store: %s', async (_type, value) => {
    expect(await codeOf(database.db.collection('r').insertOne({ value }))).toBe(115);
    expect(await codeOf(database.db.collection('r').findOne({ value }))).toBe(115);
    expect(await codeOf(database.db.collection('r').updateOne({}, { $set: { value } }))).toBe(115);
  });

  it('leaves nothing behind', async () => {
    expect(
      await database.db
        .collection('r')
        .find({}, { projection: { _id: 0 } })
        .toArray(),
    ).toEqual([{ a: 1 }]);
    expect(await database.db.listCollections().toArray()).toHaveLength(1);
  });
});

describe('the list of what is supported', () => {
  it('stands in the README as the code has it', async () => {
    const path = join(__dirname, '../../../sandbox/mongo/README.md');
    const list = /(?<=<!-- supported -->\n)[\s\S]*(?=<!-- end -->)/;
    const readme = await readFile(path, 'utf8');
    if (process.env['UPDATE_README'])
      await writeFile(
        path,
        readme.replace(list, () => listSupported()),
      );
    expect(list.exec(await readFile(path, 'utf8'))?.[0]).toBe(listSupported());
  });
});
