import type { Cycle } from '../../src/domain/cycle.ts';
import { type CronPart, PAUSE_TYPES, RELEASE_STATUSES, type Release } from '../../src/domain/release.ts';
import { type Action, actionsOf, derivePhase, deriveStatus, PHASES, type Phase } from '../../src/domain/status.ts';
import { InvariantError } from '../../src/shared/errors.ts';
import { at, CRONS, cron, newRelease, running, SLOT_DATES, withCycles } from './support/build-release.ts';

const NOW = at('12-02 15:00');

function paused(part: CronPart, pauseType: 'USER_REQUESTED' | 'TASK_FAILURE'): Release {
  return running({ ...part, status: 'PAUSED', pauseType }, { status: 'PAUSED' });
}
function cyclesOf(...statuses: Cycle['status'][]): Release {
  return withCycles(running(CRONS.stage2), ...statuses);
}
function noSlots(release: Release): Release {
  return { ...release, slots: release.slots.filter((slot) => slot.status === 'BEGUN') };
}
function over(status: Release['status']): Release {
  return running(CRONS.over, { status });
}

/** One line for each row of the tables of Spec 2.2 and 2.3, in their order. */
const ROWS: [Phase, string, Action[], Release][] = [
  ['ARCHIVED', 'Archived', [], running(CRONS.stage1, { status: 'ARCHIVED' })],
  ['PAUSED_BY_USER', 'Paused by User', ['RESUME', 'ARCHIVE'], paused(CRONS.stage3, 'USER_REQUESTED')],
  [
    'PAUSED_BY_FAILURE',
    'Paused - Task Failed',
    ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
    paused(CRONS.stage1, 'TASK_FAILURE'),
  ],
  ['NOT_STARTED', 'Not Started', ['START'], newRelease()],
  ['KICKOFF', 'Stage 1 - Kickoff Running', ['PAUSE'], running(CRONS.stage1)],
  [
    'AWAITING_REGRESSION',
    'Stage 1 Complete - Awaiting Regression Start',
    ['TRIGGER_STAGE_2', 'ARCHIVE'],
    running(CRONS.awaitingRegression),
  ],
  ['REGRESSION_CYCLE_STARTING', 'Stage 2 - RC1 Starting...', ['PAUSE'], cyclesOf('NOT_STARTED')],
  [
    'REGRESSION_CYCLE_RUNNING',
    'Stage 2 - RC2 Running (2/3)',
    ['PAUSE', 'ABANDON_CYCLE'],
    cyclesOf('DONE', 'IN_PROGRESS'),
  ],
  [
    'REGRESSION_AWAITING_NEXT_CYCLE',
    'RC1 Done - RC2 scheduled at Dec 3, 2:00 PM (1/3)',
    ['PAUSE', 'SKIP_REMAINING_CYCLES'],
    cyclesOf('DONE'),
  ],
  [
    'AWAITING_POST_REGRESSION',
    'Stage 2 Complete - Awaiting Pre-Release Start',
    ['TRIGGER_STAGE_3', 'ARCHIVE'],
    running(CRONS.awaitingPreRelease),
  ],
  ['POST_REGRESSION', 'Stage 3 - Pre-Release Running', ['PAUSE'], running(CRONS.stage3)],
  [
    'AWAITING_SUBMISSION',
    'Stage 3 Complete - Awaiting Submission',
    ['TRIGGER_STAGE_4', 'ARCHIVE'],
    running(CRONS.awaitingSubmission),
  ],
  ['SUBMITTING', 'Stage 4 - Submission Running', ['PAUSE'], running(CRONS.stage4)],
  ['SUBMITTED', 'Submitted - Awaiting Store Approval', [], over('SUBMITTED')],
  ['COMPLETED', 'Released', [], over('COMPLETED')],
];

describe('phases, texts and actions (Spec 2.2, 2.3)', () => {
  test('the table has every phase', () => {
    expect(ROWS.map(([phase]) => phase).sort()).toEqual([...PHASES].sort());
  });

  test.each(ROWS)('%s: its text and its actions, in order', (phase, text, actions, release) => {
    expect(derivePhase(release)).toBe(phase);
    expect(actionsOf(phase)).toEqual(actions);
    const status = deriveStatus(release, NOW);
    expect(status).toMatchObject({ currentPhase: phase, displayText: text, actions });
  });

  test.each<[string, Release]>([
    ['in stage 1', running(CRONS.stage1)],
    ['while cycles run', cyclesOf('IN_PROGRESS')],
    ['at a gate', running(CRONS.awaitingSubmission)],
  ])('a pause decides before the stage: %s', (_where, release) => {
    const part = { ...release.cron, status: 'PAUSED' as const };
    const by = { ...release, status: 'PAUSED' as const, cron: { ...part, pauseType: 'USER_REQUESTED' as const } };
    expect(derivePhase(by)).toBe('PAUSED_BY_USER');
    expect(derivePhase({ ...by, cron: { ...part, pauseType: 'TASK_FAILURE' } })).toBe('PAUSED_BY_FAILURE');
  });

  test.each(PAUSE_TYPES)('what is archived or over is so whatever the pause type: %s', (pauseType) => {
    expect(derivePhase(running({ ...CRONS.stage2, pauseType }, { status: 'ARCHIVED' }))).toBe('ARCHIVED');
    expect(derivePhase(running({ ...CRONS.over, pauseType }, { status: 'SUBMITTED' }))).toBe('SUBMITTED');
    expect(derivePhase(running({ ...CRONS.over, pauseType }, { status: 'COMPLETED' }))).toBe('COMPLETED');
    expect(derivePhase({ ...newRelease(), cron: { ...newRelease().cron, pauseType } })).toBe('NOT_STARTED');
  });

  test.each<[Cycle['status'][], boolean, Phase]>([
    [[], true, 'REGRESSION_AWAITING_NEXT_CYCLE'],
    [['NOT_STARTED'], true, 'REGRESSION_CYCLE_STARTING'],
    [['NOT_STARTED'], false, 'REGRESSION_CYCLE_STARTING'],
    [['IN_PROGRESS'], true, 'REGRESSION_CYCLE_RUNNING'],
    [['IN_PROGRESS'], false, 'REGRESSION_CYCLE_RUNNING'],
    [['DONE'], true, 'REGRESSION_AWAITING_NEXT_CYCLE'],
    [['ABANDONED'], true, 'REGRESSION_AWAITING_NEXT_CYCLE'],
    [['DONE', 'IN_PROGRESS'], true, 'REGRESSION_CYCLE_RUNNING'],
  ])('stage 2 with cycles %j and a next slot (%s) is %s', (statuses, hasSlot, phase) => {
    const release = cyclesOf(...statuses);
    expect(derivePhase(hasSlot ? release : noSlots(release))).toBe(phase);
  });
});

describe('a combination that no row has is refused, naming it', () => {
  test.each<[string, Release]>([
    ['paused without a reason', running({ ...CRONS.stage1, status: 'PAUSED' }, { status: 'PAUSED' })],
    ['paused at a gate', running(CRONS.awaitingPreRelease, { status: 'PAUSED' })],
    ['pending with a stage begun', running(CRONS.stage1, { status: 'PENDING' })],
    ['submitted with a stage open', running(CRONS.stage4, { status: 'SUBMITTED' })],
    ['completed with a stage open', running(CRONS.stage4, { status: 'COMPLETED' })],
    ['running with nothing begun', { ...newRelease(), status: 'IN_PROGRESS' }],
    ['running although all is over', over('IN_PROGRESS')],
    ['running, but paused by a person', running({ ...CRONS.stage1, pauseType: 'USER_REQUESTED' })],
    ['running, but paused by a failure', running({ ...CRONS.stage3, pauseType: 'TASK_FAILURE' })],
    ['a gate in the middle of stage 1', running({ ...CRONS.stage1, pauseType: 'AWAITING_STAGE_TRIGGER' })],
    ['between two stages without waiting', running({ ...CRONS.awaitingRegression, pauseType: 'NONE' })],
    ['stage 2 over, not waiting', running({ ...CRONS.awaitingPreRelease, pauseType: 'NONE' })],
    ['stage 3 over, not waiting', running({ ...CRONS.awaitingSubmission, pauseType: 'NONE' })],
    ['two stages at once', running(cron('RUNNING', 'NONE', 'IN_PROGRESS', 'IN_PROGRESS', 'PENDING', 'PENDING'))],
    ['a stage left out', running(cron('RUNNING', 'NONE', 'COMPLETED', 'PENDING', 'IN_PROGRESS', 'PENDING'))],
    ['all cycles done and no slot left', noSlots(cyclesOf('DONE'))],
    ['no cycle and no slot', noSlots(running(CRONS.stage2))],
  ])('%s', (_name, release) => {
    const { pauseType, stage1Status } = release.cron;
    expect(() => derivePhase(release)).toThrow(InvariantError);
    expect(() => derivePhase(release)).toThrow(`${release.status} ${pauseType} ${stage1Status}`);
    expect(() => deriveStatus(release, NOW)).toThrow(InvariantError);
  });

  test('of all combinations of the stored enums exactly those of the table have a phase', () => {
    const stages = ['PENDING', 'IN_PROGRESS', 'COMPLETED'] as const;
    const known = new Set(['0000', '1000', '2000', '2100', '2200', '2210', '2220', '2221', '2222']);
    for (const status of RELEASE_STATUSES) {
      for (const pauseType of PAUSE_TYPES) {
        for (let code = 0; code < 81; code += 1) {
          const digits = code.toString(3).padStart(4, '0');
          const [s1 = 0, s2 = 0, s3 = 0, s4 = 0] = [...digits].map(Number);
          const stage = (digit: number) => stages[digit] ?? 'PENDING';
          const part = cron('RUNNING', pauseType, stage(s1), stage(s2), stage(s3), stage(s4));
          const release = { ...withCycles(newRelease(), 'IN_PROGRESS'), status, cron: part };
          let phase: Phase | null = null;
          try {
            phase = derivePhase(release);
          } catch (error) {
            expect(error).toBeInstanceOf(InvariantError);
          }
          expect([status, pauseType, digits, phase]).toEqual([
            status,
            pauseType,
            digits,
            expected(status, pauseType, digits),
          ]);
          if (phase && !['ARCHIVED', 'PAUSED_BY_USER', 'PAUSED_BY_FAILURE'].includes(phase)) {
            expect(known).toContain(digits);
          }
        }
      }
    }
  });

  function expected(status: Release['status'], pauseType: string, digits: string): Phase | null {
    if (status === 'ARCHIVED') return 'ARCHIVED';
    if (status === 'PAUSED') {
      const pauses: Record<string, Phase> = { USER_REQUESTED: 'PAUSED_BY_USER', TASK_FAILURE: 'PAUSED_BY_FAILURE' };
      return pauses[pauseType] ?? null;
    }
    if (status === 'PENDING') return digits === '0000' ? 'NOT_STARTED' : null;
    if (status === 'SUBMITTED' || status === 'COMPLETED') return digits === '2222' ? status : null;
    const rows: Record<string, Phase> = {
      'NONE 1000': 'KICKOFF',
      'AWAITING_STAGE_TRIGGER 2000': 'AWAITING_REGRESSION',
      'NONE 2100': 'REGRESSION_CYCLE_RUNNING',
      'AWAITING_STAGE_TRIGGER 2200': 'AWAITING_POST_REGRESSION',
      'NONE 2210': 'POST_REGRESSION',
      'AWAITING_STAGE_TRIGGER 2220': 'AWAITING_SUBMISSION',
      'NONE 2221': 'SUBMITTING',
    };
    return rows[`${pauseType} ${digits}`] ?? null;
  }
});

describe('the text between two cycles (Spec 2.3)', () => {
  const inZone = (release: Release, timeZone: string) => ({ ...release, timeZone });
  const text = (release: Release, now: Date) => deriveStatus(release, now).displayText;

  test.each<[string, Release, Date, string]>([
    ['before the first cycle', cyclesOf(), at('12-02 09:00'), 'RC1 scheduled at 2:00 PM (0/3)'],
    ['today', cyclesOf('DONE'), at('12-03 09:00'), 'RC1 Done - RC2 scheduled at 2:00 PM (1/3)'],
    ['the day before', cyclesOf('DONE'), at('12-02 23:59'), 'RC1 Done - RC2 scheduled at Dec 3, 2:00 PM (1/3)'],
    ['the first minute of its day', cyclesOf('DONE'), at('12-03 00:00'), 'RC1 Done - RC2 scheduled at 2:00 PM (1/3)'],
    ['an abandoned cycle', cyclesOf('ABANDONED'), at('12-03 09:00'), 'RC1 Abandoned - RC2 scheduled at 2:00 PM (0/3)'],
    [
      'done and abandoned: only DONE ones count',
      cyclesOf('DONE', 'ABANDONED'),
      at('12-04 09:00'),
      'RC2 Abandoned - RC3 scheduled at 2:00 PM (1/3)',
    ],
    [
      'a zone east of it: already tomorrow there',
      inZone(cyclesOf('DONE'), 'Pacific/Auckland'),
      at('12-03 09:00'),
      'RC1 Done - RC2 scheduled at Dec 4, 3:00 AM (1/3)',
    ],
    [
      'a zone with half hours',
      inZone(cyclesOf('DONE'), 'Asia/Kolkata'),
      at('12-03 09:00'),
      'RC1 Done - RC2 scheduled at 7:30 PM (1/3)',
    ],
    [
      'the same day there, another one in UTC',
      inZone(cyclesOf('DONE'), 'America/Los_Angeles'),
      at('12-03 08:00'),
      'RC1 Done - RC2 scheduled at 6:00 AM (1/3)',
    ],
    [
      'still yesterday there',
      inZone(cyclesOf('DONE'), 'America/Los_Angeles'),
      at('12-03 07:59'),
      'RC1 Done - RC2 scheduled at Dec 3, 6:00 AM (1/3)',
    ],
  ])('%s', (_name, release, now, expected) => {
    expect(text(release, now)).toBe(expected);
  });

  test('the same day of another year is not today', () => {
    const now = new Date('2025-12-03T09:00:00.000Z');
    expect(text(cyclesOf('DONE'), now)).toBe('RC1 Done - RC2 scheduled at Dec 3, 2:00 PM (1/3)');
  });

  test('noon and midnight read as people write them', () => {
    const slotAt = (when: Date) => {
      const release = cyclesOf('DONE');
      return { ...release, slots: release.slots.map((slot, index) => (index === 1 ? { ...slot, at: when } : slot)) };
    };
    expect(text(slotAt(at('12-03 12:05')), at('12-03 09:00'))).toContain('at 12:05 PM (');
    expect(text(slotAt(at('12-03 00:00')), at('12-03 09:00'))).toContain('at 12:00 AM (');
  });

  test('dropped slots no longer count', () => {
    const release = cyclesOf('DONE');
    const dropped = release.slots.map((slot, index) => (index === 2 ? { ...slot, status: 'DROPPED' as const } : slot));
    expect(text({ ...release, slots: dropped }, at('12-03 09:00'))).toBe('RC1 Done - RC2 scheduled at 2:00 PM (1/2)');
  });
});

describe('the status response (Spec 2.4)', () => {
  const iso = (index: number) => SLOT_DATES[index]?.toISOString();
  const next = (number: number) => ({ number, tag: `RC${number}`, scheduledAt: iso(number - 1) });
  const current = (number: number, status: Cycle['status']) => ({ number, tag: `RC${number}`, status });

  test('the whole shape', () => {
    expect(deriveStatus(cyclesOf('IN_PROGRESS'), NOW)).toEqual({
      release: { id: 'rel_1', status: 'IN_PROGRESS' },
      stages: { stage1: 'COMPLETED', stage2: 'IN_PROGRESS', stage3: 'PENDING', stage4: 'PENDING' },
      cron: { status: 'RUNNING', pauseType: 'NONE' },
      currentPhase: 'REGRESSION_CYCLE_RUNNING',
      displayText: 'Stage 2 - RC1 Running (1/3)',
      regression: {
        currentCycle: current(1, 'IN_PROGRESS'),
        nextCycle: next(2),
        progress: { completed: 0, total: 3 },
      },
      actions: ['PAUSE', 'ABANDON_CYCLE'],
    });
  });

  const allDone = withCycles(running(CRONS.awaitingPreRelease), 'DONE', 'DONE', 'DONE');
  const pausedInCycle2 = withCycles(paused(CRONS.stage2, 'USER_REQUESTED'), 'DONE', 'IN_PROGRESS');

  test.each<[string, Release, Date, string, unknown, Action[]]>([
    [
      'stage 2, cycle 1 NOT_STARTED, 3 slots',
      cyclesOf('NOT_STARTED'),
      NOW,
      'Stage 2 - RC1 Starting...',
      { currentCycle: current(1, 'NOT_STARTED'), nextCycle: next(2), progress: { completed: 0, total: 3 } },
      ['PAUSE'],
    ],
    [
      'cycle 1 running of 3',
      cyclesOf('IN_PROGRESS'),
      NOW,
      'Stage 2 - RC1 Running (1/3)',
      { currentCycle: current(1, 'IN_PROGRESS'), nextCycle: next(2), progress: { completed: 0, total: 3 } },
      ['PAUSE', 'ABANDON_CYCLE'],
    ],
    [
      'cycle 1 done, slot 2 today 14:00',
      cyclesOf('DONE'),
      at('12-03 10:00'),
      'RC1 Done - RC2 scheduled at 2:00 PM (1/3)',
      { currentCycle: current(1, 'DONE'), nextCycle: next(2), progress: { completed: 1, total: 3 } },
      ['PAUSE', 'SKIP_REMAINING_CYCLES'],
    ],
    [
      'all 3 done',
      allDone,
      NOW,
      'Stage 2 Complete - Awaiting Pre-Release Start',
      { currentCycle: null, nextCycle: null, progress: { completed: 3, total: 3 } },
      ['TRIGGER_STAGE_3', 'ARCHIVE'],
    ],
    [
      'paused by a person in cycle 2 of 3',
      pausedInCycle2,
      NOW,
      'Paused by User',
      { currentCycle: current(2, 'IN_PROGRESS'), nextCycle: next(3), progress: { completed: 1, total: 3 } },
      ['RESUME', 'ARCHIVE'],
    ],
    [
      'paused in stage 1 by a failed task',
      paused(CRONS.stage1, 'TASK_FAILURE'),
      NOW,
      'Paused - Task Failed',
      null,
      ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
    ],
  ])('%s', (_name, release, now, displayText, regression, actions) => {
    const status = deriveStatus(release, now);
    expect({ ...status }).toMatchObject({ displayText, actions });
    expect(status.regression).toEqual(regression);
  });

  test.each<[string, Release]>([
    ['before stage 1', newRelease()],
    ['in stage 1', running(CRONS.stage1)],
    ['between stage 1 and 2', running(CRONS.awaitingRegression)],
    ['in stage 3', running(CRONS.stage3)],
    ['waiting for the submission', running(CRONS.awaitingSubmission)],
    ['in stage 4', running(CRONS.stage4)],
    ['submitted', over('SUBMITTED')],
    ['completed', over('COMPLETED')],
    ['archived in the middle of a cycle', { ...cyclesOf('IN_PROGRESS'), status: 'ARCHIVED' }],
    ['paused in stage 3', paused(CRONS.stage3, 'USER_REQUESTED')],
  ])('regression is null %s', (_when, release) => {
    expect(deriveStatus(release, NOW).regression).toBeNull();
  });

  test('before the first cycle there is a next one and none now', () => {
    expect(deriveStatus(cyclesOf(), NOW).regression).toEqual({
      currentCycle: null,
      nextCycle: next(1),
      progress: { completed: 0, total: 3 },
    });
  });

  test('in the last cycle there is none to come', () => {
    const release = cyclesOf('DONE', 'DONE', 'IN_PROGRESS');
    expect(deriveStatus(release, NOW).regression).toEqual({
      currentCycle: current(3, 'IN_PROGRESS'),
      nextCycle: null,
      progress: { completed: 2, total: 3 },
    });
  });

  test('the caller may change the actions it was given', () => {
    deriveStatus(newRelease(), NOW).actions.push('PAUSE');
    expect(actionsOf('NOT_STARTED')).toEqual(['START']);
  });
});
