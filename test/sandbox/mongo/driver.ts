import { BSON } from 'mongodb';

export { type Collection, type Db, type Document, MongoClient, MongoNetworkError, MongoServerError } from 'mongodb';
export const { Double, EJSON, Long, UUID } = BSON;
