import type { Reply } from '../bson/encode.ts';
import { docOf, int, isDoc } from '../bson/values.ts';
import { Fault, unsupported } from '../errors.ts';
import { MAX_DOC_BYTES } from '../store/collection.ts';
import type { Context } from './context.ts';

export const MAX_MESSAGE_BYTES = 48_000_000;
const VERSION = '7.0.0';
const WIRE_VERSION = 21;
const SET_NAME = 'embedded';

/** The only member of a replica set, so that drivers send retryable writes as they would in production. */
export function hello(context: Context): Reply {
  const isLegacy = !context.command.has('hello');
  const { address } = context;
  return {
    helloOk: true,
    ...(isLegacy ? { ismaster: true } : { isWritablePrimary: true }),
    secondary: false,
    setName: SET_NAME,
    setVersion: int(1),
    hosts: [address],
    primary: address,
    me: address,
    maxBsonObjectSize: int(MAX_DOC_BYTES),
    maxMessageSizeBytes: int(MAX_MESSAGE_BYTES),
    maxWriteBatchSize: int(100_000),
    localTime: context.now,
    logicalSessionTimeoutMinutes: int(30),
    connectionId: int(context.connectionId),
    minWireVersion: int(0),
    maxWireVersion: int(WIRE_VERSION),
    readOnly: false,
  };
}

export function buildInfo(): Reply {
  return {
    version: VERSION,
    versionArray: VERSION.split('.')
      .map(Number)
      .concat(0)
      .map((part) => int(part)),
    gitVersion: 'none',
    modules: ['embedded'],
    allocator: 'node',
    javascriptEngine: 'none',
    storageEngines: ['embedded'],
    bits: int(64),
    debug: false,
    maxBsonObjectSize: int(MAX_DOC_BYTES),
  };
}

export function connectionStatus(): Reply {
  return { authInfo: { authenticatedUsers: [], authenticatedUserRoles: [], authenticatedUserPrivileges: [] } };
}

/** All parameters there are: what the test runners of drivers ask a server for before they begin. */
const PARAMETERS: Reply = {
  featureCompatibilityVersion: docOf({ version: '7.0' }),
  authenticationMechanisms: [],
  enableTestCommands: false,
  requireApiVersion: false,
};

export function getParameter({ command }: Context): Reply {
  const what = command.get('getParameter');
  if (what === '*') return PARAMETERS;
  if (isDoc(what)) throw unsupported('a document as the value of getParameter');
  const asked = Object.entries(PARAMETERS).filter(([name]) => command.has(name));
  if (asked.length === 0) throw new Fault(72, 'no option found to get');
  return Object.fromEntries(asked);
}

/** How mongod was started; here there is nothing to say, above all no access control. */
export function getCmdLineOpts(): Reply {
  return { argv: ['embedded-mongo'], parsed: new Map() };
}

export function serverStatus(context: Context): Reply {
  const { heapUsed, rss } = process.memoryUsage();
  return {
    host: context.address,
    version: VERSION,
    process: 'embedded',
    storageEngine: docOf({ name: 'embedded' }),
    pid: BigInt(process.pid),
    uptime: process.uptime(),
    localTime: context.now,
    mem: { bits: int(64), resident: int(Math.round(rss / 1024 / 1024)), heapBytes: int(heapUsed) },
    cursors: int(context.cursors.size()),
  };
}
