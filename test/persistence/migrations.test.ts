import type { Connection } from 'mongoose';
import { type Migration, runMigrations } from '../../src/persistence/migrations/run.ts';
import { type Clock, systemClock } from '../../src/shared/clock.ts';
import { at, NOW, usePersistence } from './support.ts';

const opened = usePersistence();
const frozen: Clock = { now: () => NOW, realTimeOf: (instant) => instant };
const POLL_MS = 1;

interface LockRecord {
  _id: string;
  token: string | null;
  until: Date | null;
}

function connection(): Connection {
  return opened.persistence.connection;
}

function records() {
  const { db } = connection();
  if (!db) throw new Error('the connection should be open');
  return db.collection<LockRecord>('migrations');
}

/** Migrations that write down that they ran. */
function recording(ids: string[], ran: string[]): Migration[] {
  return ids.map((id) => ({
    id,
    up: async () => {
      ran.push(id);
    },
  }));
}

beforeEach(async () => {
  await records().deleteMany({});
});

it('runs what the database has not seen, in order, each once', async () => {
  const ran: string[] = [];
  const options = { clock: frozen };
  expect(await runMigrations(connection(), recording(['0001-a', '0002-b'], ran), options)).toEqual([
    '0001-a',
    '0002-b',
  ]);
  expect(await runMigrations(connection(), recording(['0001-a', '0002-b', '0003-c'], ran), options)).toEqual([
    '0003-c',
  ]);
  expect(await runMigrations(connection(), recording(['0001-a', '0002-b', '0003-c'], ran), options)).toEqual([]);
  expect(ran).toEqual(['0001-a', '0002-b', '0003-c']);
  expect(await records().findOne({ _id: '0003-c' })).toEqual({ _id: '0003-c', ranAt: NOW });
});

it('gives a migration the database, so that it can change it', async () => {
  const rename: Migration = {
    id: '0001-colour',
    up: async (db) => {
      await db.collection('things').updateMany({ color: { $exists: true } }, { $rename: { color: 'colour' } });
    },
  };
  await connection().db?.collection('things').insertOne({ color: 'blue' });
  await runMigrations(connection(), [rename], { clock: frozen });
  expect(await connection().db?.collection('things').findOne()).toMatchObject({ colour: 'blue' });
});

it('runs each once although several instances start at the same time, and all wait for the end', async () => {
  const ran: string[] = [];
  const ids = ['0001-a', '0002-b', '0003-c'];
  const results = await Promise.all(
    [1, 2, 3].map(async () => {
      const own = await runMigrations(connection(), recording(ids, ran), { clock: systemClock, pollMs: POLL_MS });
      expect(await records().countDocuments({ _id: { $in: ids } })).toBe(ids.length);
      return own;
    }),
  );
  expect(ran).toEqual(ids);
  expect(results.flat().sort()).toEqual(ids);
});

it('records nothing for a migration that failed, frees the lock and tries it again next time', async () => {
  const ran: string[] = [];
  const [first, second] = recording(['0001-a', '0002-b'], ran);
  if (!first || !second) throw new Error('there should be two');
  const broken: Migration = { ...second, up: () => Promise.reject(new Error('disk full')) };
  await expect(runMigrations(connection(), [first, broken], { clock: frozen })).rejects.toThrow('disk full');
  expect(await runMigrations(connection(), [first, second], { clock: frozen })).toEqual(['0002-b']);
  expect(ran).toEqual(['0001-a', '0002-b']);
});

it('takes over from an instance that died', async () => {
  await records().insertOne({ _id: 'lock', token: 'lock_dead', until: NOW });
  const ran: string[] = [];
  await runMigrations(connection(), recording(['0001-a'], ran), { clock: frozen });
  expect(ran).toEqual(['0001-a']);
});

it('stops before the next migration when another instance took over', async () => {
  const ran: string[] = [];
  const [first, second] = recording(['0001-a', '0002-b'], ran);
  if (!first || !second) throw new Error('there should be two');
  const slow: Migration = {
    ...first,
    up: async () => {
      await records().updateOne({ _id: 'lock' }, { $set: { token: 'lock_other', until: at(60) } });
    },
  };
  await expect(runMigrations(connection(), [slow, second], { clock: frozen })).rejects.toThrow('took over');
  expect(ran).toEqual([]);
  expect(await records().findOne({ _id: 'lock' })).toMatchObject({ token: 'lock_other' });
});

it('keeps the lock while a migration takes longer than the lock lasts', async () => {
  const untils = new Set<number>();
  const long: Migration = {
    id: '0001-long',
    up: async () => {
      while (untils.size < 3) untils.add((await records().findOne({ _id: 'lock' }))?.until?.getTime() ?? 0);
    },
  };
  await runMigrations(connection(), [long], { clock: systemClock, lockMs: 30 });
  expect(untils).not.toContain(0);
  expect(await records().findOne({ _id: 'lock' })).toMatchObject({ token: null, until: null });
});
