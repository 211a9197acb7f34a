import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { HOUR_MS } from '../support/bot.ts';
import { buildFile } from '../support/build-files.ts';
import type { DatabaseCommand } from '../support/database-proxy.ts';
import { messageAbout } from '../support/messages.ts';
import { TENANT_ID } from '../support/outside.ts';
import { type CreatedRelease, cardWith, confirmSubmission, createByModal, shareBuild } from '../support/people.ts';
import { compileProgram, type Program } from '../support/program.ts';
import { buildLines, clickable, effectLines, messageLines, statusLine, trailOf, unkeyed } from '../support/record.ts';
import { afterGithub, afterMessage, atDatabase, whileBytesArrive } from './points.ts';
import { type CrashWorld, startCrashWorld } from './world.ts';

/**
 * One release from creation to SUBMITTED whose bot is killed (SIGKILL) at the most dangerous places, each time started
 * again. In the end everything is as if it had run through: every effect outside once, nothing lost, nothing twice. The
 * tests are the steps of one walk, in order.
 */

const BRANCH = 'release/7.0.0_android_6.7.0_ios';
const PARTS = '7.0.0_android_6.7.0_ios';
const LARGE_BYTES = 40 * 1024 * 1024;

jest.setTimeout(90_000);

let program: Program;
let world: CrashWorld;
let release: CreatedRelease;
let start = 0;
const at = (hours: number) => new Date(start + hours * HOUR_MS);
beforeAll(async () => {
  program = await compileProgram();
  world = await startCrashWorld(program.directory);
  start = Math.ceil(world.now().getTime() / 60_000) * 60_000;
}, 90_000);
afterAll(async () => {
  await world?.close();
  await program?.remove();
});

const share = (person: string, file: Parameters<typeof shareBuild>[3]) =>
  shareBuild(world.slack, release, person, file);
const writes = (text: string) => (command: DatabaseCommand) =>
  command.collection === 'releases' && command.name === 'update' && JSON.stringify(command.body).includes(text);
const receives = (key: string) => (command: DatabaseCommand) =>
  command.collection === 'deliveries' && command.name === 'insert' && JSON.stringify(command.body).includes(`"${key}`);
const click = async (person: string, occasion: string, actionId: string) => {
  const card = await world.slack.until(() => cardWith(world.slack, release, occasion, actionId), `${actionId} there`);
  await world.slack.user(person).click(card, { actionId });
};

test('a file of which Slack was told that it arrived is taken, once, also when its bytes were on their way', async () => {
  release = await createByModal(world.slack, { kickOff: at(30), slots: [at(50)] });
  const large = await buildFile('ipa', { padToBytes: LARGE_BYTES });
  await world.crashAt([atDatabase('request', 'the file', receives('slack-file:')), whileBytesArrive()], () =>
    world.slack.user('bob').shareFile('releases', large, { threadTs: release.root.ts }),
  );
  await world.until(release.id, 'the build', ({ stagedUploads }) => stagedUploads.length === 1);
  // It really was half-way: what the dead left is there still, until it is swept.
  const left = unfinished();
  expect(left).toHaveLength(1);
  for (const bytes of left) expect(bytes).toBeLessThan(LARGE_BYTES);
});

test('a branch that was cut without an answer is found', async () => {
  await world.crashAt([afterGithub(/^POST .*\/git\/refs$/)], async () => world.skipTo(at(30)));
  await world.reach(release.id, 'KICKOFF');
});

test('a message that stood there without an answer is found by its key', async () => {
  await world.crashAt([afterMessage(/:kickoff$/)], async () => share('alice', await buildFile('apk')));
  await world.reach(release.id, 'REGRESSION_AWAITING_NEXT_CYCLE');
});

test('a build that was stored and not yet recorded is taken, once', async () => {
  await share('bob', await buildFile('ipa', { build: 2 }));
  const recorded = ({ name, collection }: DatabaseCommand) => name === 'insert' && collection === 'uploads';
  const apk = await buildFile('apk', { build: 2 });
  await world.crashAt([atDatabase('request', 'the record of an upload', recorded)], () =>
    world.slack.user('alice').shareFile('releases', apk, { threadTs: release.root.ts }),
  );
  await world.until(release.id, 'the build', ({ stagedUploads }) => stagedUploads.length === 2);
});

test('a tag is completed whose object alone was made, and found when its answer was lost', async () => {
  await world.crashAt([afterGithub(/^POST .*\/git\/tags$/), afterGithub(/^POST .*\/git\/refs$/)], async () =>
    world.skipTo(at(50)),
  );
  await world.reach(release.id, 'AWAITING_POST_REGRESSION');
});

test('a click that was acknowledged and not worked on counts by itself, and stage 3 goes on over three more deaths', async () => {
  await world.crashAt(
    [
      atDatabase('request', 'the mark of the click', receives('slack-trigger:')),
      atDatabase('answer', 'the approval', writes('GATE_APPROVED')),
      afterGithub(/^POST .*\/git\/tags$/),
      afterGithub(/^POST .*\/releases$/),
    ],
    () => click('bob', 'gate:preRelease', 'gate.approve'),
  );
  await world.reach(release.id, 'POST_REGRESSION');
  await world.slack.until(
    () => messageAbout(world.slack, release.id, 's3.TRIGGER_TEST_FLIGHT_BUILD:missing'),
    'the question for the iOS build',
  );
});

test('a task whose end was stored without an answer does not end twice', async () => {
  await share('bob', await buildFile('ipa', { build: 3 }));
  await world.crashAt([atDatabase('answer', 'the end of stage 3', writes(':pre-release'))], async () =>
    world.slack
      .user('alice')
      .shareFile('releases', await buildFile('aab', { build: 3 }), { threadTs: release.root.ts }),
  );
  await world.reach(release.id, 'AWAITING_SUBMISSION');
});

test('the release ends SUBMITTED', async () => {
  await click('bob', 'gate:submission', 'gate.approve');
  await confirmSubmission(world.slack, release, 'SUBMIT_TO_APP_STORE', 'alice');
  await world.crashAt([afterMessage(/:submitted$/)], () =>
    confirmSubmission(world.slack, release, 'SUBMIT_TO_PLAY_STORE', 'alice'),
  );
  await world.reach(release.id, 'SUBMITTED');
  await world.slack.until(
    () => !clickable(world, release.id).some((line) => line.includes('confirm')),
    'no button left',
  );
});

test('it is as if it had run through: every message once, in order, in one thread', () => {
  expect(world.deaths()).toBe(13);
  expect(messageLines(world, release.id)).toEqual([
    'root (root)',
    'upload',
    'upload',
    'kickoff (broadcast)',
    'upload',
    'upload',
    'c1:regression-builds',
    'gate:preRelease (broadcast)',
    'gate:preRelease:approved:0:0:U02BOB',
    'gate:preRelease:granted',
    's3.TRIGGER_TEST_FLIGHT_BUILD:missing',
    'upload',
    's3.CREATE_AAB_BUILD:missing',
    'upload',
    'pre-release',
    'gate:submission (broadcast)',
    'gate:submission:approved:0:0:U02BOB',
    'gate:submission:granted',
    's4.SUBMIT_TO_APP_STORE:confirm',
    's4.SUBMIT_TO_PLAY_STORE:confirm',
    'submitted (broadcast)',
  ]);
  expect(unkeyed(world).map((message) => message.text)).toEqual([]);
  expect(world.slack.violations).toEqual([]);
});

test('and every branch, tag and release, upload, build and stored file', async () => {
  expect(effectLines(world)).toEqual([
    `branch ${BRANCH}`,
    `tag rc-${PARTS}-cycle1`,
    `tag v${PARTS}`,
    `release v${PARTS}`,
  ]);
  expect(await buildLines(world, await world.release(release.id))).toEqual([
    'KICKOFF ANDROID app-7.0.0-1.apk s1.TRIGGER_PRE_REGRESSION_BUILDS',
    'KICKOFF IOS app-6.7.0-1.ipa s1.TRIGGER_PRE_REGRESSION_BUILDS',
    'PRE_RELEASE ANDROID app-7.0.0-3.aab s3.CREATE_AAB_BUILD',
    'PRE_RELEASE IOS app-6.7.0-3.ipa s3.TRIGGER_TEST_FLIGHT_BUILD',
    'REGRESSION ANDROID app-7.0.0-2.apk c1.TRIGGER_REGRESSION_BUILDS',
    'REGRESSION IOS app-6.7.0-2.ipa c1.TRIGGER_REGRESSION_BUILDS',
  ]);
  const uploads = await world.persistence.repositories.uploads.listByRelease(TENANT_ID, release.id);
  expect(uploads.map((upload) => upload.isUsed)).toEqual(Array.from({ length: 6 }, () => true));
  expect(storedFiles()).toEqual(uploads.map((upload) => upload.artifactPath).sort());
});

test('and the audit trail without a gap or a double', async () => {
  const stored = await world.release(release.id);
  expect(statusLine(stored)).toBe('SUBMITTED, COMPLETED NONE, COMPLETED COMPLETED COMPLETED COMPLETED, RC1 DONE');
  const trail = await trailOf(world, release.id);
  expect(trail.map((entry) => entry.seq)).toEqual(trail.map((_, index) => index + 1));
  expect(stored.auditSeq).toBe(trail.length);
  const steps = trail
    .filter(({ action }) => action !== 'BUILD_UPLOADED')
    .map(({ action, subject }) => `${action} ${subject}`);
  // Each of two approvals is of another gate, each confirmation of another store: nothing is told twice.
  expect(steps.length).toBe(new Set(steps).size);
  const facts = trail.filter((entry) => entry.actor !== 'slipway').map(({ actor, action }) => `${actor} ${action}`);
  expect(facts).toEqual([
    'U01ALICE RELEASE_CREATED',
    'U02BOB BUILD_UPLOADED',
    'U01ALICE BUILD_UPLOADED',
    'U02BOB BUILD_UPLOADED',
    'U01ALICE BUILD_UPLOADED',
    'U02BOB GATE_APPROVED',
    'U02BOB BUILD_UPLOADED',
    'U01ALICE BUILD_UPLOADED',
    'U02BOB GATE_APPROVED',
    'U01ALICE SUBMISSION_CONFIRMED',
    'U01ALICE SUBMISSION_CONFIRMED',
  ]);
});

function unfinished(): number[] {
  const directory = join(world.env['ARTIFACTS_DIR'] ?? '', '.unfinished');
  return readdirSync(directory).map((name) => statSync(join(directory, name)).size);
}

/** Paths below the store's directory, those that got their name. */
function storedFiles(): string[] {
  const directory = world.env['ARTIFACTS_DIR'] ?? '';
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.unfinished'))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}
