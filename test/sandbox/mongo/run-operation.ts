import { type Collection, type Document, EJSON, MongoServerError } from './driver.ts';
import type { Operation } from './random-operations.ts';

export interface Row extends Document {
  _id: number;
}

/** Runs one operation and says in text what came of it: the result with its BSON types, or the error's code. */
export async function runOperation(collection: Collection<Row>, operation: Operation, step: number): Promise<string> {
  try {
    return EJSON.stringify(await perform(collection, operation, step), { relaxed: false });
  } catch (error) {
    if (error instanceof MongoServerError) return `error ${error.code}`;
    throw error;
  }
}

/** Everything that is stored, in the order of `_id`. */
export async function contents(collection: Collection<Row>): Promise<string> {
  return EJSON.stringify(await collection.find().sort({ _id: 1 }).toArray(), { relaxed: false });
}

async function perform(collection: Collection<Row>, operation: Operation, step: number): Promise<unknown> {
  switch (operation.kind) {
    case 'insert':
      return (await collection.insertOne({ _id: step, n: step, ...operation.doc })).insertedId;
    case 'find': {
      const { filter, sort, skip, limit, projection } = operation;
      return await collection.find(filter, { sort: sort as Record<string, 1>, skip, limit, projection }).toArray();
    }
    case 'count':
      return await collection.countDocuments(operation.filter);
    case 'distinct':
      return (await collection.distinct(operation.key, operation.filter)).map((v) => EJSON.stringify(v)).sort();
    case 'update': {
      const { filter, update, many } = operation;
      if (many) {
        const result = await collection.updateMany(filter, update);
        return [result.matchedCount, result.modifiedCount];
      }
      return await collection.findOneAndUpdate(filter, update, { sort: { n: 1 }, projection: { _id: 1 } });
    }
    case 'modify': {
      const { filter, update, sort, after } = operation;
      return await collection.findOneAndUpdate(filter, update, {
        sort: sort as Record<string, 1>,
        returnDocument: after ? 'after' : 'before',
      });
    }
    case 'delete':
      return (await collection.deleteMany(operation.filter)).deletedCount;
    case 'index':
      return await collection.createIndex(operation.key, { unique: operation.unique });
  }
}
