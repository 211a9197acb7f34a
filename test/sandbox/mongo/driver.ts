import { BSON } from 'mongodb';

export { type Collection, type Db, type Document, MongoClient, MongoServerError } from 'mongodb';
export const { EJSON } = BSON;
