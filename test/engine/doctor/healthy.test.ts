import type { DoctorReport } from '../../../src/engine/index.ts';
import { alice, HOUR_MS } from '../../support/engine-world.ts';
import { bothBuilds, type DoctorWorld, doctorWorld, MINUTE_MS, toTheEnd } from './support.ts';

let world: DoctorWorld;
beforeAll(async () => {
  world = await doctorWorld();
});
afterAll(() => world.close());

const textsOf = (report: DoctorReport) =>
  report.checks.flatMap(({ examined }) => examined.map(({ finding }) => finding.text));

test('a whole flow leaves nothing to find, at no point of it and long after', async () => {
  const id = await world.another();
  expect(textsOf(await world.examine())).toEqual([]);
  await bothBuilds(world, id);
  await world.tick(HOUR_MS);
  expect(textsOf(await world.examine())).toEqual([]);
  world.pass(10 * MINUTE_MS);
  expect(textsOf(await world.examine())).toEqual([]);
  world.pass(-10 * MINUTE_MS);
  await toTheEnd(world, id);
  expect((await world.release(id)).status).toBe('SUBMITTED');
  const archived = await world.another();
  await world.engine.archiveRelease({ releaseId: archived, reason: 'not now' }, alice);
  await world.tick(2 * HOUR_MS);
  const report = await world.examine();
  expect(textsOf(report)).toEqual([]);
  expect(report.checks.length).toBeGreaterThan(20);
  expect(report.counts).toMatchObject({ tenants: 1, releases: 2, live: 1, uploads: 8, builds: 8, files: 8 });
  expect(report.counts.messages).toBeGreaterThan(20);
  expect(report.counts.auditEntries).toBe(
    (await world.release(id)).auditSeq + (await world.release(archived)).auditSeq,
  );
});

test('what people stopped, what failed and what waits for Slack is no fault of ours', async () => {
  const paused = await world.another();
  const awaiting = await world.another();
  await world.tick(HOUR_MS);
  await world.engine.pauseRelease({ releaseId: paused, reason: null }, alice);
  world.pass(6 * 24 * HOUR_MS);
  await world.tick();
  world.pass(20 * MINUTE_MS);
  expect(textsOf(await world.examine())).toEqual([]);
  expect((await world.release(awaiting)).status).toBe('IN_PROGRESS');
});

test('what is changed while the doctor looks is no finding', async () => {
  const id = await world.another();
  const { inspections } = world.persistence.repositories;
  const { releases } = inspections;
  let raced = false;
  inspections.releases = async (page) => {
    const read = await releases(page);
    if (!raced) {
      raced = true;
      // As if the release had been read before its last entries were counted.
      for (const release of read) if (release.id === id && release.stored) release.stored.release.auditSeq -= 1;
    }
    return read;
  };
  expect(textsOf(await world.examine())).toEqual([]);
  inspections.releases = releases;
  expect(raced).toBe(true);
});

test('it goes through any number of releases, in pages', async () => {
  const id = await world.another();
  const one = await world.documents('releases').findOne({ _id: id as never });
  if (!one) throw new Error('no document');
  const copies = Array.from({ length: 250 }, (_, i) => ({
    ...one,
    _id: `rel_copy${i}` as never,
    live: false,
    liveKeys: [],
    status: 'ARCHIVED',
    auditSeq: 0,
    reached: null,
    pendingAudit: [],
    pendingMessages: [],
    plannedWakes: [],
    nextWakeAt: null,
  }));
  await world.documents('releases').insertMany(copies);
  const { counts, checks } = await world.examine();
  expect(checks.flatMap(({ examined }) => examined.map(({ finding }) => finding.text)).slice(0, 3)).toEqual([]);
  expect(counts.releases).toBeGreaterThan(250);
  const lately = await world.examine({ changedSince: new Date(world.now().getTime() - HOUR_MS) });
  // What is asleep since days, here the releases of the tests before, is not looked at again.
  expect(lately.counts.releases).toBeGreaterThanOrEqual(251);
  expect(lately.counts.releases).toBeLessThan(counts.releases);
  await world.documents('releases').deleteMany({ _id: { $in: copies.map(({ _id }) => _id) } });
});
