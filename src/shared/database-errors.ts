/**
 * Whether the database failed, not the caller: it cannot be reached, is changing its primary, or broke off a command. Told by the
 * driver's and Mongoose's class names and by server codes, so that rooms which do not know the driver can ask too.
 */
const AWAY =
  /^(Mongo(ose)?(Network|NetworkTimeout|ServerSelection|NotConnected|TopologyClosed|Topology|PoolClosed|PoolCleared|PoolClearedOnNetwork|WaitQueueTimeout|ClientClosed|ServerClosed|OperationTimeout|ExpiredSession)\w*|PoolClearedOnNetwork)Error$/;
/** HostUnreachable, HostNotFound, NetworkTimeout, ShutdownInProgress, PrimarySteppedDown, SocketException, NotWritablePrimary and kin. */
const AWAY_CODES = new Set([6, 7, 89, 91, 189, 9001, 10_107, 11_600, 11_602, 13_435, 13_436]);
const MAX_CAUSES = 5;

export function isDatabaseError(error: unknown): boolean {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if (AWAY.test(current.name)) return true;
    if (/^Mongo/.test(current.name) && 'code' in current && AWAY_CODES.has(Number(current.code))) return true;
    current = current.cause;
  }
  return false;
}
