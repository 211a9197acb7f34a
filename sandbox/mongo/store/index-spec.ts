import { type Doc, docOf, Int32, isDoc, isNumber, isTruthy, toNumber, type Value } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { compileFilter, type Matcher } from '../query/match.ts';
import { isArrayIndex } from '../query/path.ts';
import { checkSupported } from '../supported.ts';
import type { KeyPart } from './index-keys.ts';

export interface IndexSpec {
  readonly name: string;
  readonly keyPattern: Doc;
  readonly parts: readonly KeyPart[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly expireAfterSeconds: number | undefined;
  readonly partialFilter: Doc | undefined;
  readonly matcher: Matcher | undefined;
  /** What `listIndexes` answers: the version and what was given, nothing else. */
  readonly shown: Doc;
}

const MAX_TTL_SECONDS = 0x7fff_ffff;

/** One entry of `createIndexes`, checked. Throws Fault 67 for bad ones, 115 for kinds outside the subset. */
export function parseIndexSpec(given: Value): IndexSpec {
  if (!isDoc(given)) throw new Fault(14, 'createIndexes needs documents in its indexes');
  for (const name of given.keys()) checkSupported('indexOptions', name, `the index option ${name}`);
  for (const flag of ['unique', 'sparse', 'background', 'hidden']) {
    const value = given.get(flag) ?? false;
    if (typeof value !== 'boolean' && !isNumber(value))
      throw new Fault(14, `The field '${flag}' has a value which is not convertible to bool`);
  }
  if (isTruthy(given.get('hidden'))) throw unsupported('the index option hidden');
  const collation = given.get('collation');
  if (collation !== undefined) checkCollation(collation);
  const keyPattern = given.get('key');
  const name = given.get('name');
  for (const field of ['key', 'name']) {
    if (!given.has(field)) throw new Fault(9, `The '${field}' field is a required property of an index specification`);
  }
  if (!isDoc(keyPattern)) throw new Fault(14, `The field 'key' must be an object`);
  if (keyPattern.size === 0) throw new Fault(67, 'Index keys cannot be an empty object');
  if (typeof name !== 'string') throw new Fault(14, `The field 'name' must be a string`);
  if (name === '') throw new Fault(67, 'The index name cannot be empty');
  const version = given.get('v');
  if (version !== undefined && (!isNumber(version) || toNumber(version) !== 2))
    throw unsupported('an index version other than 2');
  const parts = [...keyPattern].map(([field, direction]) => parsePart(field, direction));
  const partialFilter = given.get('partialFilterExpression');
  if (partialFilter !== undefined && !isDoc(partialFilter))
    throw new Fault(14, `The field 'partialFilterExpression' must be an object`);
  if (partialFilter) checkPartial(partialFilter);
  const sparse = isTruthy(given.get('sparse'));
  if (sparse && partialFilter) throw new Fault(67, 'cannot mix "partialFilterExpression" and "sparse" options');
  const shown = docOf({ v: new Int32(2), key: keyPattern, name });
  for (const [option, value] of given) {
    const isFlag = option === 'unique' || option === 'sparse';
    if (['v', 'key', 'name', 'ns', 'hidden', 'collation', 'background'].includes(option)) continue;
    if (!isFlag || isTruthy(value)) shown.set(option, isFlag ? true : value);
  }
  return {
    name,
    keyPattern,
    parts,
    unique: isTruthy(given.get('unique')),
    sparse,
    expireAfterSeconds: parseTtl(given, parts),
    partialFilter,
    matcher: partialFilter && compileFilter(partialFilter),
    shown,
  };
}

/** Only the collation that is none passes. */
export function checkCollation(value: Value): void {
  if (isDoc(value) && (value.size === 0 || (value.get('locale') === 'simple' && value.size === 1))) return;
  throw unsupported('a collation');
}

function parsePart(name: string, direction: Value): KeyPart {
  if (typeof direction === 'string') throw unsupported(`an index of the kind "${direction}"`);
  if (name.includes('$**')) throw unsupported('a wildcard index');
  const number = isNumber(direction) ? toNumber(direction) : 0;
  if (number === 0 || Number.isNaN(number)) throw new Fault(67, `Values in the index key pattern cannot be 0: ${name}`);
  const path = name.split('.');
  if (path.includes('') || path.some((part) => part.startsWith('$')))
    throw new Fault(67, `Index keys cannot contain an empty field or one that begins with $: '${name}'`);
  if (path.some(isArrayIndex)) throw unsupported(`an index on the array position ${name}`);
  return { path, name, descending: number < 0 };
}

function parseTtl(given: Doc, parts: readonly KeyPart[]): number | undefined {
  const value = given.get('expireAfterSeconds');
  if (value === undefined) return undefined;
  const seconds = isNumber(value) ? toNumber(value) : Number.NaN;
  if (!(seconds >= 0 && seconds <= MAX_TTL_SECONDS))
    throw new Fault(67, `TTL index 'expireAfterSeconds' option must be within 0 to ${MAX_TTL_SECONDS}`);
  if (parts.length > 1)
    throw new Fault(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
  if (parts[0]?.name === '_id')
    throw new Fault(67, 'The field expireAfterSeconds is not valid for an _id index specification');
  return seconds;
}

/** What a partial filter may hold: equality, ranges, $in, $type, $exists: true, $and, $or. */
function checkPartial(filter: Doc): void {
  for (const [name, condition] of filter) {
    if (name === '$and' || name === '$or') {
      for (const branch of Array.isArray(condition) ? condition : []) if (isDoc(branch)) checkPartial(branch);
      continue;
    }
    if (name.startsWith('$')) throw new Fault(67, `unsupported expression in partial index: ${name}`);
    if (!isDoc(condition)) continue;
    for (const [operator, operand] of condition) {
      const isFine =
        !operator.startsWith('$') ||
        ['$eq', '$gt', '$gte', '$lt', '$lte', '$in', '$type'].includes(operator) ||
        (operator === '$exists' && isTruthy(operand));
      if (!isFine) throw new Fault(67, `unsupported expression in partial index: ${operator}`);
    }
  }
}

export const ID_INDEX: IndexSpec = {
  name: '_id_',
  keyPattern: docOf({ _id: new Int32(1) }),
  parts: [{ path: ['_id'], name: '_id', descending: false }],
  unique: true,
  sparse: false,
  expireAfterSeconds: undefined,
  partialFilter: undefined,
  matcher: undefined,
  shown: docOf({ v: new Int32(2), key: docOf({ _id: new Int32(1) }), name: '_id_' }),
};
