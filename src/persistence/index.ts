import type { IndexDescription } from 'mongodb';
import mongoose from 'mongoose';
import type { Logger } from 'pino';
import { type Clock, systemClock } from '../shared/clock.ts';
import { isDatabaseError } from '../shared/database-errors.ts';
import { ConfigError } from '../shared/errors.ts';
import { scrub } from '../shared/logger.ts';
import { auditRepository } from './audit.ts';
import { buildRepository } from './builds.ts';
import { deliveryRepository } from './deliveries.ts';
import { homeRepository } from './homes.ts';
import { inspectionRepository } from './inspections.ts';
import { integrationRepository } from './integrations.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { runMigrations } from './migrations/run.ts';
import { outboxRepository } from './outbox.ts';
import { releaseConfigRepository } from './release-configs.ts';
import { releaseRepository } from './releases.ts';
import { tenantRepository } from './tenants.ts';
import { tokenRepository } from './tokens.ts';
import type { Repositories } from './types/index.ts';
import { uploadRepository } from './uploads.ts';

export type * from './types/index.ts';

/**
 * A database that hangs is given up within 15 s: a command gets 5 s, is repeated once where that is safe (with the same
 * transaction number, so that the server carries it out once), and the second try gets 5 s more, or 10 s to find a server.
 */
const TIMEOUTS = {
  serverSelectionTimeoutMS: 10_000,
  waitQueueTimeoutMS: 10_000,
  connectTimeoutMS: 5_000,
  socketTimeoutMS: 5_000,
} as const;
/** Building an index on a large collection, or a migration, takes as long as it takes. */
const PATIENT_TIMEOUTS = { ...TIMEOUTS, socketTimeoutMS: 0 } as const;
const DEFAULT_DATABASE = 'slipway';
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
 * Connects to the database, on a connection of its own. Throws `ConfigError` for a connection string that is wrong or refused, the
 * driver's error when no server answers within 10 s; a command that gets no answer fails within 15 s. Time-outs in the connection string win.
 * Everything reads from the primary: a decision on an old state would only be refused when it is stored.
 */
export async function connectPersistence({
  uri,
  logger,
  clock = systemClock,
  monitorCommands = false,
}: PersistenceOptions): Promise<Persistence> {
  const connection = await connect(uri, TIMEOUTS, monitorCommands);
  connection.on('error', (err) => logger?.warn({ err }, 'database connection failed'));
  connection.on('disconnected', () => logger?.warn({}, 'database disconnected'));
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
    // Last: it looks at what the others declare.
    inspections: inspectionRepository(connection),
  };
  return {
    repositories,
    connection,
    async ensureIndexes() {
      const patient = await connect(uri, PATIENT_TIMEOUTS, monitorCommands);
      try {
        await runMigrations(patient, MIGRATIONS, { clock, logger });
        for (const { collection, schema } of Object.values(connection.models)) {
          const indexes = schema.indexes().map(([key, options]) => ({ ...options, key }) as IndexDescription);
          // All of a collection in one command: the server reads it once, and not once for each index.
          if (indexes.length > 0) await patient.collection(collection.name).createIndexes(indexes);
        }
      } finally {
        await patient.close();
      }
    },
    async ping() {
      await database(connection).command({ ping: 1 });
    },
    close: () => connection.close(),
  };
}

async function connect(
  uri: string,
  timeouts: Readonly<Record<string, number>>,
  monitorCommands: boolean,
): Promise<mongoose.Connection> {
  const unset = Object.entries(timeouts).filter(([name]) => !new RegExp(`[?&]${name}=`, 'i').test(uri));
  const connection = mongoose.createConnection(uri, {
    appName: 'slipway',
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
    monitorCommands,
    readPreference: 'primary',
    retryReads: true,
    retryWrites: true,
    ...Object.fromEntries(unset),
    ...(NAMES_A_DATABASE.test(uri) ? {} : { dbName: DEFAULT_DATABASE }),
  });
  try {
    return await connection.asPromise();
  } catch (error) {
    await connection.close();
    throw isDatabaseError(error) ? error : refusedUri(error);
  }
}

/** All that a connection depends on is its string: where the server is not simply away, that is wrong. */
function refusedUri(error: unknown): ConfigError {
  const reason = scrub(error instanceof Error ? error.message : String(error));
  const expected = 'expected a connection string with which the bot can log in';
  return new ConfigError([`MONGODB_URI: ${reason}; ${expected}, e.g. MONGODB_URI=mongodb://127.0.0.1:27017/slipway`]);
}

function database(connection: mongoose.Connection) {
  if (!connection.db) throw new Error('The database connection is closed');
  return connection.db;
}
