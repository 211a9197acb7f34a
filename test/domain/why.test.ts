import { pauseRelease } from '../../src/domain/changes/people.ts';
import { delayTask, startTask } from '../../src/domain/changes/tasks.ts';
import { planOf } from '../../src/domain/plan.ts';
import { ACTIONS, PHASES } from '../../src/domain/status.ts';
import { TASK_TYPES } from '../../src/domain/task.ts';
import { TASK_NAMES } from '../../src/domain/task-names.ts';
import { missingBuilds, whyWaiting } from '../../src/domain/why.ts';
import { aRelease, freshWorld, inPhase, toRegression, uploadAll } from '../views/support/phases.ts';
import { aConfig, at, CRONS, HOUR_MS, running, shift, staged } from './support/build-release.ts';
import { person, present, settle } from './support/drive.ts';

function conditions(phase: (typeof PHASES)[number]) {
  const { release, now } = inPhase(phase);
  return whyWaiting(release, now).map(({ condition, owner, clear }) => [condition, owner, clear?.action ?? null]);
}

const UPLOADERS = 'anyone who may upload builds';
const noBuilds = (stage: string, names = 'Android, iOS') => `No builds are uploaded yet for ${stage}: ${names}`;

describe('why a release waits', () => {
  test.each([
    ['ARCHIVED', []],
    ['COMPLETED', []],
    [
      'SUBMITTED',
      [
        ['Android 7.0.0 is with Google Play', null, null],
        ['iOS 6.7.0 is with the App Store', null, null],
      ],
    ],
    [
      'NOT_STARTED',
      [
        ['The kick-off is scheduled', 'U0PILOT', 'START'],
        [noBuilds('the kick-off'), UPLOADERS, 'UPLOAD'],
      ],
    ],
    ['KICKOFF', [[noBuilds('the kick-off'), UPLOADERS, 'UPLOAD']]],
    [
      'AWAITING_REGRESSION',
      [
        ['A person must start the regression', 'U0PILOT', 'TRIGGER_STAGE_2'],
        [noBuilds('the regression cycle'), UPLOADERS, 'UPLOAD'],
      ],
    ],
    ['REGRESSION_CYCLE_STARTING', [['RC1 is starting', 'slipway', null]]],
    ['REGRESSION_CYCLE_RUNNING', [[noBuilds('the regression cycle'), UPLOADERS, 'UPLOAD']]],
    [
      'REGRESSION_AWAITING_NEXT_CYCLE',
      [
        ['RC2 is scheduled', null, null],
        [noBuilds('the regression cycle'), UPLOADERS, 'UPLOAD'],
      ],
    ],
    [
      'AWAITING_POST_REGRESSION',
      [['The pre-release needs an approval', 'anyone with the role APPROVER', 'TRIGGER_STAGE_3']],
    ],
    [
      'POST_REGRESSION',
      [
        ['No build is uploaded yet for the pre-release: iOS', UPLOADERS, 'UPLOAD'],
        ['No build is uploaded yet for the pre-release: Android', UPLOADERS, 'UPLOAD'],
      ],
    ],
    ['AWAITING_SUBMISSION', [['The submission needs an approval', 'anyone with the role APPROVER', 'TRIGGER_STAGE_4']]],
    [
      'SUBMITTING',
      [['iOS 6.7.0 must be submitted to the App Store by hand and confirmed', 'U0PILOT', 'CONFIRM_SUBMISSION']],
    ],
    [
      'PAUSED_BY_USER',
      [
        ['Paused by a person: The API is down', 'U0PILOT', 'RESUME'],
        [noBuilds('the regression cycle'), UPLOADERS, 'UPLOAD'],
      ],
    ],
    [
      'PAUSED_BY_FAILURE',
      [
        ['"Create the release branch" failed: Not Found (404)', 'U0PILOT', 'RETRY_TASK'],
        [noBuilds('the kick-off'), UPLOADERS, 'UPLOAD'],
      ],
    ],
  ] as const)('%s', (phase, expected) => {
    expect(conditions(phase)).toEqual(expected);
  });

  test('a freeze is named, with its end', () => {
    const frozen = aConfig({
      freezeWindows: [{ startsAt: at('11-30 00:00'), endsAt: at('12-07 00:00'), reason: 'Holidays' }],
    });
    const [item] = whyWaiting(aRelease(), at('11-25 09:00'), frozen);
    expect(item).toMatchObject({ condition: 'A freeze stops the kick-off: Holidays', at: at('12-07 00:00') });
    const overridden = { ...aRelease(), freezeOverride: { by: 'U1', reason: 'x', at: at('11-25 09:00') } };
    expect(whyWaiting(overridden, at('11-25 09:00'), frozen)[0]?.condition).toBe('The kick-off is scheduled');
  });

  test('a kick-off whose time has come is due', () => {
    expect(whyWaiting(aRelease(), at('12-01 10:00'))[0]?.condition).toContain('is due');
    expect(whyWaiting(aRelease(), at('12-01 09:59'))[0]?.at).toEqual(at('12-01 10:00'));
  });

  test('a temporary fault: how often it was tried, when it is tried again', () => {
    const release = running(CRONS.stage1);
    const task = present(release.tasks.find((candidate) => candidate.type === 'FORK_BRANCH'));
    const begun = startTask({ ...release, tasks: [task] }, task, at('12-01 10:00')).release;
    const fault = { message: 'Bad gateway', source: 'GITHUB ensureBranch', transient: true };
    const again = at('12-01 10:01');
    const delayed = delayTask(begun, present(begun.tasks[0]), fault, again, at('12-01 10:00')).release;
    expect(whyWaiting(delayed, at('12-01 10:00'))[0]).toMatchObject({
      condition: '"Create the release branch" met a temporary fault after 1 try and is tried again: Bad gateway',
      at: again,
      owner: 'slipway',
      clear: null,
    });
    expect(whyWaiting(delayed, again)[0]?.condition).toBe('"Create the release branch" is running');
  });

  test('a missed slot needs an answer', () => {
    const world = toRegression(freshWorld());
    world.now = shift(at('12-02 14:00'), 7 * HOUR_MS);
    settle(world);
    const [item] = whyWaiting(world.release, world.now);
    expect(item).toMatchObject({ owner: 'U0PILOT', clear: { action: 'RUN_SLOT_NOW', slotId: 'slot_1' } });
  });

  test('a slot whose time has come is due', () => {
    const world = toRegression(freshWorld());
    expect(whyWaiting(world.release, at('12-02 14:00'))[0]?.condition).toBe('RC1 is due and starts within a minute');
  });

  test('failed checks stand before the approval; while the branch cannot be read nothing clears it', () => {
    const { release, now } = inPhase('AWAITING_POST_REGRESSION');
    const withCheck = (id: 'CHERRY_PICKS' | 'SCM') => ({
      ...release,
      gates: release.gates.map((gate) => ({ ...gate, checks: [{ id, passed: false, text: 'no' }] })),
    });
    const picks = whyWaiting(withCheck('CHERRY_PICKS'), now);
    expect(picks.map((item) => item.condition)).toEqual([
      'no',
      'The pre-release needs an approval, over the failed checks',
    ]);
    expect(picks[1]?.clear?.label).toBe('Approve anyway');
    expect(whyWaiting(withCheck('SCM'), now).map((item) => item.clear)).toEqual([null, null]);
  });

  test('named approvers who have not approved yet are the owners', () => {
    const { release, now } = inPhase('AWAITING_POST_REGRESSION');
    const gates = release.gates.map((gate) => ({
      ...gate,
      policy: { ...gate.policy, users: ['U1', 'U2', 'U3'], quorum: 2 },
      approvals: [{ by: 'U2', at: now, contentHash: 'x', override: null }],
    }));
    const [item] = whyWaiting({ ...release, gates }, now);
    expect(item).toMatchObject({ condition: 'The pre-release has 1 of 2 approvals', owner: 'U1, U3' });
  });

  test('builds that are staged are not missing; CI mode misses none', () => {
    const release = { ...aRelease(), stagedUploads: staged('PRE_REGRESSION', 'ANDROID') };
    expect(missingBuilds(release)).toEqual([{ stage: 'PRE_REGRESSION', platforms: ['IOS'] }]);
    expect(missingBuilds({ ...release, hasManualBuildUpload: false })).toEqual([]);
    const world = toRegression(freshWorld());
    uploadAll(world);
    expect(missingBuilds(world.release)).toEqual([]);
  });

  test('a pause without a reason is said plainly', () => {
    const { release, now } = inPhase('REGRESSION_CYCLE_RUNNING');
    const paused = pauseRelease(release, null, person(), now).release;
    expect(whyWaiting(paused, now)[0]?.condition).toBe('Paused by a person');
  });
});

describe('plans', () => {
  test('every action has one in every phase, in plain words', () => {
    for (const phase of PHASES) {
      const { release } = inPhase(phase);
      for (const action of ACTIONS) {
        const lines = planOf(action, release);
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(line.text.length).toBeGreaterThan(10);
      }
    }
  });

  test('name the branch and the tag that will be written', () => {
    const texts = (action: 'START' | 'TRIGGER_STAGE_3') => planOf(action, aRelease()).map((line) => line.text);
    expect(texts('START')).toContain('Creates branch release/7.0.0_android_6.7.0_ios from main');
    expect(texts('TRIGGER_STAGE_3')).toContain(
      'Creates tag v7.0.0_android_6.7.0_ios on release/7.0.0_android_6.7.0_ios',
    );
  });

  test('say that nothing happens before the quorum is full', () => {
    const { release } = inPhase('AWAITING_SUBMISSION');
    const quorum = (given: string[]) => ({
      ...release,
      gates: release.gates.map((gate) => ({
        ...gate,
        policy: { ...gate.policy, quorum: 2 },
        approvals: given.map((by) => ({ by, at: at('12-05 09:00'), contentHash: 'x', override: null })),
      })),
    });
    expect(planOf('TRIGGER_STAGE_4', quorum([]))[0]?.text).toContain('Approval 1 of 2: the following happens when all');
    expect(planOf('TRIGGER_STAGE_4', quorum(['U1']))[0]?.text).toContain(
      'Approval 2 of 2: the following happens at once',
    );
  });
});

test('every task has a name of its own', () => {
  expect(new Set(TASK_TYPES.map((type) => TASK_NAMES[type])).size).toBe(TASK_TYPES.length);
});
