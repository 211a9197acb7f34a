import { encodeReply, type Reply } from '../bson/encode.ts';
import { type Doc, int, isDoc, isNumber, type Maybe, toNumber } from '../bson/values.ts';
import { codeName, Fault, unsupported } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { refusalOf } from '../mongodb-names.ts';
import type { Store } from '../store/store.ts';
import { type CommandName, checkCommandFields, isCommand } from '../supported.ts';
import { aggregate } from './aggregate.ts';
import {
  create,
  createIndexes,
  drop,
  dropDatabase,
  dropIndexes,
  listCollections,
  listDatabases,
  listIndexes,
} from './catalog.ts';
import { checkReadConcern, writeConcernReply } from './concerns.ts';
import type { Context, Handler, Request } from './context.ts';
import type { Cursors } from './cursors.ts';
import { explain } from './explain.ts';
import { checkFlags } from './forms.ts';
import { buildInfo, connectionStatus, getCmdLineOpts, getParameter, hello, serverStatus } from './handshake.ts';
import { findAndModify } from './modify.ts';
import { count, distinct, find, getMore, killCursors } from './read.ts';
import type { Sessions } from './sessions.ts';
import { checkApi } from './stable-api.ts';
import { insert, remove, update } from './write.ts';

const HANDLERS: Readonly<Record<CommandName, Handler>> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: () => ({}),
  buildInfo,
  buildinfo: buildInfo,
  connectionStatus,
  getCmdLineOpts,
  getParameter,
  serverStatus,
  endSessions,
  killAllSessions,
  killCursors,
  getMore,
  find,
  count,
  distinct,
  aggregate,
  insert,
  update,
  delete: remove,
  findAndModify,
  create,
  drop,
  dropDatabase,
  listCollections,
  listDatabases,
  createIndexes,
  listIndexes,
  dropIndexes,
  explain,
};

function endSessions({ command, sessions }: Context): Reply {
  const ended = command.get('endSessions');
  if (Array.isArray(ended)) for (const session of ended) if (isDoc(session)) sessions.end(session);
  return {};
}

/** No command is ever half done here, so what a session may have open are its cursors. */
function killAllSessions({ command, cursors }: Context): Reply {
  const users = command.get('killAllSessions');
  if (!Array.isArray(users)) throw new Fault(14, `BSON field 'killAllSessions' is the wrong type, expected an array`);
  if (users.length > 0) throw unsupported('killAllSessions for some users only');
  cursors.killAll();
  return {};
}

const ADMIN_ONLY: ReadonlySet<string> = new Set(['getCmdLineOpts', 'getParameter', 'listDatabases']);
const RETRYABLE: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'findAndModify']);

/** What all commands of a server share. */
export interface Shared {
  readonly store: Store;
  readonly cursors: Cursors;
  readonly sessions: Sessions;
  /** What hello tells clients to connect to. */
  readonly address: () => string;
  readonly logger: Logger | undefined;
}

/** The bytes of the reply to a command, after `headRoom` free ones. Never throws: a mistake is a reply too. */
export function answer(shared: Shared, request: Request, connectionId: number, headRoom: number): Buffer {
  try {
    return encodeReply(run(shared, request, connectionId), headRoom);
  } catch (error) {
    return encodeReply(failure(error), headRoom);
  }
}

export function failure(error: unknown): Reply {
  const fault =
    error instanceof Fault
      ? error
      : new Fault(1, error instanceof Error ? (error.stack ?? error.message) : String(error));
  return {
    ok: 0,
    errmsg: fault.message,
    code: int(fault.code),
    codeName: codeName(fault.code),
    ...Object.fromEntries(fault.extra ?? []),
  };
}

function run(shared: Shared, request: Request, connectionId: number): Reply {
  const { body } = request;
  const name = body.keys().next().value ?? '';
  if (name.startsWith('sasl') || body.has('speculativeAuthenticate')) throw unsupported('authentication');
  if (!isCommand(name)) throw refusalOf('commands', name, `the command ${name}`);
  checkCommandFields(name, [...body.keys(), ...request.sequences.keys()]);
  const database = body.get('$db');
  if (typeof database !== 'string' || database === '') throw new Fault(40414, `OP_MSG requests require a $db argument`);
  if (ADMIN_ONLY.has(name) && database !== 'admin')
    throw new Fault(13, `${name} may only be run against the admin database.`);
  checkApi(name, body);
  checkFlags(name, body);
  checkReadConcern(body);
  const concern = writeConcernReply(name, body);
  const { address, store, cursors, sessions } = shared;
  const context: Context = {
    store,
    cursors,
    sessions,
    database,
    command: body,
    sequences: request.sequences,
    deadline: deadlineOf(body, name),
    now: new Date(),
    address: address(),
    connectionId,
  };
  const perform = (): Reply => ({ ...HANDLERS[name](context), ...concern, ok: 1 });
  return RETRYABLE.has(name) ? shared.sessions.once(body, perform) : perform();
}

function deadlineOf(body: Doc, name: string): number | undefined {
  const limit: Maybe = body.get('maxTimeMS');
  if (limit === undefined) return undefined;
  const ms = isNumber(limit) ? toNumber(limit) : Number.NaN;
  if (!(ms >= 0)) throw new Fault(2, 'maxTimeMS must be a non-negative number');
  if (name === 'getMore') throw new Fault(2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
  return ms === 0 ? undefined : performance.now() + ms;
}
