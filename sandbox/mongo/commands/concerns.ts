import type { Reply } from '../bson/encode.ts';
import { type Doc, docOf, int, isDoc, isNumber, type Maybe, toNumber } from '../bson/values.ts';
import { codeName, Fault, unsupported } from '../errors.ts';

const READ_LEVELS: readonly Maybe[] = ['local', 'available', 'majority', 'linearizable'];

/** With one server whose writes are all done when they are answered, the levels are the same. */
export function checkReadConcern(body: Doc): void {
  const readConcern = body.get('readConcern');
  if (readConcern === undefined) return;
  if (!isDoc(readConcern)) throw new Fault(14, 'readConcern must be an object');
  for (const [field, value] of readConcern) {
    if (field !== 'level') throw unsupported(`the readConcern field ${field}`);
    if (!READ_LEVELS.includes(value)) throw unsupported(`the readConcern level ${String(value)}`);
  }
}

/** The commands that may change something; aggregate only with stages that are not here, and says so itself. */
const WRITES: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'findAndModify',
  'create',
  'drop',
  'dropDatabase',
  'createIndexes',
  'dropIndexes',
  'aggregate',
  // Changes nothing, but drivers send it with w: 0, to get no answer.
  'endSessions',
]);
const MAX_MEMBERS = 50;

/**
 * What a write concern adds to the reply of a write: there is one member, and a write that wants more of them is done
 * and says so. Throws before anything is done where the write concern itself is wrong.
 */
export function writeConcernReply(name: string, body: Doc): Reply {
  const concern = body.get('writeConcern');
  if (concern === undefined) return {};
  if (!isDoc(concern))
    throw new Fault(14, `BSON field '${name}.writeConcern' is the wrong type, expected type 'object'`);
  if (!WRITES.has(name)) throw new Fault(72, `Command ${name} does not support writeConcern`);
  for (const field of concern.keys()) {
    if (!['w', 'j', 'wtimeout', 'fsync'].includes(field)) throw unsupported(`the writeConcern field ${field}`);
  }
  for (const flag of ['j', 'fsync']) {
    const value = concern.get(flag) ?? false;
    if (typeof value !== 'boolean' && !isNumber(value))
      throw new Fault(9, `${flag} must be numeric or a boolean value`);
  }
  if (!isNumber(concern.get('wtimeout') ?? 0)) throw new Fault(9, 'wtimeout must be a number');
  return membersReply(concern.get('w') ?? 1);
}

function membersReply(w: NonNullable<Maybe>): Reply {
  if (isDoc(w)) throw unsupported('a writeConcern by tags');
  if (typeof w === 'string') {
    if (w === 'majority') return {};
    return concernError(79, `No write concern mode named '${w}' found in replica set configuration`);
  }
  if (!isNumber(w)) throw new Fault(9, 'w has to be a number, string, or object');
  const members = toNumber(w);
  if (!(members >= 0 && members <= MAX_MEMBERS))
    throw new Fault(9, `w has to be a non-negative number and not greater than ${MAX_MEMBERS}; found: ${members}`);
  return members > 1 ? concernError(100, 'Not enough data-bearing nodes') : {};
}

function concernError(code: number, errmsg: string): Reply {
  return { writeConcernError: docOf({ code: int(code), codeName: codeName(code), errmsg }) };
}
