import { Binary, BSONRegExp, Double, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import { SUPPORTED } from '../../../../sandbox/mongo/supported.ts';
import type { Operation } from './commands.ts';

type Reached = Set<string>;

const LOGIC = ['$and', '$or', '$nor'];
const PROJECTION_LEAVES = ['number', 'boolean'];

/** Every entry of the supported list, as `list name`, and for commands as `command.option`. */
export function everyEntry(): string[] {
  const commands = Object.entries(SUPPORTED.commands).flatMap(([name, options]) => [
    `command ${name}`,
    ...options.map((option) => `command ${name}.${option}`),
  ]);
  const lists = Object.entries(SUPPORTED).flatMap(([list, names]) =>
    Array.isArray(names) ? names.map((name) => `${list} ${name}`) : [],
  );
  return [...commands, ...lists];
}

/** What else there is to reach: kinds of values, of paths and of names. */
export const KINDS = [
  ...['int', 'double', 'NaN', 'infinity', '-0', 'long', 'long beyond 2^53', 'string', 'string beyond the BMP', 'bool'],
  ...['null', 'date', 'objectId', 'binary', 'regex', 'minKey', 'maxKey', 'list', 'nested list', 'document'],
  ...['name __proto__', 'name constructor', 'name 0', 'name with .', 'path $', 'path $[]', 'path $[name]'],
  ...['index compound', 'index unique', 'index sparse', 'index partial', 'replacement', 'missing'],
].map((kind) => `kind ${kind}`);

/** The entries and kinds that one operation reaches. */
export function reach({ command, cursor }: Operation): Reached {
  const reached: Reached = new Set(cursor === 'kill' ? ['command killCursors', 'command killCursors.cursors'] : []);
  if (cursor === 'drain') for (const name of ['', '.collection', '.batchSize']) reached.add(`command getMore${name}`);
  if ('apiStrict' in command) {
    for (const name of [Object.keys(command)[0], 'getMore', 'killCursors']) reached.add(`stableCommands ${name}`);
  }
  reachCommand(reached, new Map(Object.entries(command)));
  reachValues(reached, new Map(Object.entries(command)));
  return reached;
}

function reachCommand(reached: Reached, command: ReadonlyMap<string, unknown>): void {
  const [name = ''] = [...command.keys()];
  reached.add(`command ${name}`);
  for (const [field, value] of command) {
    reached.add(`command ${name}.${field}`).add(`genericFields ${field}`);
    if (['filter', 'query'].includes(field)) reachFilter(reached, value);
    if (field === 'update') reachUpdate(reached, value);
    if (['projection', 'fields'].includes(field)) reachProjection(reached, value);
    if (field === 'pipeline') for (const stage of listOf(value)) reachStage(reached, stage);
    if (field === 'arrayFilters') for (const filter of listOf(value)) reachFilter(reached, filter);
    if (field === 'explain' && value instanceof Map) reachCommand(reached, value);
    if (field === 'indexes') for (const index of listOf(value)) reachIndex(reached, index);
  }
  for (const entry of listOf(command.get('updates'))) {
    for (const field of mapOf(entry).keys()) reached.add(`updateEntry ${field}`);
    reachFilter(reached, mapOf(entry).get('q'));
    reachUpdate(reached, mapOf(entry).get('u'));
  }
  for (const entry of listOf(command.get('deletes'))) {
    for (const field of mapOf(entry).keys()) reached.add(`deleteEntry ${field}`);
    reachFilter(reached, mapOf(entry).get('q'));
  }
}

function reachFilter(reached: Reached, filter: unknown): void {
  for (const [name, condition] of mapOf(filter)) {
    if (!name.startsWith('$')) reachCondition(reached, condition);
    else reached.add(`queryLogic ${name}`);
    if (LOGIC.includes(name)) for (const branch of listOf(condition)) reachFilter(reached, branch);
  }
}

function reachCondition(reached: Reached, condition: unknown): void {
  for (const [operator, operand] of mapOf(condition)) {
    if (!operator.startsWith('$')) return;
    reached.add(`queryOperators ${operator}`);
    if (operator === '$not') reachCondition(reached, operand);
    if (operator === '$all') for (const member of listOf(operand)) reachCondition(reached, member);
    if (operator === '$elemMatch') {
      reachFilter(reached, operand);
      reachCondition(reached, operand);
    }
  }
}

function reachUpdate(reached: Reached, update: unknown): void {
  for (const [operator, fields] of mapOf(update)) {
    if (!operator.startsWith('$')) {
      reached.add('kind replacement');
      return;
    }
    reached.add(`updateOperators ${operator}`);
    for (const [path, operand] of mapOf(fields)) {
      if (/\.\$(\.|$)/.test(path)) reached.add('kind path $');
      if (path.includes('$[]')) reached.add('kind path $[]');
      if (/\$\[\w/.test(path)) reached.add('kind path $[name]');
      if (operator === '$push') for (const name of mapOf(operand).keys()) reached.add(`pushModifiers ${name}`);
      if (operator === '$pull') reachCondition(reached, operand);
    }
  }
}

function reachProjection(reached: Reached, projection: unknown): void {
  for (const value of mapOf(projection).values()) {
    if (PROJECTION_LEAVES.includes(typeof value)) continue;
    for (const [operator, operand] of mapOf(value)) {
      reached.add(`projectionOperators ${operator}`);
      if (operator === '$elemMatch') reachFilter(reached, operand);
    }
  }
}

function reachStage(reached: Reached, stage: unknown): void {
  for (const [name, operand] of mapOf(stage)) {
    reached.add(`stages ${name}`);
    if (name === '$match') reachFilter(reached, operand);
    else if (name === '$group') {
      for (const [field, column] of mapOf(operand)) {
        if (field === '_id') reachExpression(reached, column);
        for (const [operator, inner] of field === '_id' ? [] : mapOf(column)) {
          reached.add(`accumulators ${operator}`);
          reachExpression(reached, inner);
        }
      }
    } else reachExpression(reached, operand);
  }
}

function reachExpression(reached: Reached, given: unknown): void {
  for (const member of listOf(given)) reachExpression(reached, member);
  for (const [name, operand] of mapOf(given)) {
    if (name.startsWith('$')) reached.add(`expressions ${name}`);
    if (name !== '$literal') reachExpression(reached, operand);
  }
}

function reachIndex(reached: Reached, index: unknown): void {
  const options = mapOf(index);
  for (const option of options.keys()) reached.add(`indexOptions ${option}`);
  if (mapOf(options.get('key')).size > 1) reached.add('kind index compound');
  if (options.get('unique') === true) reached.add('kind index unique');
  if (options.get('sparse') === true) reached.add('kind index sparse');
  if (options.has('partialFilterExpression')) {
    reached.add('kind index partial');
    reachFilter(reached, options.get('partialFilterExpression'));
  }
}

function reachValues(reached: Reached, value: unknown): void {
  reached.add(`kind ${kindOf(value)}`);
  if (Array.isArray(value)) {
    for (const member of value) {
      if (Array.isArray(member)) reached.add('kind nested list');
      reachValues(reached, member);
    }
  }
  for (const [name, member] of mapOf(value)) {
    if (['__proto__', 'constructor', '0'].includes(name)) reached.add(`kind name ${name}`);
    if (name.includes('.')) reached.add('kind name with .');
    if (name === '$exists' && member === false) reached.add('kind missing');
    reachValues(reached, member);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return /[\u{10000}-\u{10ffff}]/u.test(value) ? 'string beyond the BMP' : 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Double) return doubleKind(value.valueOf());
  if (value instanceof Long) return Math.abs(value.toNumber()) > Number.MAX_SAFE_INTEGER ? 'long beyond 2^53' : 'long';
  if (value instanceof Date) return 'date';
  if (value instanceof ObjectId) return 'objectId';
  if (value instanceof Binary) return 'binary';
  if (value instanceof BSONRegExp) return 'regex';
  if (value instanceof MinKey) return 'minKey';
  return value instanceof MaxKey ? 'maxKey' : 'document';
}

function doubleKind(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? 'double' : 'infinity';
}

function mapOf(value: unknown): ReadonlyMap<string, unknown> {
  return value instanceof Map ? value : new Map();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
