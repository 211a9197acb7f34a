import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { RELEASE_CHECKS, WHOLE_CHECKS } from '../../../src/engine/doctor/checks/index.ts';
import { ALL_REPAIRS } from '../../../src/engine/index.ts';
import { HOUR_MS, TENANT } from '../../support/engine-world.ts';
import { samplesOf } from '../../support/metrics.ts';
import { type DoctorWorld, doctorWorld, MINUTE_MS } from './support.ts';

/** The hourly look, and that nothing of the doctor is without a test. */

let world: DoctorWorld;
beforeEach(async () => {
  world = await doctorWorld();
});
afterEach(() => world.close());

const set = (id: string, fields: object) =>
  world.documents('releases').updateOne({ _id: id as never }, { $set: fields });
const alerts = () => world.messenger.sent.filter(({ key }) => key.startsWith('alert:'));

test('an error is logged each hour and told to the admins once; a warning is only logged', async () => {
  const lines: { level: number; msg: string; check?: string }[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line)) };
  world.deps.logger = pino({ level: 'warn' }, sink);
  const id = await world.another({ kickOffDate: new Date(world.now().getTime() + 4 * HOUR_MS) });
  await world.documents('audit').deleteOne({ releaseId: id, seq: 1 });
  await world.documents('jobs').deleteMany({ 'data.releaseId': id });
  for (let hour = 0; hour < 2; hour += 1) {
    await world.engine.checkUp();
    await world.tick();
  }
  const told = lines.filter(({ msg }) => msg === 'the doctor found something');
  const of = (check: string) => told.filter((line) => line.check === check).map(({ level }) => level);
  expect(of('audit-trail')).toEqual([50, 50]);
  expect(of('missing-wake-job').every((level) => level === 40)).toBe(true);
  expect(of('missing-wake-job').length).toBeGreaterThan(1);
  expect(alerts().map(({ channelId }) => channelId)).toEqual(['U01ALICE']);
  const counted = samplesOf(await world.deps.metrics.text());
  expect(counted.get('slipway_doctor_findings{check="audit-trail"}')).toBe(1);
  expect(counted.get('slipway_doctor_findings{check="abandoned-lease"}')).toBe(0);
});

test('where time has jumped, what the tick is about to take up is logged, and no admin is called', async () => {
  await world.another();
  world.pass(3 * HOUR_MS);
  const { checks } = await world.engine.checkUp();
  expect(checks.find(({ id }) => id === 'overdue-release')?.found).toBe(1);
  await world.tick();
  expect(alerts()).toEqual([]);
});

test('it wakes a release that was forgotten, and leaves every other repair to people', async () => {
  const forgotten = await world.another();
  const held = await world.another({ kickOffDate: new Date(world.now().getTime() + 4 * HOUR_MS) });
  await set(forgotten, { nextWakeAt: null });
  const dead = { token: 'dead', until: new Date(world.now().getTime() + 48 * HOUR_MS) };
  await set(held, { lease: dead });
  world.pass(HOUR_MS + 6 * MINUTE_MS);
  const { checks } = await world.engine.checkUp();
  const of = (check: string) =>
    checks.find(({ id }) => id === check)?.examined.map(({ outcome }) => outcome?.done ?? null);
  expect(of('forgotten-release')).toEqual([true]);
  expect(of('abandoned-lease')).toEqual([null]);
  await world.tick();
  expect((await world.release(forgotten)).status).toBe('IN_PROGRESS');
  expect(await world.documents('releases').findOne({ _id: held as never })).toMatchObject({ lease: dead });
});

test('damaged-release: parked by name; sound again, the next look lets it go on', async () => {
  const id = await world.another();
  const { cron } = await world.release(id);
  await set(id, { cron: { ...cron, stage3Status: 'IN_PROGRESS', stage1Status: 'PENDING' } });
  await world.tick(HOUR_MS);
  expect(await world.found('damaged-release', id, { repair: true })).toMatchObject([
    { finding: { text: expect.stringContaining('parked as UNDEFINED_PHASE') }, outcome: { done: false } },
  ]);
  await world.tick();
  const told = alerts().length;
  await world.engine.checkUp();
  await world.tick();
  expect(alerts()).toHaveLength(told);
  await set(id, { cron });
  expect(await world.found('damaged-release', id, { repair: true })).toMatchObject([{ outcome: { done: true } }]);
  expect(await world.found('damaged-release', id, { repair: true })).toEqual([]);
  await world.tick();
  expect((await world.release(id)).status).toBe('IN_PROGRESS');
});

test('it looks at what is due, waits or was changed, not at what sleeps', async () => {
  const soon = new Date(world.now().getTime() + 20 * 24 * HOUR_MS);
  const id = await world.another({ kickOffDate: soon, regressionSlots: [new Date(soon.getTime() + HOUR_MS)] });
  expect((await world.engine.checkUp()).counts.releases).toBe(1);
  world.pass(3 * 24 * HOUR_MS);
  expect((await world.engine.checkUp()).counts.releases).toBe(0);
  await set(id, { nextWakeAt: new Date(world.now().getTime() - HOUR_MS) });
  expect((await world.engine.checkUp()).counts.releases).toBe(1);
});

const CHECKS = [...RELEASE_CHECKS, ...WHOLE_CHECKS];
const SOURCES = readdirSync(__dirname)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(__dirname, file), 'utf8'))
  .join('\n');

test('every check is in the list, is named as its file, and has a test', () => {
  const files = readdirSync(join(__dirname, '../../../src/engine/doctor/checks')).filter((file) => file !== 'index.ts');
  expect(CHECKS.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort());
  expect(CHECKS.filter(({ id }) => !new RegExp(`test\\('[^']*\\b${id}\\b`).test(SOURCES)).map(({ id }) => id)).toEqual(
    [],
  );
});

test('every check and every repair is in the manual', () => {
  const manual = readFileSync(join(__dirname, '../../../docs/operations.md'), 'utf8');
  expect(CHECKS.filter(({ id }) => !manual.includes(`\`${id}\``)).map(({ id }) => id)).toEqual([]);
  expect(ALL_REPAIRS).toHaveLength(7);
});

test('a doctor for one tenant looks at that one alone', async () => {
  await world.another();
  expect((await world.examine({ tenantId: TENANT })).counts.releases).toBe(1);
  expect((await world.examine({ tenantId: 'T02' })).counts.releases).toBe(0);
});
