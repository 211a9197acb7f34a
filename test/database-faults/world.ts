import { connectPersistence, type Persistence } from '../../src/persistence/index.ts';
import { isDatabaseError } from '../../src/shared/database-errors.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { engineWorld, TENANT, type World } from '../support/engine-world.ts';

/** An engine whose database is behind a proxy, and the test's own eyes on that database. */
export interface FaultyWorld extends World {
  proxy: DatabaseProxy;
  eyes: Persistence;
  /** Lets another instance work while time passes beyond every lease. */
  passTime(): Promise<void>;
  /** Ticks and sends, as time passes, until nothing is due, held or unsent. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** After a fault the driver looks at once, and again soon, whether the server is there. */
const ATTENTIVE = 'minHeartbeatFrequencyMS=20&heartbeatFrequencyMS=500';
const BEYOND_LEASES_MS = 61_000;
const STEP_MS = 5_000;
const ROUNDS = 300;
/** A step that met a fault is tried again so much later. */
const AFTER_FAULT_MS = 15_000;

export async function faultyWorld(): Promise<FaultyWorld> {
  let proxy: DatabaseProxy | null = null;
  let straightUri = '';
  const world = await engineWorld({
    async databaseUri(straight) {
      straightUri = straight;
      proxy = await startDatabaseProxy(straight, { serverSelectionTimeoutMs: 10_000 });
      return `${proxy.uri}&${ATTENTIVE}`;
    },
  });
  if (!proxy) throw new Error('the world did not ask for its database');
  const through: DatabaseProxy = proxy;
  const eyes = await connectPersistence({ uri: straightUri });
  const other = world.second();
  const move = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));

  async function isQuiet(): Promise<boolean> {
    const now = world.now();
    const releases = await eyes.connection.collection('releases').find().toArray();
    const isBusy = releases.some(
      ({ lease, nextWakeAt, unflushed, pendingMessages, pendingAudit }) =>
        lease !== null ||
        (nextWakeAt !== null && nextWakeAt.getTime() <= now.getTime() + AFTER_FAULT_MS) ||
        unflushed ||
        pendingMessages.length + pendingAudit.length > 0,
    );
    return (
      !isBusy && (await eyes.connection.collection('outbox').countDocuments({ work: { $in: ['POST', 'EDIT'] } })) === 0
    );
  }

  let lastFault: unknown = null;
  async function round(): Promise<void> {
    try {
      await world.engine.advanceDue();
      await world.engine.idle();
      await world.engine.drainOutbox();
      await world.engine.idle();
    } catch (error) {
      if (!isDatabaseError(error)) throw error;
      lastFault = error;
    }
  }

  return {
    ...world,
    get config() {
      return world.config;
    },
    proxy: through,
    eyes,
    release: (releaseId) => eyes.repositories.releases.get(TENANT, releaseId),
    async passTime() {
      move(BEYOND_LEASES_MS);
      await other.advanceDue();
      await other.idle();
      await other.drainOutbox();
      await other.idle();
    },
    async settle() {
      for (let rounds = 0; rounds < ROUNDS; rounds += 1) {
        await round();
        if (await isQuiet()) return;
        move(STEP_MS);
      }
      const rows = await eyes.connection
        .collection('outbox')
        .find({ work: { $in: ['POST', 'EDIT'] } })
        .toArray();
      const releases = await eyes.connection
        .collection('releases')
        .find({}, { projection: { lease: 1, nextWakeAt: 1, unflushed: 1, status: 1, cron: 1 } })
        .toArray();
      throw new Error(
        `the release did not come to rest: ${JSON.stringify({ now: world.now(), releases, rows })} ${String(lastFault)}`,
      );
    },
    async close() {
      through.intercept = null;
      through.down(false);
      await eyes.close();
      await world.close();
      await through.close();
    },
  };
}
