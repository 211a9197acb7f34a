import { randomBytes } from 'node:crypto';
import { type Db, type Document, Long, MongoClient, MongoServerError } from 'mongodb';
import { withDatabase } from './database.ts';

/**
 * What some test needs and not every server has that speaks MongoDB's protocol. Each server is asked; what it has not got is
 * printed by `test/global-setup.ts`, and only the tests that name it are skipped there.
 */
export type Ability = 'REPEATED_WRITES' | 'PLANS_BY_RULE';

/** Names of abilities, separated by spaces: set for every test by `test/global-setup.ts`. */
export const MISSING_ABILITIES_VARIABLE = 'SLIPWAY_TEST_MONGODB_MISSING';

/** `lack`: what a server does that has not got it, for a person. */
const ABILITIES: Record<Ability, { lack: string; probe(db: Db): Promise<boolean> }> = {
  REPEATED_WRITES: { lack: 'it carries out again a write that comes again with its number', probe: repeatsNoWrite },
  PLANS_BY_RULE: { lack: 'it chooses among indexes by trying them out', probe: triesNoPlan },
};

/** Why tests that need this are skipped, for a person. */
export function lackOf(ability: Ability): string {
  return ABILITIES[ability].lack;
}

/** Asks the server. */
export async function missingAbilities(uri: string): Promise<Ability[]> {
  const missing: Ability[] = [];
  for (const ability of Object.keys(ABILITIES) as Ability[]) {
    if (!(await has(uri, ability))) missing.push(ability);
  }
  return missing;
}

/** Asks with new sessions, in a database that is dropped afterwards. */
async function has(uri: string, ability: Ability): Promise<boolean> {
  const name = `slipway_test_ability_${randomBytes(6).toString('hex')}`;
  const client = await MongoClient.connect(withDatabase(uri, name));
  try {
    return await ABILITIES[ability].probe(client.db(name));
  } finally {
    await client.db(name).dropDatabase();
    await client.close();
  }
}

/** jest's `test` where the server has this ability, `test.skip` where it has not. */
export function testNeeding(ability: Ability): jest.It {
  return (process.env[MISSING_ABILITIES_VARIABLE] ?? '').split(' ').includes(ability) ? test.skip : test;
}

async function repeatsNoWrite(db: Db): Promise<boolean> {
  const counted = { q: { _id: 'a' }, u: { $inc: { n: 1 } }, upsert: true };
  const update = { update: 'counts', updates: [counted], txnNumber: Long.fromInt(1) };
  try {
    await db.client.withSession(async (session) => {
      for (let time = 0; time < 2; time += 1) await db.command(update, { session });
    });
  } catch (error) {
    // It knows no such numbers.
    if (error instanceof MongoServerError) return false;
    throw error;
  }
  return (await db.collection('counts').findOne())?.['n'] === 1;
}

/** Who tries plans out says which it rejected. */
async function triesNoPlan(db: Db): Promise<boolean> {
  const pairs = db.collection('pairs');
  await pairs.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }]);
  await pairs.insertOne({ a: 1, b: 1 });
  const explained: Document = await pairs.find({ a: 1, b: 1 }).explain('queryPlanner');
  return explained['queryPlanner'].rejectedPlans.length === 0;
}
