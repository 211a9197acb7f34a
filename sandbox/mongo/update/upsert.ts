import { type Doc, isDoc, Regex, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { isOperatorDoc } from '../query/operators.ts';
import { idOf } from '../store/storable.ts';
import type { Update } from './compile.ts';
import { setAt } from './paths.ts';

/** The document an upsert begins with: what the filter says must be equal. Ranges and alternatives seed nothing. */
export function seedOf(filter: Doc): Doc {
  const seed: Doc = new Map();
  const found = equalities(filter);
  const names = new Set<string>();
  for (const [name] of found) {
    if (names.has(name)) throw new Fault(54, `cannot infer query fields to set, path '${name}' is matched twice`);
    names.add(name);
  }
  for (const [name, value] of found) {
    const path = name.split('.');
    for (let length = 1; length < path.length; length += 1) {
      const prefix = path.slice(0, length).join('.');
      if (names.has(prefix))
        throw new Fault(54, `cannot infer query fields to set, both paths '${name}' and '${prefix}' are matched`);
    }
    setAt(seed, path, value);
  }
  return seed;
}

/** What a replacement begins with: the `_id`, which the filter must give whole if it gives it at all. */
function seedOfReplacement(filter: Doc): Doc {
  const found = equalities(filter).filter(([name]) => name === '_id' || name.startsWith('_id.'));
  const inner = found.find(([name]) => name !== '_id');
  if (inner) throw new Fault(61, `field at '_id' must be exactly specified, field at sub-path '${inner[0]}' found`);
  if (found.length > 1) throw new Fault(54, `cannot infer query fields to set, path '_id' is matched twice`);
  return new Map(found);
}

/** The document an upsert inserts, `_id` first. */
export function buildUpsert(filter: Doc, update: Update, isReplacement: boolean, now: Date): Doc {
  const base = isReplacement ? seedOfReplacement(filter) : seedOf(filter);
  const made = update(base, { isInsert: true, now, position: undefined });
  const result: Doc = new Map([['_id', idOf(made)]]);
  for (const [name, value] of made) if (name !== '_id') result.set(name, value);
  return result;
}

function equalities(filter: Doc): [string, Value][] {
  return [...filter].flatMap(([name, condition]): [string, Value][] => {
    if (name === '$and') return branches(condition).flatMap(equalities);
    if (name === '$or') {
      const [only, ...others] = branches(condition);
      return only && others.length === 0 ? equalities(only) : [];
    }
    if (name.startsWith('$')) return [];
    if (!isOperatorDoc(condition)) return condition instanceof Regex ? [] : [[name, condition]];
    const equal = condition.get('$eq');
    if (equal !== undefined) return [[name, equal]];
    const among = condition.get('$in');
    if (Array.isArray(among) && among.length === 1 && among[0] !== undefined && !(among[0] instanceof Regex))
      return [[name, among[0]]];
    const all = condition.get('$all');
    if (Array.isArray(all)) {
      return all
        .filter((member) => !isOperatorDoc(member) && !(member instanceof Regex))
        .map((member): [string, Value] => [name, member]);
    }
    return [];
  });
}

function branches(condition: Value): Doc[] {
  return Array.isArray(condition) ? condition.filter(isDoc) : [];
}
