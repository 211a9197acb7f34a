import type { SchemaDefinitionProperty, SchemaOptions } from 'mongoose';
import type { z } from 'zod';
import { InvariantError } from '../shared/errors.ts';

/** What every collection shares: how its schema behaves and how its documents become plain domain objects. */

/**
 * `strict: throw` makes a field that a schema forgot an error instead of a silent loss; a misspelt filter likewise.
 * Indexes and collections are made by `ensureIndexes`, never behind somebody's back.
 */
export const SCHEMA_OPTIONS = {
  strict: 'throw',
  strictQuery: 'throw',
  minimize: false,
  versionKey: false,
  id: false,
  autoIndex: false,
  autoCreate: false,
} as const satisfies SchemaOptions;

/** A stored document: the domain object with its id as `_id`, and what only persistence needs. */
export type Stored<T extends { id: string }, Extra = object> = Omit<T, 'id'> & { _id: string } & Extra;

/** One schema entry for every field of the domain type: a field added there and forgotten here does not compile. */
export type Fields<T> = Record<Exclude<keyof T, 'id'>, SchemaDefinitionProperty>;

/** What a reader found wrong with a stored document: where, and what was expected. */
export interface Fault {
  /** the field, and the place in it */
  path: readonly PropertyKey[];
  text: string;
}

/**
 * Makes the function that turns a stored document into a domain object: only the declared fields, `_id` as `id` where
 * `idField` says so. Throws `InvariantError` (or what `errorFor` makes of it) naming the defect when a field is missing or
 * `shape` does not hold, so that a document damaged by hand fails here and not somewhere later.
 */
export function domainReader<T extends object>(
  what: string,
  fields: readonly string[],
  shape: z.ZodType,
  idField: string | null = 'id',
  errorFor: (message: string, faults: readonly Fault[]) => InvariantError = (message) => new InvariantError(message),
): (stored: object) => T {
  const damaged = (source: Record<string, unknown>, faults: readonly Fault[]) => {
    const texts = faults.slice(0, 5).map(({ text }) => text);
    return errorFor(`The stored ${what} ${String(source['_id'])} is damaged: ${texts.join('; ')}`, faults);
  };
  return (stored) => {
    const source = stored as Record<string, unknown>;
    const value: Record<string, unknown> = idField === null ? {} : { [idField]: source['_id'] };
    for (const field of fields) {
      if (source[field] === undefined && field !== idField) {
        throw damaged(source, [{ path: [field], text: `${field} is missing` }]);
      }
      if (field !== idField) value[field] = source[field];
    }
    const checked = shape.safeParse(value);
    if (!checked.success) {
      const faults = checked.error.issues.map(({ path, message }) => ({ path, text: `${path.join('.')}: ${message}` }));
      throw damaged(source, faults);
    }
    return value as T;
  };
}
