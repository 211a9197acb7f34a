import { findGate } from '../../src/domain/gate-rules.ts';
import { findTask } from '../../src/domain/tasks.ts';
import { HOUR_MS, MINUTE_MS } from '../support/bot.ts';
import { buildFile, buildForm } from '../support/build-files.ts';
import { keyed, messageAbout, occasionOf, wordsOf } from '../support/messages.ts';
import { CONFIGURATION, TENANT_ID } from '../support/outside.ts';
import { type CreatedRelease, createByModal, shareBuild } from '../support/people.ts';
import { messageLines, unkeyed } from '../support/record.ts';
import { type FaultWorld, startFaultWorld } from './world.ts';

/** Providers that are away or out of order for a while, one at a time, as people and senders of builds meet it. */

const MIB = 1024 * 1024;
let world: FaultWorld;
let made = 0;
beforeAll(async () => {
  world = await startFaultWorld({ seed: 0, rate: 0 });
});
afterEach(() => {
  world.slack.down(false);
  for (const { faults } of [world.slack, world.github, world.s3]) faults.clear();
});
afterAll(async () => {
  const { violations } = world.slack;
  await world.close();
  expect(violations).toEqual([]);
});

type Made = CreatedRelease & { version: string; kickOff: Date };

/** Kicks off in an hour, each time with another version. */
async function newRelease(): Promise<Made> {
  made += 1;
  const version = `${made}.0.0`;
  const kickOff = new Date(world.now().getTime() + HOUR_MS);
  const slots = [new Date(kickOff.getTime() + 9 * HOUR_MS)];
  const release = await createByModal(world.slack, { kickOff, slots, versions: { ANDROID: version, IOS: version } });
  await world.settle();
  return { ...release, version, kickOff };
}

async function upload({ id, version }: Pick<Made, 'id' | 'version'>, kind: 'apk' | 'ipa', key: string, padToBytes = 0) {
  const file = await buildFile(kind, { version, ...(padToBytes > 0 ? { padToBytes } : {}) });
  const form = buildForm('PRE_REGRESSION', kind === 'ipa' ? 'IOS' : 'ANDROID', file);
  return world.api('POST', `/releases/${id}/builds`, { form, headers: { 'idempotency-key': key } });
}
const uploadsOf = ({ id }: Made) => world.persistence.repositories.uploads.listByRelease(TENANT_ID, id);
const filesOf = ({ id }: Made) => world.s3.keys().filter((path) => path.includes(id));
const ticks = async (count: number) => {
  for (let tick = 0; tick < count; tick += 1) await world.skip(MINUTE_MS);
};

test('Slack down for an hour: the release goes on, and every message arrives afterwards, once, in order, in its thread', async () => {
  const { slack } = world;
  const start = world.now().getTime();
  slack.down(true);
  const created = await world.api('POST', '/releases', {
    json: {
      releaseConfigId: CONFIGURATION,
      platformTargets: [
        { platform: 'ANDROID', version: '70.0.0' },
        { platform: 'IOS', version: '70.0.0' },
      ],
      kickOffDate: new Date(start + 10 * MINUTE_MS).toISOString(),
      regressionSlots: [new Date(start + 9 * HOUR_MS).toISOString()],
    },
  });
  const { id } = created.body['release'] as { id: string };
  expect((await upload({ id, version: '70.0.0' }, 'apk', 'down-1')).status).toBe(201);
  await ticks(15);
  expect(await world.phase(id)).toBe('KICKOFF');
  expect((await upload({ id, version: '70.0.0' }, 'ipa', 'down-2')).status).toBe(201);
  await ticks(45);
  expect(await world.phase(id)).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  expect(keyed(slack, id)).toEqual([]);

  slack.down(false);
  await ticks(6);
  expect(messageLines(world, id)).toEqual([
    'root (root)',
    'pre-kick-off-reminder (broadcast)',
    'upload',
    's1.TRIGGER_PRE_REGRESSION_BUILDS:missing',
    'upload',
    'kickoff (broadcast)',
  ]);
  const [root, ...replies] = keyed(slack, id);
  expect(replies.every((reply) => reply.threadTs === root?.ts)).toBe(true);
  expect(unkeyed(world)).toEqual([]);
});

test('a GitHub token that expired: each RETRY meets it in its own words, and the one after it was renewed goes on', async () => {
  const release = await newRelease();
  const lift = world.github.faults.always(/./, { kind: 'status', status: 401, body: { message: 'Bad credentials' } });
  await world.skipTo(release.kickOff);
  const retry = async (failure: number) => {
    const card = messageAbout(world.slack, release.id, `s1.FORK_BRANCH:failed:${failure}`);
    expect(card && wordsOf(card)).toContain('Bad credentials');
    if (card) await world.slack.user('alice').click(card, { actionId: 'task.retry' });
    await world.slack.until(() => messageAbout(world.slack, release.id, `s1.FORK_BRANCH:retried:${failure}`), 'RETRY');
    await world.settle();
  };
  await retry(1);
  expect(await world.phase(release.id)).toBe('PAUSED_BY_FAILURE');
  lift();
  await retry(2);
  expect(await world.phase(release.id)).toBe('KICKOFF');
  expect(world.github.branches()).toHaveProperty([`release/${release.version}_android_${release.version}_ios`]);
});

test('a gate whose commit cannot be read stays shut without a failure, and opens by itself when GitHub answers', async () => {
  const release = await newRelease();
  for (const kind of ['apk', 'ipa'] as const) await upload(release, kind, `gate-${kind}`);
  await world.skipTo(release.kickOff);
  await world.api('POST', `/releases/${release.id}/actions/SKIP_REMAINING_CYCLES`, { json: {} });
  world.github.faults.always(/./, { kind: 'status', status: 401, body: { message: 'Bad credentials' } });
  await ticks(3);
  expect(findGate(await world.release(release.id), 'preRelease')).toMatchObject({ status: 'AWAITING' });
  const card = messageAbout(world.slack, release.id, 'gate:preRelease');
  expect(card && wordsOf(card)).toContain('Bad credentials');
  world.github.faults.clear();
  await ticks(2);
  expect(card && wordsOf(card)).not.toContain('Bad credentials');
  expect((await world.release(release.id)).failureCount).toBe(0);
});

test('nothing is asked of GitHub before the time that it named, by a task or by anybody', async () => {
  const release = await newRelease();
  const { github } = world;
  const body = { message: 'API rate limit exceeded' };
  github.faults.next(/^POST .*\/git\/refs/, { kind: 'status', status: 403, headers: { 'retry-after': '1200' }, body });
  await world.skipTo(release.kickOff);
  const asked = github.requests.length;
  await ticks(19);
  expect(github.requests).toHaveLength(asked);
  await ticks(2);
  expect(findTask(await world.release(release.id), `${release.id}.s1.FORK_BRANCH`)).toMatchObject({
    status: 'COMPLETED',
  });
});

describe('a build in parts, sent to a bucket', () => {
  test.each([
    ['that refuses a part', /partNumber=2/, { kind: 'status', status: 500 }, 503],
    ['that never completes', /^POST .*uploadId=/, { kind: 'status', status: 500 }, 503],
    ['whose token expired', /partNumber=1/, { kind: 'status', status: 403 }, 502],
  ] as const)(
    '%s: its sender is told, nothing is left, and the repeat is the one upload',
    async (what, calls, fault, status) => {
      const key = what.replaceAll(' ', '-');
      const release = await newRelease();
      world.s3.faults.always(calls, fault);
      const refused = await upload(release, 'apk', key, 6 * MIB);
      expect(refused).toMatchObject({ status, body: { success: false } });
      expect([filesOf(release), world.s3.pendingUploads(), await uploadsOf(release)]).toEqual([[], 0, []]);
      world.s3.faults.clear();
      const taken = await upload(release, 'apk', key, 6 * MIB);
      const again = await upload(release, 'apk', key, 6 * MIB);
      expect([taken.status, again.status]).toEqual([201, 201]);
      expect(again.body).toEqual(taken.body);
      expect(await uploadsOf(release)).toHaveLength(1);
      expect(filesOf(release)).toHaveLength(1);
    },
  );

  test('that loses its answer to the completion: the sender sees nothing of it', async () => {
    const release = await newRelease();
    world.s3.faults.next(/^POST .*uploadId=/, { kind: 'reset', when: 'after' });
    expect((await upload(release, 'apk', 'completed', 6 * MIB)).status).toBe(201);
    const [taken, ...others] = await uploadsOf(release);
    expect(others).toEqual([]);
    expect(filesOf(release)).toEqual([taken?.artifactPath]);
    expect(world.s3.pendingUploads()).toBe(0);
  });
});

describe('a file at Slack', () => {
  const announcedOf = ({ id }: Made) =>
    keyed(world.slack, id).filter((message) => occasionOf(message)?.startsWith('upload:'));

  test('whose download breaks in the middle is taken whole, once', async () => {
    const release = await newRelease();
    const file = await buildFile('apk', { version: release.version, padToBytes: 2 * MIB });
    world.slack.faults.next('file_download', { kind: 'half-body' });
    await shareBuild(world.slack, release, 'alice', file);
    expect(await uploadsOf(release)).toEqual([expect.objectContaining({ sizeBytes: file.bytes.length })]);
    expect(announcedOf(release)).toHaveLength(1);
  });

  test('that Slack gives only the half of is refused with a sentence, leaves nothing, and counts when shared again', async () => {
    const release = await newRelease();
    const { slack } = world;
    const file = await buildFile('ipa', { version: release.version });
    const lying = { ...file, bytes: file.bytes.subarray(0, file.bytes.length / 2), sizeBytes: file.bytes.length };
    await slack.user('alice').shareFile('releases', lying, { threadTs: release.root.ts });
    const told = await slack.until(
      () => slack.ephemerals('alice').find(({ text }) => text.includes(file.name)),
      'the word',
    );
    expect(told.text).toMatch(/bytes/);
    expect([await uploadsOf(release), filesOf(release), announcedOf(release)]).toEqual([[], [], []]);
    await shareBuild(slack, release, 'alice', file);
    expect(await uploadsOf(release)).toHaveLength(1);
  });
});
