import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { InvariantError } from '../shared/errors.ts';
import { duplicateKey, retryOnDuplicate } from './conflicts.ts';

/**
 * Creates or replaces the document of this name in the tenant. `values` are always stored, `born` (and the id) only when
 * it is new. Throws `InvariantError` when the id belongs to a document of another name or tenant.
 */
export async function upsertByName<D extends { _id: string }>(
  model: Model<D>,
  { id, tenantId, name }: { id: string; tenantId: string; name: string },
  values: object,
  born: object,
): Promise<object> {
  // Mongoose cannot type a filter or an update on a generic document.
  const filter = { tenantId, name } as QueryFilter<D>;
  const update = { $set: values, $setOnInsert: { _id: id, ...born } } as UpdateQuery<D>;
  try {
    return await retryOnDuplicate(() =>
      model.findOneAndUpdate(filter, update, { upsert: true, returnDocument: 'after' }).lean().orFail(),
    );
  } catch (error) {
    if (!duplicateKey(error)) throw error;
    throw new InvariantError(`Id ${id}, given for ${name}, belongs to something else`, { cause: error });
  }
}
