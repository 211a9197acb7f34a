import type { UploadSource } from '../../sandbox/slack/index.ts';
import type { Release } from '../../src/domain/release.ts';
import { derivePhase, type Phase } from '../../src/domain/status.ts';
import { HOUR_MS } from '../support/bot.ts';
import { buildFile } from '../support/build-files.ts';
import { type CreatedRelease, cardWith, createByModal } from '../support/people.ts';
import { clickable, effectLines, messageLines, statusLine, trailOf, unkeyed } from '../support/record.ts';
import { everyWrite } from './points.ts';
import { type CrashWorld, startCrashWorld } from './world.ts';

/**
 * A release whose bot dies again and again, at every so many-th write: `TEST_CRASH_SWEEP=7:3` kills at the 3rd write, the
 * 10th, the 17th ... People do again what came to nothing. It takes minutes, so it is only run when it is asked for.
 */
const [EVERY = 0, FIRST = 1] = (process.env['TEST_CRASH_SWEEP'] ?? '').split(':').map(Number);
const sweep = EVERY > 0 ? test : test.skip;
const PARTS = '7.0.0_android_6.7.0_ios';
const PATIENCE_MS = 240_000;
/** How long a person waits before doing it again. */
const AGAIN_MS = 4_000;

let world: CrashWorld;
let release: CreatedRelease;
afterAll(() => world?.close());

/** Acts, and acts again, until it is so. */
async function insist(what: string, isSo: (release: Release) => boolean, act: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  let again = 0;
  while (!isSo(await world.release(release.id))) {
    if (Date.now() > deadline) throw new Error(`${what} came to nothing\n${world.output().slice(-8_000)}`);
    if (Date.now() > again) {
      again = Date.now() + AGAIN_MS;
      await act();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const reach = (phase: Phase) =>
  insist(
    phase,
    (now) => derivePhase(now) === phase,
    async () => undefined,
  );
const has = (now: Release, file: UploadSource) =>
  now.stagedUploads.some((staged) => staged.fileName === file.name) || JSON.stringify(now.tasks).includes(file.name);
const share = async (person: string, kind: 'apk' | 'aab' | 'ipa', build: number) => {
  const file = await buildFile(kind, { build });
  await insist(
    file.name,
    (now) => has(now, file) || JSON.stringify(now.cycles).includes(file.name),
    () => world.slack.user(person).shareFile('releases', file, { threadTs: release.root.ts }),
  );
};
const click = async (person: string, occasion: string, actionId: string) => {
  const card = cardWith(world.slack, release, occasion, actionId);
  if (card) await world.slack.user(person).click(card, { actionId });
};

sweep(
  `a release ends as if nothing had happened although its bot dies at every ${EVERY}th write`,
  async () => {
    world = await startCrashWorld();
    const start = Math.ceil(world.now().getTime() / 60_000) * 60_000;
    const at = (hours: number) => new Date(start + hours * HOUR_MS);
    release = await createByModal(world.slack, { kickOff: at(30), slots: [at(50)] });
    const stop = world.crashWhenever(everyWrite(EVERY, FIRST));
    await share('alice', 'apk', 1);
    await share('bob', 'ipa', 1);
    world.skipTo(at(30));
    await reach('REGRESSION_AWAITING_NEXT_CYCLE');
    await share('alice', 'apk', 2);
    await share('bob', 'ipa', 2);
    world.skipTo(at(50));
    await reach('AWAITING_POST_REGRESSION');
    const granted = (count: number) => (now: Release) =>
      now.gates.filter((gate) => gate.status === 'GRANTED').length === count;
    await insist('the pre-release gate', granted(1), () => click('bob', 'gate:preRelease', 'gate.approve'));
    await share('bob', 'ipa', 3);
    await share('alice', 'aab', 3);
    await reach('AWAITING_SUBMISSION');
    await insist('the submission gate', granted(2), () => click('bob', 'gate:submission', 'gate.approve'));
    for (const task of ['SUBMIT_TO_APP_STORE', 'SUBMIT_TO_PLAY_STORE']) {
      await insist(
        task,
        (now) => now.tasks.some(({ type, status }) => type === task && status === 'COMPLETED'),
        () => click('alice', `s4.${task}:confirm`, 'task.confirm_submission'),
      );
    }
    await reach('SUBMITTED');
    await stop();
    await world.slack.until(
      () => messageLines(world, release.id).includes('submitted (broadcast)'),
      'the last word',
      30_000,
    );
    await world.slack.until(
      () => !clickable(world, release.id).some((line) => /gate\.|task\./.test(line)),
      'no button',
      30_000,
    );

    expect(world.deaths()).toBeGreaterThan(3);
    expect(statusLine(await world.release(release.id))).toBe(
      'SUBMITTED, COMPLETED NONE, COMPLETED COMPLETED COMPLETED COMPLETED, RC1 DONE',
    );
    expect(effectLines(world)).toEqual([
      `branch release/${PARTS}`,
      `tag rc-${PARTS}-cycle1`,
      `tag v${PARTS}`,
      `release v${PARTS}`,
    ]);
    const lines = messageLines(world, release.id).filter((line) => line !== 'upload' && !line.endsWith(':missing'));
    expect(lines).toEqual([
      'root (root)',
      'kickoff (broadcast)',
      'c1:regression-builds',
      'gate:preRelease (broadcast)',
      'gate:preRelease:approved:0:0:U02BOB',
      'gate:preRelease:granted',
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
    const trail = await trailOf(world, release.id);
    expect(trail.map((entry) => entry.seq)).toEqual(trail.map((_, index) => index + 1));
    const facts = trail.filter((entry) => entry.actor !== 'slipway' && entry.action !== 'BUILD_UPLOADED');
    expect(facts.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
      'U01ALICE RELEASE_CREATED',
      'U02BOB GATE_APPROVED',
      'U02BOB GATE_APPROVED',
      'U01ALICE SUBMISSION_CONFIRMED',
      'U01ALICE SUBMISSION_CONFIRMED',
    ]);
  },
  900_000,
);
