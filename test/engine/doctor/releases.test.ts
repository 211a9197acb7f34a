import { allTasks } from '../../../src/domain/tasks.ts';
import { HOUR_MS, TENANT } from '../../support/engine-world.ts';
import { bothBuilds, type DoctorWorld, doctorWorld, MINUTE_MS, toTheEnd } from './support.ts';

/** Each check finds what was planted, in that release alone; its repair mends it, and once more changes nothing. */

let world: DoctorWorld;
beforeAll(async () => {
  world = await doctorWorld();
});
afterAll(() => world.close());

const set = (id: string, fields: object) =>
  world.documents('releases').updateOne({ _id: id as never }, { $set: fields });
const rootOf = (id: string) => ({ _id: `${id}:root` as never });
const ago = (ms: number) => new Date(world.now().getTime() - ms);
const ahead = (ms: number) => new Date(world.now().getTime() + ms);

/** Found, left as it is without `repair`, mended with it, and not there any more afterwards. */
async function mended(check: string, id: string): Promise<void> {
  expect(await world.found(check, id)).toMatchObject([{ outcome: null }]);
  expect(await world.found(check, id, { repair: true })).toMatchObject([{ outcome: { done: true } }]);
}

async function onlyPeopleCanMend(check: string, id: string): Promise<void> {
  const [examined] = await world.found(check, id, { repair: true });
  expect(examined).toMatchObject({ repair: null, outcome: { done: false, text: expect.stringMatching(/\w/) } });
}

test('overdue-release: due for more than five minutes, and nobody took it up', async () => {
  const id = await world.another();
  world.pass(HOUR_MS + 4 * MINUTE_MS);
  expect(await world.found('overdue-release', id)).toEqual([]);
  world.pass(2 * MINUTE_MS);
  await onlyPeopleCanMend('overdue-release', id);
  const [lately] = await world.found('overdue-release', id, { changedSince: world.now() });
  expect(lately?.finding.text).toContain('nobody holds it');
  await world.tick();
  expect(await world.found('overdue-release', id)).toEqual([]);
});

test('abandoned-lease: it ran out, or ends later than any lease; taken away, the release goes on', async () => {
  for (const until of [ago(6 * MINUTE_MS), ahead(48 * HOUR_MS)]) {
    const id = await world.another({ kickOffDate: ahead(5 * MINUTE_MS) });
    await set(id, { lease: { token: 'dead', until }, nextWakeAt: null });
    await mended('abandoned-lease', id);
    expect(await world.found('abandoned-lease', id, { repair: true })).toEqual([]);
    world.pass(5 * MINUTE_MS);
    await world.tick();
    expect((await world.release(id)).status).toBe('IN_PROGRESS');
  }
});

test('abandoned-lease: one that is held, or ran out a moment ago, is left alone', async () => {
  const id = await world.another({ kickOffDate: ahead(HOUR_MS) });
  await world.persistence.repositories.releases.wake(id, world.now(), 60_000);
  world.pass(5 * MINUTE_MS);
  expect(await world.found('abandoned-lease', id)).toEqual([]);
  const { inspections } = world.persistence.repositories;
  const other = { token: 'another', until: ahead(0) };
  expect(await inspections.giveBackLease(id, other, world.now())).toBe(false);
});

test('task-without-lease and forgotten-release: woken, the task runs and the release goes on to its end', async () => {
  const id = await world.another();
  await bothBuilds(world, id);
  world.pass(HOUR_MS);
  world.scm.ensureBranch = ((ensure) => async () => {
    world.scm.ensureBranch = ensure;
    throw new Error('stop here');
  })(world.scm.ensureBranch);
  await world.engine.advance(id);
  await world.engine.idle();
  // A failed task is nothing for the doctor; one that is said to run, with nobody at it, is.
  const release = await world.release(id);
  const tasks = release.tasks.map((task) => (task.status === 'FAILED' ? { ...task, status: 'IN_PROGRESS' } : task));
  const cron = { ...release.cron, status: 'RUNNING', pauseType: 'NONE' };
  await set(id, { tasks, cron, status: 'IN_PROGRESS', pause: null, nextWakeAt: null });
  world.pass(6 * MINUTE_MS);
  expect(await world.found('forgotten-release', id)).toMatchObject([
    { finding: { text: expect.stringContaining('RUN_TASK is due') } },
  ]);
  await mended('task-without-lease', id);
  expect(await world.found('task-without-lease', id, { repair: true })).toEqual([]);
  expect(await world.found('forgotten-release', id)).toEqual([]);
  await world.tick();
  await world.tick(4 * HOUR_MS);
  expect(allTasks(await world.release(id)).filter((task) => task.status === 'IN_PROGRESS')).toEqual([]);
  expect(world.scm.effects.filter((effect) => effect === `branch ${release.branch}`)).toHaveLength(1);
});

test('forgotten-release: a kick-off that nobody will look at is found and happens', async () => {
  const id = await world.another();
  await set(id, { nextWakeAt: ahead(72 * HOUR_MS) });
  world.pass(HOUR_MS + 6 * MINUTE_MS);
  await mended('forgotten-release', id);
  await world.tick();
  expect((await world.release(id)).status).toBe('IN_PROGRESS');
  expect(await world.found('forgotten-release', id)).toEqual([]);
});

test('unflushed-changes: what a change said is moved out and sent, once', async () => {
  const id = await world.another({ kickOffDate: ahead(4 * HOUR_MS) });
  const { outbox, audit } = world.persistence.repositories;
  const entries = await audit.list(TENANT, id, { limit: 10 });
  await world.documents('audit').deleteMany({ releaseId: id });
  await set(id, { pendingAudit: entries, unflushed: true });
  expect(await world.found('unflushed-changes', id)).toEqual([]);
  world.pass(6 * MINUTE_MS);
  await mended('unflushed-changes', id);
  await world.tick();
  expect(await world.found('unflushed-changes', id, { repair: true })).toEqual([]);
  expect(await audit.list(TENANT, id, { limit: 10 })).toEqual(entries);
  const keys = (await outbox.listByRelease(TENANT, id)).map(({ key }) => key);
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys).toContain(`${id}:root`);
});

test('used-upload-without-build: the record is made as the task would have made it, and the flow ends right', async () => {
  const id = await world.kickedOff();
  const { builds } = world.persistence.repositories;
  const before = await builds.listByRelease(TENANT, id);
  await world.documents('builds').deleteOne({ releaseId: id, platform: 'IOS' });
  world.pass(6 * MINUTE_MS);
  await mended('used-upload-without-build', id);
  expect(await world.found('used-upload-without-build', id, { repair: true })).toEqual([]);
  const known = ({ createdAt, updatedAt, ...rest }: (typeof before)[number]) => rest;
  const after = await builds.listByRelease(TENANT, id);
  expect(after.map(known)).toEqual(expect.arrayContaining(before.map(known)));
  expect(after).toHaveLength(before.length);
  world.pass(-6 * MINUTE_MS);
  await toTheEnd(world, id);
  expect((await world.release(id)).status).toBe('SUBMITTED');
  expect(await builds.listByRelease(TENANT, id)).toHaveLength(8);
});

test('used-upload-without-build: where the task claims another upload nothing is made up', async () => {
  const id = await world.kickedOff();
  await world.documents('builds').deleteOne({ releaseId: id, platform: 'IOS' });
  const { tasks } = await world.release(id);
  await set(id, { tasks: tasks.map((task) => ({ ...task, claimedUploads: task.claimedUploads && { IOS: 'upl_x' } })) });
  world.pass(6 * MINUTE_MS);
  await onlyPeopleCanMend('used-upload-without-build', id);
});

test('build-without-upload: its upload is not marked as used, or its task is not there', async () => {
  const id = await world.kickedOff();
  world.pass(6 * MINUTE_MS);
  await world.documents('uploads').updateOne({ releaseId: id, platform: 'IOS' }, { $set: { isUsed: false } });
  await onlyPeopleCanMend('build-without-upload', id);
  await world.documents('builds').updateOne({ releaseId: id, platform: 'IOS' }, { $set: { taskId: `${id}.gone` } });
  const [examined] = await world.found('build-without-upload', id);
  expect(examined?.finding.text).toContain(`task ${id}.gone, which the release does not have`);
});

test('upload-of-unknown-task: it says which', async () => {
  const id = await world.kickedOff();
  await world.documents('uploads').updateOne({ releaseId: id, platform: 'IOS' }, { $set: { usedByTaskId: 'nobody' } });
  world.pass(6 * MINUTE_MS);
  await onlyPeopleCanMend('upload-of-unknown-task', id);
});

test('staged-upload-without-record: of what is staged and of what a task claimed', async () => {
  const id = await world.kickedOff();
  await bothBuilds(world, id);
  await world.documents('uploads').deleteMany({ releaseId: id, platform: 'IOS' });
  const found = await world.found('staged-upload-without-record', id);
  expect(found.map(({ finding }) => finding.text)).toEqual([
    expect.stringContaining('the one of REGRESSION for IOS'),
    expect.stringContaining(`the one of ${id}.s1.TRIGGER_PRE_REGRESSION_BUILDS for IOS`),
  ]);
});

test('upload-without-bytes: the file of a live release is gone from the store, and a store that is away is no finding', async () => {
  const id = await world.kickedOff();
  const [upload] = await world.persistence.repositories.uploads.listByRelease(TENANT, id);
  if (!upload) throw new Error('no upload');
  await world.deps.artifacts.delete(upload.artifactPath);
  await onlyPeopleCanMend('upload-without-bytes', id);
  const { head } = world.deps.artifacts;
  world.deps.artifacts.head = async () => {
    throw new Error('away');
  };
  expect(await world.found('upload-without-bytes', id)).toEqual([]);
  world.deps.artifacts.head = head;
});

test('stuck-message: a claim that ran out and a message without a time are due again, and are sent once', async () => {
  const faults = [
    {
      status: 'SENDING',
      workAt: ahead(90 * 24 * HOUR_MS),
      lease: { token: 'dead', until: ago(11 * MINUTE_MS) },
      attempts: 1,
    },
    { status: 'PENDING', workAt: null, lease: null },
    { status: 'PENDING', workAt: ahead(2 * HOUR_MS), lease: null },
  ];
  for (const fault of faults) {
    const id = await world.another({ kickOffDate: ahead(4 * HOUR_MS) });
    const sent = () => world.messenger.sent.filter(({ key }) => key === `${id}:root`);
    if (fault.status === 'PENDING') world.messenger.sent.splice(world.messenger.sent.indexOf(sent()[0] as never), 1);
    await world.documents('outbox').updateOne(rootOf(id), { $set: { ts: null, work: 'POST', ...fault } });
    await mended('stuck-message', id);
    expect(await world.found('stuck-message', id, { repair: true })).toEqual([]);
    await world.tick();
    expect(sent()).toHaveLength(1);
    expect(await world.persistence.repositories.outbox.find(TENANT, `${id}:root`)).toMatchObject({ status: 'SENT' });
  }
});

test('stuck-message: one that somebody took up meanwhile is left to them', async () => {
  const id = await world.another({ kickOffDate: ahead(4 * HOUR_MS) });
  await world
    .documents('outbox')
    .updateOne(rootOf(id), { $set: { ts: null, work: 'POST', status: 'PENDING', workAt: null } });
  const [examined] = await world.found('stuck-message', id);
  const repair = examined?.finding.repair;
  if (repair?.kind !== 'MAKE_MESSAGE_DUE') throw new Error('no repair');
  const taken = { status: 'SENDING', lease: { token: 'alive', until: ahead(MINUTE_MS) }, workAt: ahead(MINUTE_MS) };
  await world.documents('outbox').updateOne(rootOf(id), { $set: taken });
  expect(await world.persistence.repositories.inspections.makeRowDue(repair.row, world.now())).toBe(false);
});

test('message-counters: a number or a version that the release has not reached', async () => {
  const id = await world.another();
  const row = rootOf(id);
  await world.documents('outbox').updateOne(row, { $set: { seq: 7 } });
  await onlyPeopleCanMend('message-counters', id);
  await world.documents('outbox').updateOne(row, { $set: { seq: 1, shownVersion: 99 } });
  const [examined] = await world.found('message-counters', id);
  expect(examined?.finding.text).toContain('knows version 99 of the release');
});

test('audit-trail: an entry that is missing, and a count that was set back', async () => {
  const id = await world.kickedOff();
  const { auditSeq } = await world.release(id);
  await world.documents('audit').deleteOne({ releaseId: id, seq: 2 });
  await onlyPeopleCanMend('audit-trail', id);
  await set(id, { auditSeq: auditSeq - 2 });
  const found = await world.found('audit-trail', id);
  expect(found.map(({ finding }) => finding.text)).toEqual([
    `entry 2 of the audit trail is missing; expected 1 to ${auditSeq - 2}.`,
    expect.stringContaining(`the release counts only ${auditSeq - 2}`),
  ]);
});

test('missing-wake-job: planned again by the next tick', async () => {
  const id = await world.another({
    kickOffDate: ahead(30 * 24 * HOUR_MS),
    regressionSlots: [ahead(31 * 24 * HOUR_MS)],
  });
  const jobs = () => world.documents('jobs').find({ 'data.releaseId': id }).toArray();
  const planned = (await jobs()).map(({ name, data, nextRunAt }) => ({ name, data, nextRunAt }));
  expect(planned.length).toBeGreaterThan(1);
  await world.documents('jobs').deleteMany({ 'data.releaseId': id });
  const found = await world.found('missing-wake-job', id, { repair: true });
  expect(found.map(({ outcome }) => outcome?.done)).toEqual(planned.map(() => true));
  await world.tick();
  expect(await world.found('missing-wake-job', id)).toEqual([]);
  expect((await jobs()).map(({ name, data, nextRunAt }) => ({ name, data, nextRunAt }))).toEqual(planned);
});

test('leftover-jobs: those of a release that has ended are taken away', async () => {
  const id = await world.another();
  await set(id, { status: 'ARCHIVED', live: false, endedAt: ago(HOUR_MS), updatedAt: ago(HOUR_MS), liveKeys: [] });
  await mended('leftover-jobs', id);
  expect(await world.found('leftover-jobs', id, { repair: true })).toEqual([]);
  expect(await world.documents('jobs').countDocuments({ 'data.releaseId': id })).toBe(0);
});

test('damaged-release: one that cannot be read is named, and the others are looked at', async () => {
  const id = await world.another();
  await set(id, { status: 'BROKEN' });
  const [examined] = await world.found('damaged-release', id);
  expect(examined?.finding.text).toContain('status');
});
