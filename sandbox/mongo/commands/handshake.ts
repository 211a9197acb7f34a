import type { Reply } from '../bson/encode.ts';
import { int } from '../bson/values.ts';
import { unsupported } from '../errors.ts';
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

/** Only what tells versions apart. */
export function getParameter(context: Context): Reply {
  if (!context.command.has('featureCompatibilityVersion')) throw unsupported('this parameter');
  return { featureCompatibilityVersion: { version: '7.0' } };
}

export function serverStatus(context: Context): Reply {
  const { heapUsed, rss } = process.memoryUsage();
  return {
    host: context.address,
    version: VERSION,
    process: 'embedded',
    pid: BigInt(process.pid),
    uptime: process.uptime(),
    localTime: context.now,
    mem: { bits: int(64), resident: int(Math.round(rss / 1024 / 1024)), heapBytes: int(heapUsed) },
    cursors: int(context.cursors.size()),
  };
}
