import { setTimeout as wait } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import type { Logger } from 'pino';
import type { Clock } from '../../shared/clock.ts';
import { InvariantError } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { duplicateKey } from '../conflicts.ts';

export interface Migration {
  /** `0001-what-it-does`; unique, ascending */
  id: string;
  up(db: mongo.Db): Promise<void>;
}

export interface MigrationOptions {
  clock: Clock;
  logger?: Pick<Logger, 'info' | 'warn'> | undefined;
  /** how long the lock lasts without being renewed */
  lockMs?: number;
  /** how long to wait between two looks at a lock that somebody else has */
  pollMs?: number;
}

/** `_id` is the migration's id; the lock is the one named `lock`. */
interface MigrationRecord {
  _id: string;
  ranAt?: Date;
  token?: string | null;
  until?: Date | null;
}

const LOCK = 'lock';
const LOCK_MS = 60_000;
const POLL_MS = 250;

/**
 * Runs the migrations that this database has not seen, in order, each once: instances that start at the same time wait
 * for the one that has the lock. Returns the ids that ran here. A migration's error is thrown, with nothing recorded for
 * it, so that the next start tries it again.
 */
export async function runMigrations(
  connection: Connection,
  migrations: readonly Migration[],
  options: MigrationOptions,
): Promise<string[]> {
  const { db } = connection;
  if (!db) throw new InvariantError('Migrations need an open connection');
  const records = db.collection<MigrationRecord>('migrations');
  if ((await missing(records, migrations)).length === 0) return [];

  const lock = await takeLock(records, options);
  try {
    const ran: string[] = [];
    for (const migration of await missing(records, migrations)) {
      await lock.renew();
      options.logger?.info({ migration: migration.id }, 'data migration started');
      await migration.up(db);
      await records.updateOne({ _id: migration.id }, { $set: { ranAt: options.clock.now() } }, { upsert: true });
      ran.push(migration.id);
    }
    return ran;
  } finally {
    await lock.release();
  }
}

async function missing(records: mongo.Collection<MigrationRecord>, migrations: readonly Migration[]) {
  if (migrations.length === 0) return [];
  const known = await records.find({ _id: { $in: migrations.map(({ id }) => id) } }).toArray();
  const done = new Set(known.map(({ _id }) => _id));
  return migrations.filter(({ id }) => !done.has(id));
}

interface Lock {
  /** Throws when somebody else has it by now. */
  renew(): Promise<void>;
  release(): Promise<void>;
}

async function takeLock(
  records: mongo.Collection<MigrationRecord>,
  { clock, logger, lockMs = LOCK_MS, pollMs = POLL_MS }: MigrationOptions,
): Promise<Lock> {
  const token = newId('lock');
  const until = () => new Date(clock.now().getTime() + lockMs);
  for (let tries = 1; ; tries++) {
    try {
      await records.updateOne(
        { _id: LOCK, $or: [{ until: null }, { until: { $lte: clock.now() } }] },
        { $set: { token, until: until() } },
        { upsert: true },
      );
      break;
    } catch (error) {
      // The upsert finds no free lock and may not insert a second one.
      if (!duplicateKey(error)) throw error;
      if (tries === 1) logger?.info({}, 'waiting for another instance to finish its data migrations');
      await wait(pollMs);
    }
  }
  async function renew(): Promise<void> {
    const renewed = await records.updateOne({ _id: LOCK, token }, { $set: { until: until() } });
    if (renewed.matchedCount === 0) throw new Error('Another instance took over the data migrations: start again');
  }
  const renewal = setInterval(() => {
    renew().catch((err: unknown) => logger?.warn({ err }, 'lock of the data migrations could not be renewed'));
  }, lockMs / 3);
  return {
    renew,
    async release() {
      clearInterval(renewal);
      await records.updateOne({ _id: LOCK, token }, { $set: { token: null, until: null } });
    },
  };
}
