import { type Doc, isDoc, Regex, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { isOperatorDoc } from '../query/operators.ts';
import { idOf } from '../store/storable.ts';
import type { Update } from './compile.ts';
import { setAt } from './paths.ts';

/** The document an upsert begins with: what the filter says must be equal. Ranges and alternatives seed nothing. */
export function seedOf(filter: Doc): Doc {
  const seed: Doc = new Map();
  const seen = new Set<string>();
  for (const [name, value] of equalities(filter)) {
    if (seen.has(name)) throw new Fault(54, `cannot infer query fields to set, path '${name}' is matched twice`);
    seen.add(name);
    setAt(seed, name.split('.'), value);
  }
  return seed;
}

/** The document an upsert inserts, `_id` first. */
export function buildUpsert(filter: Doc, update: Update, isReplacement: boolean, now: Date): Doc {
  const seed = seedOf(filter);
  let base = seed;
  if (isReplacement) {
    const id = seed.get('_id');
    base = id === undefined ? new Map() : new Map([['_id', id]]);
  }
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
