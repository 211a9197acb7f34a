import { newGate } from '../../src/domain/gate-rules.ts';
import { planOf } from '../../src/domain/plan.ts';
import type { Release } from '../../src/domain/release.ts';
import type { Action } from '../../src/domain/status.ts';
import { withTask } from '../../src/domain/tasks.ts';
import { aConfig, at, CRONS, newRelease, running, SLOT_DATES, withCycles } from './support/build-release.ts';

const stage2 = running(CRONS.stage2);
const policy = { ...aConfig().gates.preRelease, quorum: 2 };
const approval = { by: 'U1', at: at('12-04 16:00'), contentHash: 'x', override: null };
function atGate(approvals: number, quorum = 2): Release {
  const gate = newGate('preRelease', { ...policy, quorum }, at('12-04 15:00'));
  return running(CRONS.awaitingPreRelease, {
    gates: [{ ...gate, approvals: Array.from({ length: approvals }, () => approval) }],
  });
}
const failed = withTask(
  running({ ...CRONS.stage1, pauseType: 'TASK_FAILURE' }, { status: 'PAUSED' }),
  'rel_1.s1.FORK_BRANCH',
  { status: 'FAILED' },
);

describe('what a confirmation says will be done (Spec 6.4)', () => {
  test.each<[Action, string, Release, unknown[]]>([
    [
      'START',
      'names the branch and the builds',
      newRelease(),
      [
        'Creates branch release/7.0.0_android_6.7.0_ios from main',
        'Takes the uploaded builds for Android, iOS',
        'Announces the kick-off in the channel',
      ],
    ],
    [
      'TRIGGER_STAGE_3',
      'the first of two approvals opens nothing yet',
      atGate(0),
      [
        expect.stringMatching(/^Approval 1 of 2\b.* all are given/),
        'Creates tag v7.0.0_android_6.7.0_ios on release/7.0.0_android_6.7.0_ios',
      ],
    ],
    [
      'TRIGGER_STAGE_3',
      'the last one opens it',
      atGate(1),
      [expect.stringMatching(/^Approval 2 of 2\b(?!.*all are given)/)],
    ],
    [
      'TRIGGER_STAGE_3',
      'one is enough: no word of a count',
      atGate(0, 1),
      ['Creates tag v7.0.0_android_6.7.0_ios on release/7.0.0_android_6.7.0_ios'],
    ],
    [
      'TRIGGER_STAGE_4',
      'without a store a person submits',
      running(CRONS.awaitingSubmission),
      ['Asks a person to submit by hand: Android, iOS', 'Announces the submission in the channel'],
    ],
    ['RETRY_TASK', 'names the task', failed, ['Runs "Create the release branch" again. What it already made is kept']],
    ['SKIP_TASK', 'names the task', failed, ['Leaves out "Create the release branch" and goes on with the next task']],
    [
      'ABANDON_CYCLE',
      'says what follows',
      withCycles(stage2, 'IN_PROGRESS'),
      ['Ends RC1 as abandoned: its remaining tasks do not run', 'RC2 is scheduled for'],
    ],
    [
      'ABANDON_CYCLE',
      'the last one ends regression',
      withCycles(stage2, 'DONE', 'DONE', 'IN_PROGRESS'),
      [
        'Ends RC3 as abandoned: its remaining tasks do not run',
        'No cycle is left: regression is complete and the pre-release gate opens',
      ],
    ],
    [
      'SKIP_REMAINING_CYCLES',
      'counts them',
      withCycles(stage2, 'DONE'),
      ['Drops the 2 remaining cycles', 'Regression is complete and the pre-release gate opens'],
    ],
    ['SKIP_REMAINING_CYCLES', 'one is one', withCycles(stage2, 'DONE', 'DONE'), ['Drops the remaining cycle']],
    ['RESUME', 'names the task it goes on with', running(CRONS.stage1), ['Goes on with "Kick-off reminder"']],
  ])('%s: %s', (action, _what, release, lines) => {
    expect(
      planOf(action, release)
        .map(({ text }) => text)
        .slice(0, lines.length),
    ).toEqual(lines);
  });

  test('a time is given as an instant, for the reader to see in their own zone', () => {
    expect(planOf('ABANDON_CYCLE', withCycles(stage2, 'IN_PROGRESS')).at(-1)?.at).toEqual(SLOT_DATES[1]);
  });
});
