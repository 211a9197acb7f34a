import type { Reply } from '../bson/encode.ts';
import { type Doc, isDoc, isNumber, isTruthy, type Maybe, toNumber } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Cursors } from './cursors.ts';
import type { Sessions } from './sessions.ts';

/** A command as it came: its fields, and the documents that came beside them. */
export interface Request {
  readonly body: Doc;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
}

/** What a command works on. */
export interface Context {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly sessions: Sessions;
  readonly database: string;
  readonly command: Doc;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  /** A moment (performance.now) by which the command must end, from maxTimeMS. */
  readonly deadline: number | undefined;
  readonly now: Date;
  /** What hello tells clients to connect to. */
  readonly address: string;
  readonly connectionId: number;
}

/** One command: from the request to the fields of its reply, in one go, so that each command is atomic. */
export type Handler = (context: Context) => Reply;

export function textField(doc: Doc, name: string): string {
  const value = doc.get(name);
  if (typeof value !== 'string') throw new Fault(14, `Expected field ${name} to be of type string`);
  return value;
}

/** The collection a command names as its first value. */
export function collectionName(context: Context): string {
  const [first] = context.command;
  const name = first?.[1];
  if (typeof name !== 'string') throw new Fault(73, 'collection name has invalid type');
  if (name === '') throw new Fault(73, `Invalid namespace specified '${context.database}.'`);
  return name;
}

/** A whole number from 0, or `fallback` where it is missing. */
export function countField(doc: Doc, name: string, fallback: number): number {
  const number = wholeField(doc, name, fallback);
  if (number < 0) throw new Fault(51024, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

export function wholeField(doc: Doc, name: string, fallback: number): number {
  const value = doc.get(name);
  if (value === undefined || value === null) return fallback;
  if (!isNumber(value)) throw new Fault(14, `BSON field '${name}' is the wrong type, expected a number`);
  return Math.trunc(toNumber(value));
}

export function flagField(doc: Doc, name: string, fallback = false): boolean {
  const value = doc.get(name);
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean' && !isNumber(value))
    throw new Fault(14, `BSON field '${name}' is the wrong type, expected a bool`);
  return isTruthy(value);
}

export function docField(value: Maybe, name: string): Doc {
  if (!isDoc(value)) throw new Fault(14, `BSON field '${name}' is the wrong type, expected type 'object'`);
  return value;
}
