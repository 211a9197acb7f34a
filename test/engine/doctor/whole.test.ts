import { RECURRING_JOBS } from '../../../src/engine/index.ts';
import { ProviderError, TransientError } from '../../../src/shared/errors.ts';
import { alice, HOUR_MS, TENANT } from '../../support/engine-world.ts';
import { type DoctorWorld, doctorWorld, MINUTE_MS } from './support.ts';

/** The checks across releases: messages, deliveries, jobs, set-up. */

let world: DoctorWorld;
beforeEach(async () => {
  world = await doctorWorld();
});
afterEach(() => world.close());

const SLACK = { provider: 'SLACK', operation: 'send', status: 503, detail: 'down' };
const textsOf = async (check: string, releaseId: string | null, options = {}) =>
  (await world.found(check, releaseId, options)).map(({ finding }) => `${finding.severity} ${finding.text}`);

test('late-messages: one a queue, a warning after ten minutes and an error after a day, and none when they arrived', async () => {
  world.messenger.down = new TransientError(SLACK);
  const id = await world.another();
  world.pass(9 * MINUTE_MS);
  expect(await textsOf('late-messages', id)).toEqual([]);
  world.pass(2 * MINUTE_MS);
  expect(await textsOf('late-messages', id)).toEqual([
    expect.stringMatching(/^warning Message .*:root has waited .* no other went through lately.*SLACK send: down/),
  ]);
  world.messenger.down = null;
  const through = await world.another();
  await world.engine.idle();
  expect(await textsOf('late-messages', through)).toEqual([]);
  expect(await textsOf('late-messages', id)).toEqual([expect.stringContaining('while others go through')]);
  world.pass(24 * HOUR_MS);
  expect(await textsOf('late-messages', id)).toEqual([expect.stringMatching(/^error .*expected within a day/)]);
  await world.tick();
  expect(await textsOf('late-messages', id)).toEqual([]);
});

test('parked-messages: with what Slack said', async () => {
  world.messenger.down = new ProviderError({ ...SLACK, status: 200, detail: 'not_in_channel' });
  const id = await world.another();
  for (let tries = 0; tries < 8; tries += 1) await world.tick(5 * MINUTE_MS);
  expect(await textsOf('parked-messages', id)).toContainEqual(
    expect.stringMatching(/^warning Message .*:root was given up: .*not_in_channel/),
  );
});

test('messages-without-release and jobs-without-release: the jobs are taken away, the messages are left to people', async () => {
  const id = await world.another();
  await world.documents('releases').deleteOne({ _id: id as never });
  await world.documents('outbox').updateOne({ releaseId: id }, { $set: { status: 'SENT', work: null, workAt: null } });
  expect(await world.found('messages-without-release', id, { repair: true })).toMatchObject([
    { repair: null, outcome: { done: false } },
  ]);
  expect(await world.found('jobs-without-release', id)).toEqual([]);
  expect(await world.documents('jobs').countDocuments({ 'data.releaseId': id })).toBe(0);
  expect(await world.documents('jobs').countDocuments({})).toBe(RECURRING_JOBS.length);
});

test('jobs-without-release: found first, and repeated in vain', async () => {
  await world
    .documents('jobs')
    .insertOne({ name: 'kick-off', data: { releaseId: 'rel_gone', key: 'k' }, nextRunAt: null });
  expect(await world.found('jobs-without-release', 'rel_gone')).toMatchObject([{ outcome: null }]);
  expect(await world.found('jobs-without-release', 'rel_gone', { repair: true })).toMatchObject([
    { outcome: { done: true } },
  ]);
  expect(await world.found('jobs-without-release', 'rel_gone', { repair: true })).toEqual([]);
  expect(await world.persistence.repositories.inspections.dropJobs('rel_gone')).toBe(0);
});

test('an alert to admins, which belongs to no release, is no finding', async () => {
  const id = await world.another();
  await world.documents('audit').deleteOne({ releaseId: id, seq: 1 });
  await world.engine.checkUp();
  await world.tick();
  expect(await world.documents('outbox').countDocuments({ 'content.kind': 'ALERT' })).toBe(1);
  const { checks } = await world.examine();
  expect(checks.filter(({ found }) => found > 0).map((check) => check.id)).toEqual(['audit-trail']);
});

test('abandoned-deliveries: a file after ten minutes; the mark of a click only where retention failed, which takes it', async () => {
  const { deliveries } = world.engine;
  const file = 'slack-file:F1';
  const click = 'slack-trigger:1.2.3';
  const keyed = 'idempotency:tok_1:abc';
  for (const key of [file, click, keyed]) await deliveries.receive({ tenantId: TENANT, key, payload: {} }, 60_000);
  world.pass(5 * MINUTE_MS);
  expect(await textsOf('abandoned-deliveries', null)).toEqual([]);
  world.pass(10 * MINUTE_MS);
  expect(await textsOf('abandoned-deliveries', null)).toEqual([expect.stringContaining(file)]);
  world.pass(4 * 24 * HOUR_MS);
  expect(await textsOf('abandoned-deliveries', null)).toEqual([
    expect.stringContaining(file),
    expect.stringContaining(click),
  ]);
  await world.engine.applyRetention();
  expect(await deliveries.find(TENANT, click)).toBeNull();
  expect(await deliveries.find(TENANT, file)).not.toBeNull();
  expect(await deliveries.find(TENANT, keyed)).not.toBeNull();
  world.pass(27 * 24 * HOUR_MS);
  await world.engine.applyRetention();
  expect(await deliveries.find(TENANT, keyed)).toBeNull();
  expect(await deliveries.find(TENANT, file)).not.toBeNull();
});

test('missing-recurring-jobs: each that is not there, disabled or without a time', async () => {
  await world.documents('jobs').deleteMany({});
  expect(await textsOf('missing-recurring-jobs', null)).toEqual([]);
  await world.another();
  expect(await textsOf('missing-recurring-jobs', null)).toHaveLength(RECURRING_JOBS.length);
  const later = new Date('2030-01-01');
  await world.documents('jobs').insertMany(RECURRING_JOBS.slice(1).map((name) => ({ name, nextRunAt: later })));
  await world.documents('jobs').updateOne({ name: 'outbox' }, { $set: { disabled: true } });
  await world.documents('jobs').updateOne({ name: 'homes' }, { $set: { nextRunAt: null } });
  expect(await textsOf('missing-recurring-jobs', null)).toEqual([
    'error The recurring job tick is missing; expected one that runs by itself.',
    'error The recurring job outbox is disabled; expected one that runs by itself.',
    'error The recurring job homes has no time to run; expected one that runs by itself.',
  ]);
});

test('stuck-jobs: what should have run, and what is locked since long', async () => {
  const at = (ms: number) => new Date(world.now().getTime() + ms);
  const set = (name: string, fields: object) => world.documents('jobs').updateOne({ name }, { $set: fields });
  await set('tick', { nextRunAt: at(-9 * MINUTE_MS), lockedAt: at(-9 * MINUTE_MS) });
  expect(await textsOf('stuck-jobs', null)).toEqual([]);
  await set('tick', { nextRunAt: at(-11 * MINUTE_MS), lockedAt: at(-3 * HOUR_MS) });
  await set('retention', { lockedAt: at(-3 * HOUR_MS) });
  expect(await textsOf('stuck-jobs', null)).toEqual([
    expect.stringMatching(/^warning The job tick should have run at .* is locked since/),
    expect.stringMatching(/^warning The job retention is locked since/),
  ]);
});

test('invalid-integration: one that a live release needs, and one that is gone; none where nothing is under way', async () => {
  const { integrations } = world.persistence.repositories;
  const invalid = { status: 'INVALID', checkedAt: world.now(), detail: 'bad credentials' } as const;
  const id = await world.another();
  expect(await textsOf('invalid-integration', null)).toEqual([]);
  await integrations.setVerification(TENANT, 'int_github', invalid);
  expect(await textsOf('invalid-integration', null)).toEqual([
    'error Integration github is INVALID (bad credentials), and live releases of Mobile need it.',
  ]);
  await integrations.remove(TENANT, 'int_github');
  expect(await textsOf('invalid-integration', null)).toEqual([expect.stringContaining('does not exist')]);
  await world.engine.archiveRelease({ releaseId: id, reason: 'x' }, alice);
  expect(await textsOf('invalid-integration', null)).toEqual([]);
});

test('tenant-without-admin, of the tenant that was asked for', async () => {
  const { tenants } = world.persistence.repositories;
  await tenants.setRoles(TENANT, { ADMIN: [] });
  await tenants.ensure({ id: 'T02', name: 'Other' }, world.now());
  expect(await textsOf('tenant-without-admin', null)).toHaveLength(2);
  expect(await textsOf('tenant-without-admin', null, { tenantId: 'T02' })).toEqual([
    'warning Tenant T02 (Other) has no admin; expected at least one person or group.',
  ]);
});

test('what is damaged in a way that no check foresaw is named, and everything else is looked at all the same', async () => {
  const id = await world.another();
  const sound = await world.another();
  await world
    .documents('outbox')
    .updateMany({ releaseId: id }, { $set: { status: 'PENDING', workAt: 'soon', ts: null, work: 'POST' } });
  await world.documents('releases').updateOne({ _id: id as never }, { $set: { auditSeq: 2_000_000_000 } });
  await world.documents('tenants').updateOne({ _id: TENANT as never }, { $set: { roles: 'none' } });
  await world.documents('audit').deleteOne({ releaseId: sound, seq: 1 });
  expect(await textsOf('stuck-message', id)).toEqual([expect.stringContaining('This could not be checked')]);
  expect(await textsOf('tenant-without-admin', null)).toEqual([expect.stringContaining('This could not be checked')]);
  expect(await textsOf('audit-trail', id)).toEqual([
    expect.stringMatching(/and \d+ more of the audit trail are missing/),
  ]);
  expect(await textsOf('audit-trail', sound)).toHaveLength(1);
});

test('a database that fails ends the look with its error', async () => {
  await world.another();
  const { tenants } = world.persistence.repositories;
  const away = Object.assign(new Error('connection lost'), { name: 'MongoNetworkError' });
  tenants.list = async () => {
    throw away;
  };
  await expect(world.examine()).rejects.toBe(away);
});
