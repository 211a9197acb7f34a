import { findGate } from '../../src/domain/gate-rules.ts';
import { outputOf } from '../../src/domain/tasks.ts';
import { HOUR_MS, MINUTE_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile } from '../support/build-files.ts';
import { messageAbout, wordsOf } from '../support/messages.ts';
import { TENANT_ID } from '../support/outside.ts';
import { approve, type CreatedRelease, confirmSubmission, createByModal, shareBuild } from '../support/people.ts';
import {
  buildLines,
  clickable,
  effectLines,
  messageLines,
  statusLine,
  taskLines,
  trailOf,
  unkeyed,
} from '../support/record.ts';

/**
 * One staged release in manual mode from `/release new` to SUBMITTED, as Slack, GitHub, the HTTP API and the database see
 * it: people act in Slack over signed HTTP, time is moved, and after each step everything stored is compared. The tests
 * are the steps of one walk, in order.
 */

const BRANCH = 'release/7.0.0_android_6.7.0_ios';
const PARTS = '7.0.0_android_6.7.0_ios';
const SECRETS = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'CREDENTIAL_KEYS'];

let world: TestBot;
let release: CreatedRelease;
beforeAll(async () => {
  world = await startTestBot({ quorum: 2 });
});
afterAll(() => world.close());

const START = new Date('2026-12-01T08:00:00Z').getTime();
const at = (hours: number) => new Date(START + hours * HOUR_MS);
const KICK_OFF = at(30);
const SLOTS = [at(50), at(70)];

const stored = () => world.release(release.id);
const status = async () => statusLine(await stored());
const phase = async () => (await world.api('GET', `/releases/${release.id}/status`)).body['currentPhase'];
const tasksOfStage = async (stage: number) => taskLines((await stored()).tasks.filter((task) => task.stage === stage));
const tasksOfCycle = async (number: number) =>
  taskLines((await stored()).cycles.find((cycle) => cycle.number === number)?.tasks ?? []);
const said = () => messageLines(world, release.id);
const share = async (person: string, kind: 'apk' | 'aab' | 'ipa', build: number, where?: 'thread' | 'channel') => {
  const message = await shareBuild(world.slack, release, person, await buildFile(kind, { build }), where);
  await world.settle();
  return message;
};
/** So many ticks, a minute apart. */
const ticks = async (count: number) => {
  for (let tick = 0; tick < count; tick += 1) await world.skip(MINUTE_MS);
};

test('the modal of /release new makes a release that waits, with its thread', async () => {
  release = await createByModal(world.slack, { kickOff: KICK_OFF, slots: SLOTS });
  expect(await status()).toBe('PENDING, PENDING NONE, PENDING PENDING PENDING PENDING');
  expect(await phase()).toBe('NOT_STARTED');
  expect(await stored()).toMatchObject({
    tenantId: TENANT_ID,
    type: 'PLANNED',
    targets: [
      { platform: 'ANDROID', version: '7.0.0', store: null },
      { platform: 'IOS', version: '6.7.0', store: null },
    ],
    baseBranch: 'main',
    branch: BRANCH,
    kickOffDate: KICK_OFF,
    hasManualBuildUpload: true,
    releasePilot: 'U01ALICE',
    createdBy: 'U01ALICE',
    tasks: [],
    cycles: [],
  });
  expect((await stored()).slots.map((slot) => slot.at)).toEqual(SLOTS);
  expect(said()).toEqual(['root (root)']);
});

test('a build shared in the channel before the kick-off is staged, and the reminder names what is missing', async () => {
  await share('alice', 'apk', 1, 'channel');
  await world.skipTo(at(6));
  await ticks(3);
  expect(said()).toEqual(['root (root)', 'upload', 'pre-kick-off-reminder (broadcast)']);
  const reminder = messageAbout(world.slack, release.id, 'pre-kick-off-reminder');
  expect(reminder && wordsOf(reminder)).toMatch(/missing: \*iOS\*/);
  expect(await phase()).toBe('NOT_STARTED');
});

test('the kick-off comes by time, cuts the branch and waits for the missing build with one message', async () => {
  await world.skipTo(KICK_OFF);
  await ticks(5);
  expect(await status()).toBe('IN_PROGRESS, RUNNING NONE, IN_PROGRESS PENDING PENDING PENDING');
  expect(await phase()).toBe('KICKOFF');
  expect(await tasksOfStage(1)).toEqual([
    'PRE_KICK_OFF_REMINDER COMPLETED',
    'FORK_BRANCH COMPLETED',
    'CREATE_PROJECT_MANAGEMENT_TICKET SKIPPED',
    'CREATE_TEST_SUITE SKIPPED',
    'TRIGGER_PRE_REGRESSION_BUILDS AWAITING_MANUAL_BUILD',
    'SEND_KICKOFF_MESSAGE PENDING',
  ]);
  expect(said().slice(3)).toEqual(['s1.TRIGGER_PRE_REGRESSION_BUILDS:missing']);
  const missing = messageAbout(world.slack, release.id, 's1.TRIGGER_PRE_REGRESSION_BUILDS:missing');
  expect(missing && wordsOf(missing)).toContain('Missing PRE_REGRESSION builds for: IOS');
  expect(effectLines(world)).toEqual([`branch ${BRANCH}`]);
  expect(world.github.branches()[BRANCH]).toBe(world.github.branches()['main']);
});

test('the build arrives in the thread: the kick-off is announced and regression begins by itself', async () => {
  await share('bob', 'ipa', 1);
  expect(await status()).toBe('IN_PROGRESS, RUNNING NONE, COMPLETED IN_PROGRESS PENDING PENDING');
  expect(await phase()).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  expect((await tasksOfStage(1)).slice(4)).toEqual([
    'TRIGGER_PRE_REGRESSION_BUILDS COMPLETED',
    'SEND_KICKOFF_MESSAGE COMPLETED',
  ]);
  expect((await stored()).cycles).toEqual([]);
  expect(said().slice(4)).toEqual(['upload', 'kickoff (broadcast)']);
});

test('the first cycle runs at its slot with the newest builds that were handed in', async () => {
  await share('alice', 'apk', 2);
  const replacing = await share('alice', 'apk', 3);
  expect(wordsOf(replacing)).toContain('It replaces `app-7.0.0-2.apk`');
  await share('bob', 'ipa', 2);
  expect((await stored()).cycles).toEqual([]);
  await world.skipTo(at(50));
  await ticks(3);
  expect(await status()).toBe('IN_PROGRESS, RUNNING NONE, COMPLETED IN_PROGRESS PENDING PENDING, RC1 DONE');
  expect(await phase()).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  expect(await tasksOfCycle(1)).toEqual([
    'RESET_TEST_SUITE SKIPPED',
    'CREATE_RC_TAG COMPLETED',
    'CREATE_RELEASE_NOTES COMPLETED',
    'TRIGGER_REGRESSION_BUILDS COMPLETED',
    'TRIGGER_AUTOMATION_RUNS SKIPPED',
    'AUTOMATION_RUNS SKIPPED',
    'SEND_REGRESSION_BUILD_MESSAGE COMPLETED',
  ]);
  expect(said().slice(6)).toEqual(['upload', 'upload', 'upload', 'c1:regression-builds']);
  expect(world.github.tags()[`rc-${PARTS}-cycle1`]).toBe(world.github.branches()[BRANCH]);
});

test('the second cycle reminds once before its slot, then waits with one message, ever', async () => {
  world.github.commit(BRANCH, 'Fix the crash on resume', 'Dana Dev');
  await world.skipTo(at(68));
  await ticks(3);
  await world.skipTo(at(70));
  await ticks(30);
  await world.skip(3 * HOUR_MS);
  expect(await status()).toBe(
    'IN_PROGRESS, RUNNING NONE, COMPLETED IN_PROGRESS PENDING PENDING, RC1 DONE, RC2 IN_PROGRESS',
  );
  expect(await phase()).toBe('REGRESSION_CYCLE_RUNNING');
  expect((await tasksOfCycle(2)).slice(2)).toEqual([
    'CREATE_RELEASE_NOTES COMPLETED',
    'TRIGGER_REGRESSION_BUILDS AWAITING_MANUAL_BUILD',
    'TRIGGER_AUTOMATION_RUNS PENDING',
    'AUTOMATION_RUNS PENDING',
    'SEND_REGRESSION_BUILD_MESSAGE PENDING',
  ]);
  const reminded = `slot:slot_2:missing-builds:${at(70).getTime()}`;
  expect(said().slice(10)).toEqual([reminded, 'c2.TRIGGER_REGRESSION_BUILDS:missing']);
  const missing = messageAbout(world.slack, release.id, 'c2.TRIGGER_REGRESSION_BUILDS:missing');
  expect(missing && wordsOf(missing)).toContain('Cycle 2: Missing REGRESSION builds for: ANDROID, IOS');
});

test('the last cycle is done when its builds are there, and the gate of stage 3 is posted', async () => {
  const again = await share('alice', 'apk', 3);
  expect(wordsOf(again)).toContain('The same file was already used earlier in this release');
  await share('bob', 'ipa', 4);
  await ticks(2);
  expect(await status()).toBe(
    'IN_PROGRESS, PAUSED AWAITING_STAGE_TRIGGER, COMPLETED COMPLETED PENDING PENDING, RC1 DONE, RC2 DONE',
  );
  expect(await phase()).toBe('AWAITING_POST_REGRESSION');
  expect(await tasksOfCycle(2)).toEqual([
    'RESET_TEST_SUITE SKIPPED',
    'CREATE_RC_TAG COMPLETED',
    'CREATE_RELEASE_NOTES COMPLETED',
    'TRIGGER_REGRESSION_BUILDS COMPLETED',
    'TRIGGER_AUTOMATION_RUNS SKIPPED',
    'AUTOMATION_RUNS SKIPPED',
    'SEND_REGRESSION_BUILD_MESSAGE COMPLETED',
  ]);
  expect(said().slice(12)).toEqual(['upload', 'upload', 'c2:regression-builds', 'gate:preRelease (broadcast)']);
  const notes = outputOf((await stored()).cycles[1]?.tasks ?? [], 'CREATE_RELEASE_NOTES');
  expect(notes).toMatchObject({ since: `rc-${PARTS}-cycle1`, entries: [{ title: 'Fix the crash on resume' }] });
});

test('a new commit makes the first of two approvals void, and the gate stays shut', async () => {
  await approve(world.slack, release, 'preRelease', 'bob');
  await ticks(2);
  expect(await phase()).toBe('AWAITING_POST_REGRESSION');
  const card = messageAbout(world.slack, release.id, 'gate:preRelease');
  expect(card && wordsOf(card)).toContain('1 of 2');
  world.github.commit(BRANCH, 'Fix the last crash', 'Dana Dev');
  await ticks(2);
  expect(findGate(await stored(), 'preRelease')).toMatchObject({
    status: 'AWAITING',
    approvals: [],
    voided: [{ approvals: [{ by: 'U02BOB' }], changes: [expect.stringMatching(/release branch moved from/)] }],
  });
  expect(said().slice(16)).toEqual(['gate:preRelease:approved:0:0:U02BOB', 'gate:preRelease:void:1 (broadcast)']);
  expect(card && wordsOf(card)).toMatch(/release branch moved from \w{7} to \w{7}/);
  // A stale screen: the approval of what the card showed before counts for nothing.
  const before = card?.versions.findIndex((version) => wordsOf(version).includes('"gate.approve"')) ?? -1;
  if (card) await world.slack.user('carol').click(card, { actionId: 'gate.approve' }, { version: before });
  await world.slack.until(() => world.slack.user('carol').ephemerals('releases').length > 0, 'the answer to Carol');
  expect(findGate(await stored(), 'preRelease')?.approvals).toEqual([]);
});

test('two approvals over the failed check, each with a reason, open the gate', async () => {
  await approve(world.slack, release, 'preRelease', 'bob', 'Tested on both devices');
  await ticks(1);
  expect(await phase()).toBe('AWAITING_POST_REGRESSION');
  await approve(world.slack, release, 'preRelease', 'carol', 'Agreed with Bob');
  await ticks(3);
  expect(await status()).toBe('IN_PROGRESS, RUNNING NONE, COMPLETED COMPLETED IN_PROGRESS PENDING, RC1 DONE, RC2 DONE');
  expect(await phase()).toBe('POST_REGRESSION');
  expect(await tasksOfStage(3)).toEqual([
    'PRE_RELEASE_CHERRY_PICKS_REMINDER COMPLETED',
    'CREATE_RELEASE_TAG COMPLETED',
    'CREATE_FINAL_RELEASE_NOTES COMPLETED',
    'TRIGGER_TEST_FLIGHT_BUILD AWAITING_MANUAL_BUILD',
    'CREATE_AAB_BUILD PENDING',
    'PM_APPROVAL_GATE PENDING',
    'SEND_PRE_RELEASE_MESSAGE PENDING',
  ]);
  expect(said().slice(18)).toEqual([
    'gate:preRelease:approved:1:0:U02BOB',
    'gate:preRelease:approved:1:0:U03CAROL',
    'gate:preRelease:granted',
    'cherry-picks',
    's3.TRIGGER_TEST_FLIGHT_BUILD:missing',
  ]);
  expect(world.github.tags()[`v${PARTS}`]).toBe(world.github.branches()[BRANCH]);
});

test('the pre-release builds complete stage 3, which waits at the gate of the submission', async () => {
  await share('bob', 'ipa', 5);
  await ticks(2);
  await share('alice', 'aab', 5);
  await ticks(2);
  expect(await status()).toBe(
    'IN_PROGRESS, PAUSED AWAITING_STAGE_TRIGGER, COMPLETED COMPLETED COMPLETED PENDING, RC1 DONE, RC2 DONE',
  );
  expect(await phase()).toBe('AWAITING_SUBMISSION');
  expect((await tasksOfStage(3)).slice(3)).toEqual([
    'TRIGGER_TEST_FLIGHT_BUILD COMPLETED',
    'CREATE_AAB_BUILD COMPLETED',
    'PM_APPROVAL_GATE SKIPPED',
    'SEND_PRE_RELEASE_MESSAGE COMPLETED',
  ]);
  expect(said().slice(23)).toEqual([
    'upload',
    's3.CREATE_AAB_BUILD:missing',
    'upload',
    'pre-release',
    'gate:submission (broadcast)',
  ]);
});

test('the submission is approved, confirmed by hand for each store, and the release is SUBMITTED', async () => {
  await approve(world.slack, release, 'submission', 'bob');
  await ticks(2);
  expect(await status()).toBe(
    'IN_PROGRESS, RUNNING NONE, COMPLETED COMPLETED COMPLETED IN_PROGRESS, RC1 DONE, RC2 DONE',
  );
  expect(await phase()).toBe('SUBMITTING');
  await confirmSubmission(world.slack, release, 'SUBMIT_TO_APP_STORE', 'alice');
  await ticks(1);
  expect(await tasksOfStage(4)).toEqual([
    'SUBMIT_TO_APP_STORE COMPLETED',
    'SUBMIT_TO_PLAY_STORE AWAITING_CALLBACK',
    'SEND_SUBMISSION_MESSAGE PENDING',
  ]);
  await confirmSubmission(world.slack, release, 'SUBMIT_TO_PLAY_STORE', 'alice');
  await ticks(3);
  expect(await status()).toBe('SUBMITTED, COMPLETED NONE, COMPLETED COMPLETED COMPLETED COMPLETED, RC1 DONE, RC2 DONE');
  expect(await phase()).toBe('SUBMITTED');
  expect(said().slice(28)).toEqual([
    'gate:submission:approved:0:0:U02BOB',
    'gate:submission:granted',
    's4.SUBMIT_TO_APP_STORE:confirm',
    's4.SUBMIT_TO_PLAY_STORE:confirm',
    'submitted (broadcast)',
  ]);
});

test('every message stands in the one thread, once, and no decision can be clicked any more', async () => {
  expect(said()).toHaveLength(33);
  const thread = world.slack.thread(world.channelId, release.root.ts).filter((message) => message.fromBot);
  expect(messageLines(world, release.id)).toHaveLength(thread.length);
  expect(unkeyed(world).map((message) => message.text)).toEqual([]);
  // What is left only shows something, or opens a form that is refused by its window.
  const looks = /^(release\.(why|more|builds|notes|upload)( |$))+$/;
  const open = clickable(world, release.id).map((line) => line.split(': '));
  expect(open.filter(([, actions = '']) => !looks.test(actions))).toEqual([]);
  expect(open.find(([occasion]) => occasion === 'root')).toEqual(['root', 'release.why release.more']);
  const gate = messageAbout(world.slack, release.id, 'gate:preRelease');
  expect(gate && wordsOf(gate)).toMatch(/<@U02BOB>.*Tested on both devices/);
  expect(gate && wordsOf(gate)).toMatch(/<@U03CAROL>.*Agreed with Bob/);
  expect(wordsOf(release.root)).toContain('Submitted - Awaiting Store Approval');
  expect(world.slack.violations).toEqual([]);
});

test('GitHub holds each branch, tag and release once', () => {
  expect(effectLines(world)).toEqual([
    `branch ${BRANCH}`,
    `tag rc-${PARTS}-cycle1`,
    `tag rc-${PARTS}-cycle2`,
    `tag v${PARTS}`,
    `release v${PARTS}`,
  ]);
});

test('each task has its builds from the uploads it used, and each upload was used once or replaced', async () => {
  expect(await buildLines(world, await stored())).toEqual([
    'KICKOFF ANDROID app-7.0.0-1.apk s1.TRIGGER_PRE_REGRESSION_BUILDS',
    'KICKOFF IOS app-6.7.0-1.ipa s1.TRIGGER_PRE_REGRESSION_BUILDS',
    'PRE_RELEASE ANDROID app-7.0.0-5.aab s3.CREATE_AAB_BUILD',
    'PRE_RELEASE IOS app-6.7.0-5.ipa s3.TRIGGER_TEST_FLIGHT_BUILD',
    'REGRESSION ANDROID app-7.0.0-3.apk c1.TRIGGER_REGRESSION_BUILDS',
    'REGRESSION ANDROID app-7.0.0-3.apk c2.TRIGGER_REGRESSION_BUILDS',
    'REGRESSION IOS app-6.7.0-2.ipa c1.TRIGGER_REGRESSION_BUILDS',
    'REGRESSION IOS app-6.7.0-4.ipa c2.TRIGGER_REGRESSION_BUILDS',
  ]);
  const { builds, uploads } = world.persistence.repositories;
  const records = await builds.listByRelease(TENANT_ID, release.id);
  const handedIn = await uploads.listByRelease(TENANT_ID, release.id);
  expect(handedIn).toHaveLength(9);
  for (const build of records) {
    const [upload, ...others] = handedIn.filter((candidate) => candidate.artifactPath === build.artifactPath);
    expect(others).toEqual([]);
    expect(build).toMatchObject({
      buildType: 'MANUAL',
      buildUploadStatus: 'UPLOADED',
      workflowStatus: null,
      queueLocation: null,
      ciRunId: null,
      sha256: upload?.sha256,
    });
    expect(upload).toMatchObject({
      isUsed: true,
      usedByTaskId: build.taskId,
      usedByCycleId: build.regressionId,
      supersededBy: null,
      source: 'SLACK',
    });
    const cycle = /\.c(\d)\./.exec(build.taskId)?.[1];
    expect(build.regressionId).toBe(cycle ? `${release.id}.c${cycle}` : null);
  }
  const [replaced, ...rest] = handedIn.filter((upload) => !upload.isUsed);
  const successor = handedIn.find(
    (upload) => upload.fileName === 'app-7.0.0-3.apk' && upload.usedByCycleId?.endsWith('1'),
  );
  expect(rest).toEqual([]);
  expect(replaced).toMatchObject({ fileName: 'app-7.0.0-2.apk', supersededBy: successor?.id, usedByTaskId: null });
});

test('the audit trail has every step once, without a gap, with who and why', async () => {
  const trail = await trailOf(world, release.id);
  expect(trail.map((entry) => entry.seq)).toEqual(trail.map((_, index) => index + 1));
  expect((await stored()).auditSeq).toBe(trail.length);
  const people = trail.filter((entry) => entry.actor !== 'slipway');
  const upload = (who: string) => `${who} BUILD_UPLOADED`;
  expect(people.map(({ actor, action, reason }) => [actor, action, ...(reason ? [reason] : [])].join(' '))).toEqual([
    'U01ALICE RELEASE_CREATED',
    upload('U01ALICE'),
    upload('U02BOB'),
    upload('U01ALICE'),
    upload('U01ALICE'),
    upload('U02BOB'),
    upload('U01ALICE'),
    upload('U02BOB'),
    'U02BOB GATE_APPROVED',
    'U02BOB GATE_APPROVED Tested on both devices',
    'U03CAROL GATE_APPROVED Agreed with Bob',
    upload('U02BOB'),
    upload('U01ALICE'),
    'U02BOB GATE_APPROVED',
    'U01ALICE SUBMISSION_CONFIRMED',
    'U01ALICE SUBMISSION_CONFIRMED',
  ]);
  const ended = trail.filter(({ action }) => action === 'TASK_COMPLETED' || action === 'TASK_SKIPPED');
  const { tasks, cycles } = await stored();
  const all = [...tasks, ...cycles.flatMap((cycle) => cycle.tasks)].map((task) => task.id);
  // The reminder before the kick-off was done before its task was there.
  const ran = all.filter((id) => !id.endsWith('PRE_KICK_OFF_REMINDER'));
  expect(ended.map((entry) => entry.subject).sort()).toEqual(ran.sort());
  const stages = trail.filter(({ action }) => action === 'STAGE_STARTED' || action === 'STAGE_COMPLETED');
  expect(stages.map(({ action, subject }) => `${subject} ${action}`)).toEqual(
    [1, 2, 3, 4].flatMap((stage) => [`stage${stage} STAGE_STARTED`, `stage${stage} STAGE_COMPLETED`]),
  );
});

test('everything was sent: the outbox is empty, and nothing went wrong on the way', async () => {
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT_ID, release.id);
  expect(rows.filter((row) => row.status !== 'SENT')).toEqual([]);
  expect(rows.map((row) => row.ts)).toEqual(
    world.slack
      .messages('releases')
      .filter((message) => message.metadata !== null)
      .map((message) => message.ts),
  );
  const loud = world.log.map((line) => JSON.parse(line)).filter(({ level }) => level !== 'info' && level !== 'debug');
  expect(loud).toEqual([]);
});

test('what was logged names tenant and release, and holds no secret, no word of people and no bytes of a file', () => {
  const lines = world.log.map((line) => JSON.parse(line) as Record<string, unknown>);
  const ofRelease = lines.filter((line) => JSON.stringify(line).includes(release.id));
  expect(ofRelease.length).toBeGreaterThan(40);
  for (const line of ofRelease) expect(line).toMatchObject({ tenantId: TENANT_ID, releaseId: release.id });
  for (const line of lines.filter(({ msg }) => msg === 'task ran')) {
    expect(line['taskId']).toMatch(new RegExp(`^${release.id}\\.[sc]\\d\\.${String(line['type'])}$`));
  }
  const secrets = [...SECRETS.map((name) => world.env[name] ?? name), 'ghp_', 'slw_', 'response_url', 'trigger_id'];
  const words = ['Tested on both devices', 'Agreed with Bob', 'AndroidManifest'];
  for (const hidden of [...secrets, ...words]) expect(world.log.join('')).not.toContain(hidden);
});
