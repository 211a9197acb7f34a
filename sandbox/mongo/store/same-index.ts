import { keyOf } from '../bson/order.ts';
import type { Doc } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import type { IndexSpec } from './index-spec.ts';

/**
 * Whether just this index is there already. Two indexes may have the same keys if they differ in `unique`, `sparse`
 * or the partial filter; other options do not tell them apart.
 * Throws Fault 86 for a name that another one has, 85 for the same one under another name or with other options.
 */
export function hasSameIndex(existing: readonly IndexSpec[], spec: IndexSpec): boolean {
  if (isSameDoc(existing[0]?.keyPattern, spec.keyPattern) && existing[0]?.name === '_id_') return true;
  const named = existing.find((own) => own.name === spec.name);
  if (named && !isSameSignature(named, spec)) {
    throw new Fault(
      86,
      `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${spec.name}`,
    );
  }
  const alike = named ?? existing.find((own) => isSameSignature(own, spec));
  if (!alike) return false;
  const isIdentical = alike.expireAfterSeconds === spec.expireAfterSeconds;
  if (named && isIdentical) return true;
  if (isIdentical) throw new Fault(85, `Index already exists with a different name: ${alike.name}`);
  const name = named ? 'the same name but different options' : 'a different name and options';
  throw new Fault(85, `An equivalent index already exists with ${name}: ${alike.name}`);
}

/** The new ones among the indexes of one command, which must not be in each other's way either. */
export function newIndexes(existing: readonly IndexSpec[], specs: readonly IndexSpec[]): IndexSpec[] {
  const added: IndexSpec[] = [];
  for (const spec of specs) {
    if (hasSameIndex(existing, spec)) continue;
    if (hasSameIndex(added, spec)) throw new Fault(68, `Identical index already exists: ${spec.name}`);
    added.push(spec);
  }
  return added;
}

function isSameSignature(a: IndexSpec, b: IndexSpec): boolean {
  return (
    a.unique === b.unique &&
    a.sparse === b.sparse &&
    isSameDoc(a.keyPattern, b.keyPattern) &&
    isSameDoc(a.partialFilter, b.partialFilter)
  );
}

function isSameDoc(a: Doc | undefined, b: Doc | undefined): boolean {
  if (!a || !b) return a === b;
  return keyOf(a) === keyOf(b);
}
