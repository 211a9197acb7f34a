import type { Platform, Release } from '../../src/domain/release.ts';
import type { Task, TaskType } from '../../src/domain/task.ts';
import { withTask } from '../../src/domain/tasks.ts';
import type { UploadStage } from '../../src/domain/upload.ts';
import { closedSentence, openWindows, stageForUpload, uploadWindow } from '../../src/domain/upload-window.ts';
import { CRONS, newRelease, running, SLOT_DATES, withCycles } from './support/build-release.ts';

const CLAIMED: Partial<Task> = { claimedUploads: { ANDROID: 'upl_1', IOS: 'upl_2' } };

function inStage1(patch: Partial<Task> = {}): Release {
  return withTask(running(CRONS.stage1), 'rel_1.s1.TRIGGER_PRE_REGRESSION_BUILDS', patch);
}
/** In the cycle of this number, the earlier ones DONE, with this state of its build task. */
function inCycle(number: number, patch: Partial<Task> = {}): Release {
  const before = Array.from({ length: number - 1 }, () => 'DONE' as const);
  const release = withCycles(running(CRONS.stage2), ...before, 'IN_PROGRESS');
  return withTask(release, `rel_1.c${number}.TRIGGER_REGRESSION_BUILDS`, patch);
}
function abandoned(release: Release): Release {
  return { ...release, cycles: release.cycles.map((cycle) => ({ ...cycle, status: 'ABANDONED' })) };
}
function inStage3(type: TaskType, patch: Partial<Task>): Release {
  return withTask(running(CRONS.stage3), `rel_1.s3.${type}`, patch);
}
function isOpen(release: Release, stage: UploadStage, platform: Platform = 'ANDROID'): boolean {
  return uploadWindow(release, stage, platform).open;
}
function windows(release: Release): string[] {
  return openWindows(release).map((window) => `${window.stage} ${window.platform}`);
}
const PRE_REGRESSION = ['PRE_REGRESSION ANDROID', 'PRE_REGRESSION IOS'];
const REGRESSION = ['REGRESSION ANDROID', 'REGRESSION IOS'];
const PRE_RELEASE = ['PRE_RELEASE ANDROID', 'PRE_RELEASE IOS'];

/** Every row of Spec 3.2, both sides of each boundary. */
const TABLE: [string, Release, string[]][] = [
  ['from creation, before kick-off', newRelease(), PRE_REGRESSION],
  ['stage 1 runs, its build task not reached', inStage1(), PRE_REGRESSION],
  ['that task waits for builds', inStage1({ status: 'AWAITING_MANUAL_BUILD' }), PRE_REGRESSION],
  ['that task has its builds but is not over', inStage1({ status: 'IN_PROGRESS', ...CLAIMED }), []],
  ['that task is over', inStage1({ status: 'COMPLETED', ...CLAIMED }), []],
  ['that task was skipped', inStage1({ status: 'SKIPPED' }), []],
  ['that task failed after it had its builds', inStage1({ status: 'FAILED', ...CLAIMED }), []],
  ['stage 1 over, stage 2 not begun', running(CRONS.awaitingRegression), REGRESSION],
  ['stage 2 begun, before cycle 1', running(CRONS.stage2), REGRESSION],
  ['cycle 1 NOT_STARTED', withCycles(running(CRONS.stage2), 'NOT_STARTED'), REGRESSION],
  ['cycle 1 runs, its build task not reached', inCycle(1), REGRESSION],
  ['cycle 1 waits for builds', inCycle(1, { status: 'AWAITING_MANUAL_BUILD' }), REGRESSION],
  ['cycle 1 has its builds', inCycle(1, { status: 'IN_PROGRESS', ...CLAIMED }), []],
  ['cycle 1 goes on after its builds', inCycle(1, { status: 'COMPLETED', ...CLAIMED }), []],
  ['cycle 1 done', withCycles(running(CRONS.stage2), 'DONE'), REGRESSION],
  ['cycle 1 abandoned', withCycles(running(CRONS.stage2), 'ABANDONED'), REGRESSION],
  ['cycle 1 abandoned after it had its builds', abandoned(inCycle(1, { status: 'COMPLETED', ...CLAIMED })), REGRESSION],
  ['cycle 2 waits for builds', inCycle(2, { status: 'AWAITING_MANUAL_BUILD' }), REGRESSION],
  ['cycle 2 has its builds', inCycle(2, { status: 'COMPLETED', ...CLAIMED }), []],
  ['the last cycle waits for builds', inCycle(3, { status: 'AWAITING_MANUAL_BUILD' }), REGRESSION],
  ['the last cycle has its builds', inCycle(3, { status: 'COMPLETED', ...CLAIMED }), []],
  ['after the last cycle', withCycles(running(CRONS.awaitingPreRelease), 'DONE', 'DONE', 'DONE'), []],
  ['pre-release granted', running(CRONS.stage3), PRE_RELEASE],
  ["Android's pre-release task waits", inStage3('CREATE_AAB_BUILD', { status: 'AWAITING_MANUAL_BUILD' }), PRE_RELEASE],
  ["Android's has its build: only its own window closes", inStage3('CREATE_AAB_BUILD', CLAIMED), ['PRE_RELEASE IOS']],
  [
    "iOS's has its build: only its own window closes",
    inStage3('TRIGGER_TEST_FLIGHT_BUILD', { status: 'COMPLETED', ...CLAIMED }),
    ['PRE_RELEASE ANDROID'],
  ],
  ['pre-release over', running(CRONS.awaitingSubmission), []],
  ['submitting', running(CRONS.stage4), []],
  ['submitted', running(CRONS.over, { status: 'SUBMITTED' }), []],
  ['completed', running(CRONS.over, { status: 'COMPLETED' }), []],
  ['archived before it began', { ...newRelease(), status: 'ARCHIVED' }, []],
  ['archived while a cycle waits', { ...inCycle(1, { status: 'AWAITING_MANUAL_BUILD' }), status: 'ARCHIVED' }, []],
];

describe('upload windows (Spec 3.2)', () => {
  test.each(TABLE)('%s', (_when, release, open) => {
    expect(windows(release)).toEqual(open);
  });

  test.each(TABLE.filter(([, release]) => release.status === 'IN_PROGRESS'))(
    'a pause neither opens nor closes a window: %s',
    (_when, release, open) => {
      const cron = { ...release.cron, status: 'PAUSED' as const, pauseType: 'USER_REQUESTED' as const };
      expect(windows({ ...release, status: 'PAUSED', cron })).toEqual(open);
    },
  );

  test.each(TABLE)('a release in CI mode takes no upload: %s', (_when, release) => {
    const inCi = { ...release, hasManualBuildUpload: false };
    expect(windows(inCi)).toEqual([]);
    const window = uploadWindow(inCi, 'REGRESSION', 'ANDROID');
    expect(window).toEqual({ open: false, reason: 'This release takes its builds from CI/CD', opens: null });
    if (!window.open) {
      expect(closedSentence(window)).toBe(
        'Upload window closed for this stage/cycle. This release takes its builds from CI/CD.',
      );
    }
  });

  test('a platform without a target never has a window', () => {
    expect(isOpen(newRelease(), 'PRE_REGRESSION', 'WEB')).toBe(false);
    expect(uploadWindow(newRelease(), 'PRE_REGRESSION', 'WEB')).toMatchObject({ opens: null });
  });

  test('a WEB target has a pre-release window of its own', () => {
    const targets = [{ platform: 'WEB' as const, version: '7.0.0', store: null }];
    const release = running(CRONS.stage3, { targets });
    expect(windows(release)).toEqual(['PRE_RELEASE WEB']);
    expect(windows(withTask(release, 'rel_1.s3.TRIGGER_WEB_BUILD', { claimedUploads: { WEB: 'upl_1' } }))).toEqual([]);
  });

  test('without a slot to come there is no window for a next cycle', () => {
    const begunOnly = withCycles(running(CRONS.stage2), 'DONE');
    const release = { ...begunOnly, slots: begunOnly.slots.slice(0, 1) };
    expect(windows(release)).toEqual([]);
  });
});

describe('what is said of a closed window', () => {
  const WINDOW_CLOSED = 'Upload window closed for this stage/cycle';

  test.each<[string, Release, UploadStage, string]>([
    [
      'too early for a cycle',
      inStage1(),
      'REGRESSION',
      'Regression has not begun. It opens when the kick-off stage is complete.',
    ],
    [
      'too early for pre-release',
      inCycle(1),
      'PRE_RELEASE',
      'Pre-release has not begun. It opens when the pre-release gate is approved.',
    ],
    [
      'the cycle has its builds, another comes',
      inCycle(1, CLAIMED),
      'REGRESSION',
      'RC1 has its builds. It opens when RC1 is done.',
    ],
    [
      'the last cycle has its builds',
      inCycle(3, CLAIMED),
      'REGRESSION',
      'RC3 has its builds. It will not open again for this release.',
    ],
    [
      'kick-off builds taken, stage 1 goes on',
      inStage1(CLAIMED),
      'PRE_REGRESSION',
      'The builds of the kick-off are taken. The window for REGRESSION builds opens when the kick-off stage is complete.',
    ],
    [
      'kick-off builds taken, regression takes some now',
      running(CRONS.stage2),
      'PRE_REGRESSION',
      'The builds of the kick-off are taken. The window for REGRESSION builds is open.',
    ],
    [
      'kick-off long over',
      running(CRONS.stage3),
      'PRE_REGRESSION',
      'The builds of the kick-off are taken. It will not open again for this release.',
    ],
    [
      'regression over',
      running(CRONS.stage3),
      'REGRESSION',
      'Regression is over. It will not open again for this release.',
    ],
    [
      'pre-release build taken',
      inStage3('CREATE_AAB_BUILD', CLAIMED),
      'PRE_RELEASE',
      'The pre-release build for Android is taken. It will not open again for this release.',
    ],
    [
      'submitted',
      running(CRONS.over, { status: 'SUBMITTED' }),
      'PRE_RELEASE',
      'The release is submitted. It will not open again for this release.',
    ],
    [
      'archived',
      { ...newRelease(), status: 'ARCHIVED' },
      'PRE_REGRESSION',
      'The release is archived. It will not open again for this release.',
    ],
  ])('%s', (_name, release, stage, sentence) => {
    const window = uploadWindow(release, stage, 'ANDROID');
    if (window.open) throw new Error('the window is open');
    expect(closedSentence(window)).toBe(`${WINDOW_CLOSED}. ${sentence}`);
  });
});

describe('the stage of an upload that names none', () => {
  test.each<[string, Release, Platform, UploadStage]>([
    ['before kick-off', newRelease(), 'ANDROID', 'PRE_REGRESSION'],
    ['between cycles', withCycles(running(CRONS.stage2), 'DONE'), 'IOS', 'REGRESSION'],
    ['pre-release, its own window', inStage3('CREATE_AAB_BUILD', CLAIMED), 'IOS', 'PRE_RELEASE'],
    ['kick-off builds taken: the stage that opens next', inStage1(CLAIMED), 'ANDROID', 'REGRESSION'],
    ['cycle builds taken, another to come: the stage that opens next', inCycle(1, CLAIMED), 'ANDROID', 'REGRESSION'],
    ['pre-release taken: the last stage', inStage3('CREATE_AAB_BUILD', CLAIMED), 'ANDROID', 'PRE_RELEASE'],
    ['waiting at the gate: the stage that opens next', running(CRONS.awaitingPreRelease), 'ANDROID', 'PRE_RELEASE'],
  ])('%s', (_name, release, platform, stage) => {
    expect(stageForUpload(release, platform)).toBe(stage);
  });

  test('the slots of the tables are what they say', () => {
    expect(newRelease().slots.map((slot) => slot.at)).toEqual(SLOT_DATES);
  });
});
