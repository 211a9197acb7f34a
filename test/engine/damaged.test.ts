import type { UpdateFilter } from 'mongodb';
import type { DefectCode } from '../../src/domain/defect.ts';
import { recheckParked } from '../../src/engine/recheck.ts';
import { PermanentError } from '../../src/shared/errors.ts';
import { alice, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';

/** Documents that were corrupted, edited by hand or restored in part (Spec 7): parked by name, told once, and the others go on. */

let world: World;
beforeAll(async () => {
  world = await engineWorld();
});
afterAll(() => world.close());

type Document = { _id: string } & Record<string, unknown>;
type Update = UpdateFilter<Document>;

const documents = () => world.persistence.connection.collection<Document>('releases');
const edit = (id: string, update: Update) => documents().updateOne({ _id: id }, update);
const raw = async (id: string): Promise<Document> => {
  const document = await documents().findOne({ _id: id });
  if (!document) throw new Error(`${id} is not there`);
  return document;
};
const alertsOf = (id: string) => world.messenger.sent.filter(({ key }) => key.startsWith('alert:') && key.includes(id));
const said = (id: string) => alertsOf(id).map(({ versions }) => versions[0]?.text ?? '');

let minor = 0;
/** A release that has kicked off; it waits for its builds. */
async function running(): Promise<string> {
  minor += 1;
  const { id } = await world.create({ targets: [{ platform: 'ANDROID', version: `7.${minor}.0`, store: null }] });
  await world.engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice);
  await world.tick();
  return id;
}

/** Damages it, and lets the bot look. */
async function damage(id: string, update: Update): Promise<void> {
  await edit(id, update);
  await edit(id, { $set: { nextWakeAt: world.now() } });
  await world.tick();
}

const DAMAGES: [DefectCode, string, (document: Document) => Update][] = [
  ['UNKNOWN_STATUS', 'an unknown status', () => ({ $set: { status: 'BROKEN' } })],
  ['UNKNOWN_STATUS', 'a task with an unknown status', () => ({ $set: { 'tasks.1.status': 'DANCING' } })],
  ['UNREADABLE', 'a field that is missing', () => ({ $unset: { gates: 1 } })],
  ['UNREADABLE', 'a field of another type', () => ({ $set: { kickOffDate: 'tomorrow' } })],
  ['UNREADABLE', 'a count that is no number', () => ({ $set: { version: 'seven' } })],
  ['UNREADABLE', 'what the engine keeps, of another type', () => ({ $set: { pendingMessages: 'none' } })],
  ['UNREADABLE', 'a count of wake-ups that cannot be counted', () => ({ $set: { wakeCount: 'many' } })],
  ['UNREADABLE', 'what was planned, of another type', () => ({ $set: { plannedWakes: 'none' } })],
  ['UNDEFINED_PHASE', 'statuses that contradict each other', () => ({ $set: { 'cron.stage3Status': 'IN_PROGRESS' } })],
  [
    'MISSING_TASK',
    'a task that is missing',
    () => ({ $pull: { tasks: { type: 'FORK_BRANCH' } } }) as unknown as Update,
  ],
  [
    'DOUBLE_TASK',
    'a task that is there twice',
    ({ tasks }) => ({ $set: { tasks: [...(tasks as object[]), ...(tasks as object[]).slice(0, 1)] } }),
  ],
  ['VERSION_BACKWARDS', 'a version that runs backwards', () => ({ $set: { version: 1 } })],
  ['SEQUENCE_BACKWARDS', 'a count of messages that was set back', () => ({ $set: { messageSeq: 1 } })],
  ['SEQUENCE_BACKWARDS', 'a count of audit entries that was set back', () => ({ $set: { auditSeq: 1 } })],
  ['CONFIG_GONE', 'a configuration that is not there', () => ({ $set: { releaseConfigId: 'cfg_gone' } })],
];

test.each(DAMAGES)(
  '%s: %s parks the release, tells the admins once, and it goes on when it is repaired',
  async (code, _, how) => {
    const id = await running();
    const before = await raw(id);
    await damage(id, how(before));
    expect(await raw(id)).toMatchObject({ defect: { code, at: world.now() }, lease: null, nextWakeAt: null });
    // Looked at by two engines, by hand, by ticks and by the hour, it is told once.
    await Promise.all([world.engine.advance(id), world.second().advance(id)]);
    await world.tick(HOUR_MS);
    await Promise.all([recheckParked(world.deps), recheckParked(world.deps)]);
    await world.tick(HOUR_MS);
    expect((await raw(id))['nextWakeAt']).toBeNull();
    expect(said(id)).toEqual([
      expect.stringMatching(new RegExp(`7\\.${minor}\\.0 is damaged and was parked.*Defect ${code}`, 's')),
    ]);
    expect(alertsOf(id)[0]?.channelId).toBe('U01ALICE');
    // Whoever asks hears a sentence.
    const sentence = {
      code: 'DAMAGED',
      message: expect.stringMatching(new RegExp(`7\\.${minor}\\.0.*is damaged.*\\(${code}\\)`)),
    };
    await expect(world.engine.queries.release(TENANT, id)).rejects.toMatchObject(sentence);
    await expect(world.engine.queries.findReleases(TENANT, `7.${minor}.0`)).rejects.toMatchObject(sentence);
    await expect(world.engine.pauseRelease({ releaseId: id, reason: null }, alice)).rejects.toMatchObject(sentence);
    const page = await world.engine.queries.live(TENANT, { limit: 100 });
    expect(page.releases.map((release) => release.id)).not.toContain(id);
    expect(page.damaged).toContainEqual(expect.objectContaining({ id, defect: expect.objectContaining({ code }) }));
    // Repaired by hand, it goes on by itself.
    const { _id, defect, lease, nextWakeAt, ...fields } = before;
    await edit(id, { $set: fields });
    await recheckParked(world.deps);
    expect((await raw(id))['defect']).toBeNull();
    await world.tick();
    await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
    expect((await world.release(id)).status).toBe('PAUSED');
    expect(said(id)).toHaveLength(1);
  },
);

test('the others go on, and a second damage is told again', async () => {
  const id = await running();
  const other = await running();
  await damage(id, { $set: { status: 'BROKEN' } });
  await world.engine.pauseRelease({ releaseId: other, reason: null }, alice);
  expect((await world.release(other)).status).toBe('PAUSED');
  await edit(id, { $set: { status: 'IN_PROGRESS' } });
  await recheckParked(world.deps);
  await world.tick(HOUR_MS);
  await damage(id, { $set: { status: 'BROKEN' } });
  expect(said(id)).toHaveLength(2);
});

test('VERSION_BACKWARDS: an old copy of the whole document is known by what its messages have shown', async () => {
  const id = await running();
  const { _id, ...old } = await raw(id);
  for (let round = 0; round < 2; round += 1) {
    await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
    await world.engine.resumeRelease({ releaseId: id }, alice);
  }
  await world.tick();
  await edit(id, { $set: { ...old, wakeCount: 99, unflushed: true } });
  await damage(id, { $set: { lease: null } });
  expect(await raw(id)).toMatchObject({ defect: { code: 'VERSION_BACKWARDS' } });
  await recheckParked(world.deps);
  await world.tick(HOUR_MS);
  expect(said(id)).toHaveLength(1);
});

test('SEQUENCE_BACKWARDS: an audit entry whose number was given before is not lost in silence', async () => {
  const id = await running();
  const document = await raw(id);
  const [entry] = await world.persistence.repositories.audit.list(TENANT, id, { limit: 1 });
  const other = { ...entry, seq: 1, action: 'SOMETHING_ELSE' };
  await damage(id, { $set: { pendingAudit: [other], unflushed: true } });
  expect(await raw(id)).toMatchObject({ defect: { code: 'SEQUENCE_BACKWARDS' }, auditSeq: document['auditSeq'] });
  await recheckParked(world.deps);
  expect((await raw(id))['defect']).not.toBeNull();
  expect(said(id)).toHaveLength(1);
});

test('a release whose configuration is gone can be archived, is then parked no more, and says so in its thread', async () => {
  const id = await running();
  await damage(id, { $set: { releaseConfigId: 'cfg_gone' } });
  expect((await world.engine.queries.release(TENANT, id, { toArchive: true })).id).toBe(id);
  await world.engine.archiveRelease({ releaseId: id, reason: 'gone' }, alice);
  await world.tick();
  expect(await raw(id)).toMatchObject({ status: 'ARCHIVED', defect: null, nextWakeAt: null });
  expect(world.messenger.sent.filter(({ key }) => key === `${id}:archived`)).toHaveLength(1);
});

test('a release whose counts are wrong cannot be archived: that would hide it', async () => {
  const id = await running();
  await damage(id, { $set: { version: 1 } });
  await expect(world.engine.archiveRelease({ releaseId: id, reason: null }, alice)).rejects.toMatchObject({
    code: 'DAMAGED',
  });
});

test('NO_REST: what is decided again and again is parked, tried again every hour, and told once', async () => {
  const id = await running();
  const { releases, configs } = world.persistence.repositories;
  const { settle, load } = releases;
  const { find } = configs;
  const config = await find(TENANT, world.config.id);
  let stored: Awaited<ReturnType<typeof load>> = null;
  // A thousand rounds with this release, and none of them asks the database; the others are left alone.
  configs.find = async () => config;
  releases.settle = async (lease, ...rest) => (lease.releaseId === id ? false : settle(lease, ...rest));
  releases.load = async (releaseId) => {
    if (releaseId !== id) return load(releaseId);
    stored ??= await load(id);
    return stored;
  };
  try {
    await damage(id, { $set: { wakeCount: 50 } });
    expect(await raw(id)).toMatchObject({ defect: { code: 'NO_REST' }, nextWakeAt: null });
    await recheckParked(world.deps);
    expect(await raw(id)).toMatchObject({ defect: null });
    stored = null;
    await world.tick(HOUR_MS);
    expect(await raw(id)).toMatchObject({ defect: { code: 'NO_REST' } });
  } finally {
    Object.assign(releases, { settle, load });
    configs.find = find;
  }
  await recheckParked(world.deps);
  await world.tick(HOUR_MS);
  expect(await raw(id)).toMatchObject({ defect: null, lease: null });
  expect(said(id)).toHaveLength(1);
});

test('a mistake of our own parks nothing: it is told once, and tried again every hour', async () => {
  const id = await running();
  const { planWakes } = world.deps;
  world.deps.planWakes = async (releaseId, wakes) => {
    if (releaseId === id) throw new TypeError('a mistake of ours');
    return planWakes(releaseId, wakes);
  };
  await damage(id, { $set: { plannedWakes: [{ job: 'kick-off', key: 'x', at: world.now() }] } });
  await world.tick(HOUR_MS);
  await world.tick(HOUR_MS);
  expect(await raw(id)).toMatchObject({ defect: null, lease: null });
  expect(said(id)).toEqual([expect.stringMatching(/made a mistake with release.*a mistake of ours/s)]);
  world.deps.planWakes = planWakes;
  await world.tick(HOUR_MS);
  expect((await raw(id))['nextWakeAt']).toBeNull();
});

test('what a process that died while it parked had not told yet is told by the hourly look', async () => {
  const id = await running();
  await edit(id, { $set: { status: 'BROKEN', nextWakeAt: null } });
  const { releases } = world.persistence.repositories;
  const lease = await releases.wake(id, world.now(), 60_000);
  if (!lease) throw new Error('the lease should be free');
  await releases.park(lease, { code: 'UNKNOWN_STATUS', detail: 'status', at: world.now() });
  expect(said(id)).toEqual([]);
  await recheckParked(world.deps);
  await world.tick();
  expect(said(id)).toHaveLength(1);
});

test('a lease that no instance gave is taken like one that ran out', async () => {
  const id = await running();
  for (const lease of ['mine', { token: 'x', until: 'tomorrow' }, { token: 'x' }]) {
    await edit(id, { $set: { lease, nextWakeAt: world.now() } });
    await world.tick();
    expect(await raw(id)).toMatchObject({ lease: null, defect: null });
  }
});

test('who lost the lease parks nothing', async () => {
  const id = await running();
  const { releases } = world.persistence.repositories;
  const lease = await releases.wake(id, world.now(), 60_000);
  if (!lease) throw new Error('the lease should be free');
  const defect = { code: 'UNREADABLE', detail: 'x', at: world.now() } as const;
  expect(await releases.park({ ...lease, token: 'another' }, defect)).toBe(false);
  await releases.handBack(lease, world.now());
  expect(await releases.park(lease, defect)).toBe(false);
});

test('a message that is given up is told to the admins once', async () => {
  const id = await running();
  const { send } = world.messenger;
  world.messenger.send = async (message) => {
    if (message.channelId !== 'C01REL') return send(message);
    throw new PermanentError({ provider: 'SLACK', operation: 'send', status: 200, detail: 'not_in_channel' });
  };
  await world.engine.pauseRelease({ releaseId: id, reason: null }, alice);
  for (let tries = 0; tries < 8; tries += 1) await world.tick(60_000);
  world.messenger.send = send;
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT, id);
  const parked = rows.filter(({ status }) => status === 'PARKED');
  expect(parked.length).toBeGreaterThan(0);
  expect(
    alertsOf(id)
      .map(({ key }) => key)
      .sort(),
  ).toEqual(parked.map(({ key }) => `alert:parked:${key}:U01ALICE`).sort());
  expect(said(id)[0]).toContain('not_in_channel');
});
