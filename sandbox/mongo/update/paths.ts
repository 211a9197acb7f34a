import { type Doc, isDoc, type Maybe, type Value } from '../bson/values.ts';
import { Fault } from '../errors.ts';
import { isArrayIndex, type Path } from '../query/path.ts';

/** MongoDB's limit on how far an update may fill an array up with nulls. */
const MAX_PADDING = 1_500_000;

/** The value at a path, stepping into arrays by index only. */
export function valueAt(doc: Doc, path: Path): Maybe {
  let value: Maybe = doc;
  for (const part of path) {
    if (isDoc(value)) value = value.get(part);
    else if (Array.isArray(value) && isArrayIndex(part)) value = value[Number(part)];
    else return undefined;
  }
  return value;
}

/**
 * Sets the value at a path, making documents on the way. Throws Fault 28 where a scalar is in the way.
 */
export function setAt(doc: Doc, path: Path, value: Value): void {
  let parent: Value = doc;
  for (let at = 0; at < path.length - 1; at += 1) {
    const part = path[at] ?? '';
    let next = childOf(parent, part, path, at);
    if (next === undefined) {
      next = new Map();
      put(parent, part, next);
    }
    parent = next;
  }
  const last = path.at(-1) ?? '';
  childOf(parent, last, path, path.length - 1);
  put(parent, last, value);
}

/** Takes the field at a path away; an element of an array becomes null. */
export function unsetAt(doc: Doc, path: Path): void {
  const parent = valueAt(doc, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (isDoc(parent)) parent.delete(last);
  else if (Array.isArray(parent) && isArrayIndex(last) && Number(last) < parent.length) parent[Number(last)] = null;
}

/**
 * The value at a path that is only to be changed, not made. Throws Fault 28 where it is missing and could not be made.
 */
export function existingAt(doc: Doc, path: Path): Maybe {
  let value: Maybe = doc;
  for (let at = 0; at < path.length && value !== undefined; at += 1) value = childOf(value, path[at] ?? '', path, at);
  return value;
}

function childOf(parent: Value, part: string, path: Path, at: number): Maybe {
  if (isDoc(parent)) return parent.get(part);
  if (Array.isArray(parent) && isArrayIndex(part)) return parent[Number(part)];
  throw new Fault(28, `Cannot create field '${part}' in element {${path[at - 1] ?? ''}: ${show(parent)}}`);
}

function put(parent: Value, part: string, value: Value): void {
  if (isDoc(parent)) parent.set(part, value);
  else if (Array.isArray(parent)) {
    const index = Number(part);
    if (index > parent.length + MAX_PADDING) throw new Fault(2, `can't backfill more than ${MAX_PADDING} elements`);
    while (parent.length < index) parent.push(null);
    parent[index] = value;
  }
}

const SHOWN_TEXT = { longest: 159, cutTo: 150 };

/** A value for an error message, as MongoDB writes it: long texts are cut, quotes in them are left as they are. */
export function show(value: Maybe): string {
  if (value === undefined) return 'missing';
  if (isDoc(value))
    return list(
      '{',
      [...value].map(([name, member]) => `${name}: ${show(member)}`),
      '}',
    );
  if (Array.isArray(value)) return list('[', value.map(show), ']');
  if (typeof value === 'string') return showText(value);
  if (typeof value === 'number') return showDouble(value);
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value === null || typeof value !== 'object') return String(value);
  switch (value.type) {
    case 'int':
      return String(value.value);
    case 'objectId':
      return `ObjectId('${hex(value.bytes)}')`;
    case 'binData':
      return value.subType === UUID_SUBTYPE && value.bytes.length === 16
        ? `UUID("${hex(value.bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}")`
        : `BinData(${value.subType}, ${hex(value.bytes).toUpperCase()})`;
    case 'regex':
      return `/${value.pattern}/${value.options}`;
    case 'minKey':
      return 'MinKey';
    case 'maxKey':
      return 'MaxKey';
  }
}

const UUID_SUBTYPE = 4;

function list(open: string, members: readonly string[], close: string): string {
  return members.length === 0 ? open + close : `${open} ${members.join(', ')} ${close}`;
}

function showText(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= SHOWN_TEXT.longest) return `"${text}"`;
  return `"${bytes.toString('utf8', 0, SHOWN_TEXT.cutTo)}..."`;
}

function showDouble(value: number): string {
  const text = String(Number(value.toPrecision(16)));
  return Number.isInteger(value) && !text.includes('e') ? `${text}.0` : text;
}

function hex(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('hex');
}
