import { type Doc, isDoc } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { type CommandName, SUPPORTED } from '../supported.ts';

/** Options that work without `apiStrict` and are no part of API version 1. */
const UNSTABLE_OPTIONS: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  find: ['noCursorTimeout'],
  create: ['autoIndexId'],
};
const UNSTABLE_INDEX_OPTIONS = ['background', 'sparse'];

/** MongoDB's Stable API: what `apiVersion`, `apiStrict` and `apiDeprecationErrors` promise. Version 1 deprecates nothing. */
export function checkApi(name: CommandName, body: Doc): void {
  const version = body.get('apiVersion');
  const isStrict = flag(body, 'apiStrict');
  if (version === undefined) {
    if (body.has('apiStrict') || body.has('apiDeprecationErrors'))
      throw new Fault(4886600, 'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion');
    return;
  }
  flag(body, 'apiDeprecationErrors');
  if (typeof version !== 'string')
    throw new Fault(14, `BSON field 'apiVersion' is the wrong type, expected type 'string'`);
  if (version !== '1') throw new Fault(322, 'API version must be "1"');
  if (isStrict) checkStrict(name, body);
}

/** Throws Fault 323 for what is not in API version 1. */
export function checkStrict(name: CommandName, body: Doc): void {
  const known: readonly string[] = SUPPORTED.stableCommands;
  if (!known.includes(name)) {
    const advice =
      'Information on supported commands and migrations in API Version 1 can be found at https://dochub.mongodb.org/core/manual-versioned-api.';
    throw new Fault(323, `Provided apiStrict:true, but the command ${name} is not in API Version 1. ${advice}`);
  }
  refuse(name, body, UNSTABLE_OPTIONS[name] ?? []);
  const indexes = name === 'createIndexes' ? body.get('indexes') : undefined;
  if (Array.isArray(indexes))
    for (const index of indexes) if (isDoc(index)) refuse('createIndexes.indexes', index, UNSTABLE_INDEX_OPTIONS);
}

function refuse(owner: string, fields: Doc, unstable: readonly string[]): void {
  for (const field of unstable) {
    if (fields.has(field)) throw new Fault(323, `BSON field '${owner}.${field}' is not allowed with apiStrict:true.`);
  }
}

function flag(body: Doc, name: string): boolean {
  const value = body.get(name) ?? false;
  if (typeof value !== 'boolean') throw new Fault(14, `BSON field '${name}' is the wrong type, expected type 'bool'`);
  return value;
}
