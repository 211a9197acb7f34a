import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectPersistence, type Persistence } from '../../../src/persistence/index.ts';
import { newRelease } from '../../persistence/support.ts';
import { type TestDatabase, testDatabase } from '../../support/database.ts';

/** `npm run doctor` as a process of its own. */

// Each starts a process; a busy machine needs its time for that.
jest.setTimeout(120_000);

let dir: string;
let database: TestDatabase;
let persistence: Persistence;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'slipway-doctor-'));
  database = await testDatabase();
  persistence = await connectPersistence({ uri: database.uri });
  await persistence.ensureIndexes();
});
afterAll(async () => {
  await persistence.close();
  await database.close();
  await rm(dir, { recursive: true });
});

function doctor(parameters: string[], uri = database.uri): Promise<{ code: number; out: string; err: string }> {
  const options = { cwd: dir, env: { PATH: process.env['PATH'] ?? '', MONGODB_URI: uri } };
  const program = ['--import', require.resolve('tsx'), resolve('bin/doctor.ts'), ...parameters];
  return new Promise((done) => {
    execFile(process.execPath, program, options, (error, out, err) => {
      done({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test('it says that all is well and at what it looked; what it cannot do it says in a sentence, and exits 2', async () => {
  const nowhere = 'mongodb://127.0.0.1:1/slipway?serverSelectionTimeoutMS=200';
  const [well, unreachable, stranger, misspelt] = await Promise.all([
    doctor([]),
    doctor([], nowhere),
    doctor(['--tenant', 'T99']),
    doctor(['--repare']),
  ]);
  expect(well).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^Nothing is stored here: is MONGODB_URI the bot's\?/),
  });
  expect(well.out).toMatch(
    /^\d+ checks, all is well\nlooked at 0 tenants, 0 releases \(0 live\), 0 audit entries.*\n$/,
  );
  expect([unreachable.code, unreachable.err]).toEqual([2, expect.stringContaining('the database cannot be reached')]);
  expect([stranger.code, stranger.err]).toEqual([2, expect.stringContaining('T99: there is no such tenant')]);
  expect([misspelt.code, misspelt.err]).toEqual([2, expect.stringContaining('--repare')]);
  for (const { err } of [unreachable, stranger, misspelt]) expect(err).not.toMatch(/\n\s+at /);
});

test('it exits 1 while errors are left, repairs what is safe when asked, and tells both as lines and as JSON', async () => {
  const { releases, tenants, inspections } = persistence.repositories;
  await tenants.ensure({ id: 'T1', name: 'Acme' }, new Date());
  await tenants.setRoles('T1', { ADMIN: ['U1'] });
  const { id } = await releases.create(newRelease());
  const now = new Date();
  const later = ['tick', 'outbox', 'homes', 'slack-files', 'retention', 'verification', 'doctor'].map((name) => ({
    name,
    nextRunAt: new Date(now.getTime() + 3_600_000),
  }));
  await persistence.connection.collection('jobs').insertMany(later);
  const dead = { token: 'dead', until: new Date(now.getTime() - 3_600_000) };
  const planted = {
    lease: dead,
    nextWakeAt: null,
    pendingMessages: [],
    pendingAudit: [],
    auditSeq: 0,
    unflushed: false,
  };
  await persistence.connection
    .collection('releases')
    .updateOne({ _id: id as never }, { $set: { ...planted, reached: null } });

  const [found, json] = await Promise.all([doctor([]), doctor(['--json'])]);
  expect(found.code).toBe(1);
  expect(found.out).toContain('abandoned-lease (must hold: a lease that ran out is taken over within five minutes)\n');
  expect(found.out).toContain(`  error ${id}: The lease of the release ran out at ${dead.until.toISOString()}`);
  expect(found.out).toContain('    --repair would take the outdated lease away and make the release due\n');
  expect(found.out).toMatch(
    /\n\d+ checks, 1 finding \(1 error, 0 warnings\)\nlooked at 1 tenant, 1 release \(1 live\)/,
  );
  expect(json.code).toBe(1);
  expect(JSON.parse(json.out)).toMatchObject({
    errors: 1,
    errorsLeft: 1,
    findings: [{ check: 'abandoned-lease', severity: 'error', tenantId: 'T1', releaseId: id }],
  });

  const repaired = await doctor(['--repair', '--tenant', 'T1']);
  expect([repaired.code, repaired.err]).toEqual([0, '']);
  expect(repaired.out).toContain('    repaired: take the outdated lease away and make the release due\n');
  expect((await inspections.releasesById([id]))[0]?.stored?.lease).toBeNull();
  expect(await releases.findDue(new Date(), 9)).toEqual([id]);
});
