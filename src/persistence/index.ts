import mongoose from 'mongoose';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../shared/clock.ts';
import { auditRepository } from './audit.ts';
import { buildRepository } from './builds.ts';
import { deliveryRepository } from './deliveries.ts';
import { homeRepository } from './homes.ts';
import { integrationRepository } from './integrations.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { runMigrations } from './migrations/run.ts';
import { outboxRepository } from './outbox.ts';
import { releaseConfigRepository } from './release-configs.ts';
import { releaseRepository } from './releases.ts';
import { tenantRepository } from './tenants.ts';
import { tokenRepository } from './tokens.ts';
import type { Repositories } from './types.ts';
import { uploadRepository } from './uploads.ts';

export type * from './types.ts';

const SERVER_SELECTION_TIMEOUT_MS = 10_000;
const DEFAULT_DATABASE = 'slipway';
const SETS_ITS_TIMEOUT = /[?&]serverSelectionTimeoutMS=/;
const NAMES_A_DATABASE = /^mongodb(\+srv)?:\/\/[^/?]+\/[^?]+/;

export interface PersistenceOptions {
  /** a MongoDB connection string; without a database in it, `slipway` is used */
  uri: string;
  logger?: Pick<Logger, 'info' | 'warn'> | undefined;
  /** for the lock and the record of migrations */
  clock?: Clock | undefined;
  /** lets the driver tell of every command, for those who measure */
  monitorCommands?: boolean | undefined;
}

export interface Persistence {
  repositories: Repositories;
  connection: mongoose.Connection;
  /** Runs the data migrations that were not run yet (once, under a lock), then creates every declared index. */
  ensureIndexes(): Promise<void>;
  /** Asks the database for an answer; throws when there is none. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects to the database, on a connection of its own. Throws the driver's error when no server answers within 10 s
 * (or what `serverSelectionTimeoutMS` in the connection string says).
 * Everything reads from the primary: a decision on an old state would only be refused when it is stored.
 */
export async function connectPersistence({
  uri,
  logger,
  clock = systemClock,
  monitorCommands = false,
}: PersistenceOptions): Promise<Persistence> {
  const connection = mongoose.createConnection(uri, {
    appName: 'slipway',
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    monitorCommands,
    readPreference: 'primary',
    retryReads: true,
    retryWrites: true,
    ...(SETS_ITS_TIMEOUT.test(uri) ? {} : { serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS }),
    ...(NAMES_A_DATABASE.test(uri) ? {} : { dbName: DEFAULT_DATABASE }),
  });
  connection.on('error', (err) => logger?.warn({ err }, 'database connection failed'));
  connection.on('disconnected', () => logger?.warn({}, 'database disconnected'));
  try {
    await connection.asPromise();
  } catch (error) {
    await connection.close();
    throw error;
  }
  const releases = releaseRepository(connection);
  const repositories: Repositories = {
    releases,
    builds: buildRepository(connection),
    uploads: uploadRepository(connection),
    audit: auditRepository(connection),
    outbox: outboxRepository(connection),
    tenants: tenantRepository(connection),
    configs: releaseConfigRepository(connection, (tenantId, configId) => releases.wakeByConfig(tenantId, configId)),
    integrations: integrationRepository(connection),
    tokens: tokenRepository(connection),
    deliveries: deliveryRepository(connection),
    homes: homeRepository(connection),
  };
  return {
    repositories,
    connection,
    async ensureIndexes() {
      await runMigrations(connection, MIGRATIONS, { clock, logger });
      for (const model of Object.values(connection.models)) await model.createIndexes();
    },
    async ping() {
      await database(connection).command({ ping: 1 });
    },
    close: () => connection.close(),
  };
}

function database(connection: mongoose.Connection) {
  if (!connection.db) throw new Error('The database connection is closed');
  return connection.db;
}
