import { awaitBuilds, claimBuilds, missingText } from '../../src/domain/changes/tasks.ts';
import { decide, nextWakeAt, type Step } from '../../src/domain/decide.ts';
import { STAGED_FLOW } from '../../src/domain/flows/staged.ts';
import type { Platform, PlatformTarget, Release } from '../../src/domain/release.ts';
import type { Task, TaskType } from '../../src/domain/task.ts';
import { activeTasks, cycleTasks, stageTasks } from '../../src/domain/tasks.ts';
import { aConfig, at, CRONS, running, staged, withCycles } from './support/build-release.ts';
import { present } from './support/drive.ts';

const NOW = at('12-02 15:00');
const config = aConfig();
const due = (release: Release, now = NOW) => decide(release, { config }, now);

/** The release at this task: those before it are over, it has this patch. */
function atTask(release: Release, type: TaskType, patch: Partial<Task> = {}): Release {
  const tasks = activeTasks(release);
  const index = tasks.findIndex((task) => task.type === type);
  const next = new Map(
    tasks.slice(0, index + 1).map((task, place): [string, Task] => {
      return [task.id, place < index ? { ...task, status: 'COMPLETED' } : { ...task, ...patch }];
    }),
  );
  const replaced = (task: Task) => next.get(task.id) ?? task;
  const cycles = release.cycles.map((cycle) => ({ ...cycle, tasks: cycle.tasks.map(replaced) }));
  return { ...release, tasks: release.tasks.map(replaced), cycles };
}
function taskOf(release: Release, type: TaskType): Task {
  return present(activeTasks(release).find((task) => task.type === type));
}
function target(platform: Platform): PlatformTarget {
  return { platform, version: '7.0.0', store: null };
}
const stage1 = running(CRONS.stage1);
const cycle1 = withCycles(running(CRONS.stage2), 'IN_PROGRESS');
const cycle2 = withCycles(running(CRONS.stage2), 'DONE', 'IN_PROGRESS');
const stage3 = running(CRONS.stage3);
const stage4 = running(CRONS.stage4);
const WEB_ONLY = { targets: [target('WEB')] };
const IOS_ONLY = { targets: [target('IOS')] };

describe('the staged flow as data (Spec 1.3 - 1.5)', () => {
  const types = (tasks: { type: TaskType }[]) => tasks.map(({ type }) => type);

  test('the tasks of stage 1 and of a cycle, in order', () => {
    expect(types(stageTasks(stage1, 1))).toEqual([
      'PRE_KICK_OFF_REMINDER',
      'FORK_BRANCH',
      'CREATE_PROJECT_MANAGEMENT_TICKET',
      'CREATE_TEST_SUITE',
      'TRIGGER_PRE_REGRESSION_BUILDS',
      'SEND_KICKOFF_MESSAGE',
    ]);
    expect(types(cycleTasks(cycle1, 1))).toEqual([
      'RESET_TEST_SUITE',
      'CREATE_RC_TAG',
      'CREATE_RELEASE_NOTES',
      'TRIGGER_REGRESSION_BUILDS',
      'TRIGGER_AUTOMATION_RUNS',
      'AUTOMATION_RUNS',
      'SEND_REGRESSION_BUILD_MESSAGE',
    ]);
  });

  test('the tasks of stages 3 and 4 follow the targets', () => {
    const all = { ...stage3, targets: [target('ANDROID'), target('IOS'), target('WEB')] };
    const web = { ...stage3, ...WEB_ONLY };
    expect(types(stageTasks(all, 3))).toEqual([
      'PRE_RELEASE_CHERRY_PICKS_REMINDER',
      'CREATE_RELEASE_TAG',
      'CREATE_FINAL_RELEASE_NOTES',
      'TRIGGER_TEST_FLIGHT_BUILD',
      'CREATE_AAB_BUILD',
      'TRIGGER_WEB_BUILD',
      'PM_APPROVAL_GATE',
      'SEND_PRE_RELEASE_MESSAGE',
    ]);
    expect(types(stageTasks(stage3, 3))).not.toContain('TRIGGER_WEB_BUILD');
    expect(types(stageTasks(all, 4))).toEqual([
      'SUBMIT_TO_APP_STORE',
      'SUBMIT_TO_PLAY_STORE',
      'PUBLISH_WEB',
      'SEND_SUBMISSION_MESSAGE',
    ]);
    expect(types(stageTasks(web, 4))).toEqual(['PUBLISH_WEB', 'SEND_SUBMISSION_MESSAGE']);
  });

  test('ids are made of release, stage or cycle, and type', () => {
    expect(stageTasks(stage1, 1)[1]?.id).toBe('rel_1.s1.FORK_BRANCH');
    expect(cycleTasks(cycle1, 2)[1]?.id).toBe('rel_1.c2.CREATE_RC_TAG');
  });

  test('the branch, the tags and the submissions cannot be skipped, everything else can', () => {
    const fixed = Object.values(STAGED_FLOW)
      .flat()
      .filter((entry) => !entry.skippable)
      .map(({ type }) => type);
    expect(fixed.sort()).toEqual([
      'CREATE_RC_TAG',
      'CREATE_RELEASE_TAG',
      'FORK_BRANCH',
      'PUBLISH_WEB',
      'SUBMIT_TO_APP_STORE',
      'SUBMIT_TO_PLAY_STORE',
    ]);
  });
});

describe('one task at a time, in order', () => {
  test.each<[string, Release, TaskType]>([
    ['the first of stage 1', atTask(stage1, 'FORK_BRANCH'), 'FORK_BRANCH'],
    ['the tag of a cycle', atTask(cycle1, 'CREATE_RC_TAG'), 'CREATE_RC_TAG'],
    ['a message', atTask(stage3, 'SEND_PRE_RELEASE_MESSAGE'), 'SEND_PRE_RELEASE_MESSAGE'],
    [
      'one that was left IN_PROGRESS by a crash',
      atTask(stage1, 'FORK_BRANCH', { status: 'IN_PROGRESS' }),
      'FORK_BRANCH',
    ],
  ])('%s runs', (_name, release, type) => {
    expect(due(release)).toEqual({ kind: 'RUN_TASK', taskId: taskOf(release, type).id });
  });

  test('nothing runs past a failed one', () => {
    expect(due(atTask(stage1, 'CREATE_TEST_SUITE', { status: 'FAILED' }))).toBeNull();
  });

  test.each<[string, Release, 1 | 3 | 4, TaskType]>([
    ['stage 1', stage1, 1, 'SEND_KICKOFF_MESSAGE'],
    ['stage 3', stage3, 3, 'SEND_PRE_RELEASE_MESSAGE'],
    ['stage 4', stage4, 4, 'SEND_SUBMISSION_MESSAGE'],
  ])('after its last task %s is complete', (_name, release, stage, type) => {
    expect(due(atTask(release, type, { status: 'COMPLETED' }))).toEqual({ kind: 'COMPLETE_STAGE', stage });
    expect(due(atTask(release, type, { status: 'SKIPPED' }))).toEqual({ kind: 'COMPLETE_STAGE', stage });
  });

  test.each<[string, Release, TaskType, string]>([
    ['the first cycle resets nothing', cycle1, 'RESET_TEST_SUITE', 'The first cycle has nothing to reset'],
    [
      'without iOS no TestFlight build',
      running(CRONS.stage3, { targets: [target('ANDROID')] }),
      'TRIGGER_TEST_FLIGHT_BUILD',
      'This release has no IOS target',
    ],
    [
      'without Android no bundle',
      running(CRONS.stage3, IOS_ONLY),
      'CREATE_AAB_BUILD',
      'This release has no ANDROID target',
    ],
  ])('%s: passed over with the reason', (_name, release, type, reason) => {
    const here = atTask(release, type);
    expect(due(here)).toEqual({ kind: 'PASS_OVER_TASK', taskId: taskOf(here, type).id, reason });
  });

  test('a later cycle does reset', () => {
    expect(due(cycle2)).toEqual({ kind: 'RUN_TASK', taskId: 'rel_1.c2.RESET_TEST_SUITE' });
  });
});

describe('retries', () => {
  const delayed = atTask(stage1, 'FORK_BRANCH', { status: 'IN_PROGRESS', nextTryAt: at('12-02 15:05') });

  test.each<[Date, boolean]>([
    [at('12-02 15:00'), false],
    [new Date(at('12-02 15:05').getTime() - 1), false],
    [at('12-02 15:05'), true],
    [at('12-02 18:00'), true],
  ])('tried again at %s: %s', (now, runs) => {
    expect(due(delayed, now)?.kind ?? null).toBe(runs ? 'RUN_TASK' : null);
  });

  test('it wakes for the next try', () => {
    expect(nextWakeAt(delayed, { config }, NOW)).toEqual(at('12-02 15:05'));
  });
});

describe('manual builds (Spec 1.6)', () => {
  const preRegression = atTask(stage1, 'TRIGGER_PRE_REGRESSION_BUILDS');
  const regression = atTask(cycle2, 'TRIGGER_REGRESSION_BUILDS');
  const ios = atTask(stage3, 'TRIGGER_TEST_FLIGHT_BUILD');

  const waits = (release: Release, type: TaskType): Step => ({
    kind: 'AWAIT_BUILDS',
    taskId: taskOf(release, type).id,
  });
  const claims = (release: Release, type: TaskType, ...platforms: Platform[]): Step => ({
    kind: 'CLAIM_BUILDS',
    taskId: taskOf(release, type).id,
    platforms,
  });
  const having = (release: Release, ...uploads: ReturnType<typeof staged>[]) => ({
    ...release,
    stagedUploads: uploads.flat(),
  });

  test.each<[string, Release, Step]>([
    ['nothing is there', preRegression, waits(preRegression, 'TRIGGER_PRE_REGRESSION_BUILDS')],
    [
      'one of two is there',
      having(preRegression, staged('PRE_REGRESSION', 'IOS')),
      waits(preRegression, 'TRIGGER_PRE_REGRESSION_BUILDS'),
    ],
    [
      'builds of another stage are there',
      having(regression, staged('PRE_REGRESSION', 'ANDROID', 'IOS')),
      waits(regression, 'TRIGGER_REGRESSION_BUILDS'),
    ],
    [
      'all are there',
      having(preRegression, staged('PRE_REGRESSION', 'IOS', 'ANDROID')),
      claims(preRegression, 'TRIGGER_PRE_REGRESSION_BUILDS', 'ANDROID', 'IOS'),
    ],
    [
      "pre-release takes its own platform's only",
      having(ios, staged('PRE_RELEASE', 'IOS')),
      claims(ios, 'TRIGGER_TEST_FLIGHT_BUILD', 'IOS'),
    ],
    [
      "another platform's build is no help",
      having(ios, staged('PRE_RELEASE', 'ANDROID')),
      waits(ios, 'TRIGGER_TEST_FLIGHT_BUILD'),
    ],
  ])('%s', (_name, release, step) => {
    expect(due(release)).toEqual(step);
  });

  test('a task that waits says nothing more until all are there', () => {
    const waiting = atTask(cycle2, 'TRIGGER_REGRESSION_BUILDS', { status: 'AWAITING_MANUAL_BUILD' });
    expect(due(waiting)).toBeNull();
    expect(due(having(waiting, staged('REGRESSION', 'ANDROID')))).toBeNull();
    expect(due(having(waiting, staged('REGRESSION', 'ANDROID', 'IOS')))?.kind).toBe('CLAIM_BUILDS');
    expect(nextWakeAt(waiting, { config }, NOW)).toBeNull();
  });

  test('a task that has claimed its builds runs, whatever is staged', () => {
    const claimed = atTask(cycle2, 'TRIGGER_REGRESSION_BUILDS', { claimedUploads: { ANDROID: 'u1', IOS: 'u2' } });
    expect(due(having(claimed, staged('REGRESSION', 'ANDROID', 'IOS')))?.kind).toBe('RUN_TASK');
  });

  test('a claim takes exactly one upload a platform and leaves the rest', () => {
    const release = having(regression, staged('REGRESSION', 'ANDROID', 'IOS'), staged('PRE_RELEASE', 'IOS'));
    const task = taskOf(release, 'TRIGGER_REGRESSION_BUILDS');
    const { release: after } = claimBuilds(release, task, ['ANDROID', 'IOS'], NOW);
    expect(taskOf(after, 'TRIGGER_REGRESSION_BUILDS').claimedUploads).toEqual({
      ANDROID: 'upl_REGRESSION_ANDROID',
      IOS: 'upl_REGRESSION_IOS',
    });
    expect(after.stagedUploads.map(({ uploadId }) => uploadId)).toEqual(['upl_PRE_RELEASE_IOS']);
  });

  test('in CI mode the task is run, not awaited', () => {
    expect(due({ ...regression, hasManualBuildUpload: false })?.kind).toBe('RUN_TASK');
  });

  test.each<[string, Release, TaskType, string]>([
    [
      'both at kick-off',
      preRegression,
      'TRIGGER_PRE_REGRESSION_BUILDS',
      'Missing PRE_REGRESSION builds for: ANDROID, IOS',
    ],
    [
      'iOS in a cycle',
      having(atTask(cycle1, 'TRIGGER_REGRESSION_BUILDS'), staged('REGRESSION', 'ANDROID')),
      'TRIGGER_REGRESSION_BUILDS',
      'Cycle 1: Missing REGRESSION builds for: IOS',
    ],
    [
      'both in cycle 2',
      regression,
      'TRIGGER_REGRESSION_BUILDS',
      'Cycle 2: Missing REGRESSION builds for: ANDROID, IOS',
    ],
    ['TestFlight', ios, 'TRIGGER_TEST_FLIGHT_BUILD', 'Missing TestFlight build for iOS'],
    ['the bundle', atTask(stage3, 'CREATE_AAB_BUILD'), 'CREATE_AAB_BUILD', 'Missing AAB build for Android'],
    [
      'the web',
      atTask(running(CRONS.stage3, WEB_ONLY), 'TRIGGER_WEB_BUILD'),
      'TRIGGER_WEB_BUILD',
      'Missing pre-release build for Web',
    ],
  ])('the one message of the wait, word for word: %s', (_name, release, type, text) => {
    const task = taskOf(release, type);
    const change = awaitBuilds(release, task, NOW);
    expect(change.messages.map(({ content }) => content)).toMatchObject([{ kind: 'MISSING_BUILDS', text }]);
    const waiting = taskOf(change.release, type);
    expect(waiting).toMatchObject({ status: 'AWAITING_MANUAL_BUILD', announced: true, error: null });
    expect(missingText(task, waiting.missing)).toBe(text);
  });
});

describe('submissions by hand (Spec 1.5)', () => {
  test.each<[TaskType, Platform, Release]>([
    ['SUBMIT_TO_APP_STORE', 'IOS', stage4],
    ['SUBMIT_TO_PLAY_STORE', 'ANDROID', stage4],
    ['PUBLISH_WEB', 'WEB', running(CRONS.stage4, WEB_ONLY)],
  ])('%s asks once, waits, and runs when a person confirmed', (type, platform, release) => {
    const asked = atTask(release, type);
    const { id } = taskOf(asked, type);
    expect(due(asked)).toEqual({ kind: 'AWAIT_CONFIRMATION', taskId: id, platform });
    expect(due(atTask(release, type, { status: 'AWAITING_CALLBACK' }))).toBeNull();
    const confirmed = { status: 'AWAITING_CALLBACK' as const, confirmation: { by: 'U1', at: NOW } };
    expect(due(atTask(release, type, confirmed))).toEqual({ kind: 'RUN_TASK', taskId: id });
  });
});
