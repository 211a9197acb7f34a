import { decide, type Facts, nextWakeAt, type Step } from '../../src/domain/decide.ts';
import type { Gate } from '../../src/domain/gate.ts';
import { newGate } from '../../src/domain/gate-rules.ts';
import type { Release } from '../../src/domain/release.ts';
import type { FreezeWindow, ReleaseConfig } from '../../src/domain/release-config.ts';
import type { Slot } from '../../src/domain/slot.ts';
import { aConfig, at, CRONS, KICK_OFF, newRelease, running, staged, withCycles } from './support/build-release.ts';

function due(release: Release, now: Date, config: Partial<ReleaseConfig> = {}): Step | null {
  return decide(release, { config: aConfig(config) }, now);
}
function wake(release: Release, now: Date, config: Partial<ReleaseConfig> = {}): Date | null {
  return nextWakeAt(release, { config: aConfig(config) } satisfies Facts, now);
}
function slots(release: Release, patch: (slot: Slot, index: number) => Partial<Slot>): Release {
  return { ...release, slots: release.slots.map((slot, index) => ({ ...slot, ...patch(slot, index) })) };
}
const begin = (slotId: string): Step => ({ kind: 'BEGIN_CYCLE', slotId });
const ask = (slotId: string): Step => ({ kind: 'ASK_MISSED_SLOT', slotId });

describe('before kick-off', () => {
  const reminded = { ...newRelease(), preKickOffReminderSentAt: at('11-30 10:00') };

  test.each<[string, Release, Date, Step | null]>([
    ['a day and a millisecond before: nothing', newRelease(), new Date(at('11-30 10:00').getTime() - 1), null],
    [
      'a day before: the reminder with what is missing',
      newRelease(),
      at('11-30 10:00'),
      { kind: 'REMIND_PRE_KICK_OFF', missing: ['ANDROID', 'IOS'] },
    ],
    [
      'builds that are there are not missed',
      { ...newRelease(), stagedUploads: staged('PRE_REGRESSION', 'IOS') },
      at('11-30 12:00'),
      { kind: 'REMIND_PRE_KICK_OFF', missing: ['ANDROID'] },
    ],
    [
      'builds of another stage do not count',
      { ...newRelease(), stagedUploads: staged('REGRESSION', 'IOS', 'ANDROID') },
      at('11-30 12:00'),
      { kind: 'REMIND_PRE_KICK_OFF', missing: ['ANDROID', 'IOS'] },
    ],
    [
      'in CI mode nothing is missed',
      newRelease({ hasManualBuildUpload: false }),
      at('11-30 12:00'),
      { kind: 'REMIND_PRE_KICK_OFF', missing: [] },
    ],
    ['reminded already: nothing', reminded, at('12-01 09:59'), null],
    ['a millisecond before kick-off: nothing', reminded, new Date(KICK_OFF.getTime() - 1), null],
    ['at kick-off', reminded, KICK_OFF, { kind: 'KICK_OFF' }],
    ['long after it', reminded, at('12-20 10:00'), { kind: 'KICK_OFF' }],
    ['at kick-off without its reminder: it starts, nobody is reminded', newRelease(), KICK_OFF, { kind: 'KICK_OFF' }],
  ])('%s', (_name, release, now, step) => {
    expect(due(release, now)).toEqual(step);
  });

  test('the reminder comes as many hours before as configured', () => {
    const reminders = { preKickOffHours: 2, missingBuildsHours: 2, approvalHours: 4 };
    expect(due(newRelease(), at('12-01 07:59'), { reminders })).toBeNull();
    expect(due(newRelease(), at('12-01 08:00'), { reminders })?.kind).toBe('REMIND_PRE_KICK_OFF');
  });

  test('it wakes for the reminder, then for kick-off, then for nothing', () => {
    expect(wake(newRelease(), at('11-20 10:00'))).toEqual(at('11-30 10:00'));
    expect(wake(newRelease(), at('11-30 10:00'))).toEqual(KICK_OFF);
    expect(wake(reminded, at('11-20 10:00'))).toEqual(KICK_OFF);
    expect(wake(reminded, KICK_OFF)).toBeNull();
  });
});

describe('freeze windows (Spec 1.1)', () => {
  const reminded = { ...newRelease(), preKickOffReminderSentAt: at('11-30 10:00') };
  const freeze = (from: string, to: string): FreezeWindow => ({
    startsAt: at(from),
    endsAt: at(to),
    reason: 'holidays',
  });

  test.each<[string, FreezeWindow[], Date, boolean]>([
    ['it has ended', [freeze('11-30 10:00', '12-01 10:00')], KICK_OFF, true],
    ['it ends a minute later', [freeze('11-30 10:00', '12-01 10:01')], KICK_OFF, false],
    ['it begins at kick-off', [freeze('12-01 10:00', '12-02 10:00')], KICK_OFF, false],
    ['it begins a minute later', [freeze('12-01 10:01', '12-02 10:00')], KICK_OFF, true],
    ['the last minute of it', [freeze('12-01 09:00', '12-02 10:00')], at('12-02 09:59'), false],
    ['its end', [freeze('12-01 09:00', '12-02 10:00')], at('12-02 10:00'), true],
  ])('%s', (_name, freezeWindows, now, starts) => {
    expect(due(reminded, now, { freezeWindows })).toEqual(starts ? { kind: 'KICK_OFF' } : null);
  });

  test('an override counts, whenever the kick-off comes', () => {
    const overridden = { ...reminded, freezeOverride: { by: 'U_ADMIN', reason: 'urgent', at: KICK_OFF } };
    const freezeWindows = [freeze('11-01 00:00', '12-24 00:00')];
    expect(due(overridden, KICK_OFF, { freezeWindows })).toEqual({ kind: 'KICK_OFF' });
    expect(wake(overridden, at('11-20 10:00'), { freezeWindows })).toEqual(KICK_OFF);
  });

  test('a frozen release looks again when the freeze ends, also through adjoining ones', () => {
    const freezeWindows = [freeze('12-01 09:00', '12-02 10:00'), freeze('12-02 10:00', '12-03 10:00')];
    expect(due(reminded, at('12-02 10:00'), { freezeWindows })).toBeNull();
    const first = wake(reminded, KICK_OFF, { freezeWindows });
    const last = first && first < at('12-03 10:00') ? wake(reminded, first, { freezeWindows }) : first;
    expect(last).toEqual(at('12-03 10:00'));
    expect(due(reminded, at('12-03 10:00'), { freezeWindows })).toEqual({ kind: 'KICK_OFF' });
  });

  test('a freeze that begins between kick-off and a late look delays it, and does not lose it', () => {
    const freezeWindows = [freeze('12-01 10:01', '12-05 10:00')];
    expect(due(reminded, at('12-01 10:02'), { freezeWindows })).toBeNull();
    expect(wake(reminded, at('12-01 10:02'), { freezeWindows })).toEqual(at('12-05 10:00'));
  });
});

describe('slots (Spec 1.4)', () => {
  const stage2 = { ...running(CRONS.stage2), tasks: [], stage2StartedAt: at('12-01 11:00') };
  const quiet = slots(stage2, () => ({ reminderDoneAt: at('12-01 11:00') }));

  test.each<[string, Date, Step | null]>([
    ['a millisecond before its time', new Date(at('12-02 14:00').getTime() - 1), null],
    ['at its time', at('12-02 14:00'), begin('slot_1')],
    ['late, within its grace', at('12-02 19:59'), begin('slot_1')],
    ['the last instant of its grace', at('12-02 20:00'), begin('slot_1')],
    ['a millisecond after its grace', new Date(at('12-02 20:00').getTime() + 1), ask('slot_1')],
  ])('%s', (_name, now, step) => {
    expect(due(quiet, now)).toEqual(step);
  });

  test('its grace is configured', () => {
    expect(due(quiet, at('12-02 15:00'), { slotGraceHours: 1 })).toEqual(begin('slot_1'));
    expect(due(quiet, at('12-02 15:01'), { slotGraceHours: 1 })).toEqual(ask('slot_1'));
    expect(due(quiet, at('12-02 14:00'), { slotGraceHours: 0 })).toEqual(begin('slot_1'));
  });

  test('a slot past when stage 2 starts begins at once: its grace counts from then', () => {
    const late = { ...quiet, stage2StartedAt: at('12-10 10:00') };
    expect(due(late, at('12-10 10:00'))).toEqual(begin('slot_1'));
    expect(due(late, at('12-10 16:00'))).toEqual(begin('slot_1'));
    expect(due(late, at('12-10 16:01'))).toEqual(ask('slot_1'));
  });

  test('two past slots run one after the other, never at the same time', () => {
    const late = { ...quiet, stage2StartedAt: at('12-10 10:00') };
    const now = at('12-10 12:00');
    expect(due(late, now)).toEqual(begin('slot_1'));
    expect(due(withCycles2(late, 'NOT_STARTED'), now)).toEqual({ kind: 'START_CYCLE' });
    expect(due(withCycles2(late, 'IN_PROGRESS'), now)?.kind).toMatch(/TASK/);
    expect(due(withCycles2(late, 'DONE'), now)).toEqual(begin('slot_2'));
    expect(due(withCycles2(late, 'DONE', 'NOT_STARTED'), now)).toEqual({ kind: 'START_CYCLE' });
  });

  test('a cycle whose tasks are all over ends', () => {
    const release = withCycles(quiet, 'IN_PROGRESS');
    const over = release.cycles.map((cycle) => ({
      ...cycle,
      tasks: cycle.tasks.map((task) => ({ ...task, status: 'COMPLETED' as const })),
    }));
    expect(due({ ...release, cycles: over }, at('12-02 15:00'))).toEqual({ kind: 'END_CYCLE' });
  });

  test('a slot about which people are asked waits, and holds up the later ones', () => {
    const asked = slots(quiet, (_slot, index) => (index === 0 ? { status: 'ASKED' } : {}));
    expect(due(asked, at('12-03 15:00'))).toBeNull();
    expect(wake(asked, at('12-02 21:00'))).toBeNull();
  });

  test('answered "run now" it begins, however late', () => {
    const now = slots(quiet, (_slot, index) =>
      index === 0 ? { status: 'SCHEDULED', answer: { answer: 'RUN_NOW', by: 'U1', at: at('12-20 14:00') } } : {},
    );
    expect(due(now, at('12-20 15:00'))).toEqual(begin('slot_1'));
  });

  test('dropped or folded it is passed by', () => {
    const dropped = slots(quiet, (_slot, index) => (index === 0 ? { status: 'DROPPED' } : {}));
    expect(due(dropped, at('12-02 21:00'))).toBeNull();
    expect(due(dropped, at('12-03 14:00'))).toEqual(begin('slot_2'));
    expect(wake(dropped, at('12-02 21:00'))).toEqual(at('12-03 14:00'));
  });

  function withCycles2(release: Release, ...statuses: Parameters<typeof withCycles>[1][]): Release {
    return { ...withCycles(release, ...statuses), stage2StartedAt: release.stage2StartedAt };
  }
});

describe('reminders of missing builds (Spec 7.3)', () => {
  const stage2 = { ...running(CRONS.stage2), tasks: [], stage2StartedAt: at('12-01 11:00') };
  const remind = (...missing: ('ANDROID' | 'IOS')[]): Step => ({
    kind: 'REMIND_MISSING_BUILDS',
    slotId: 'slot_1',
    missing,
  });

  test.each<[string, Release, Date, Step | null]>([
    ['two hours and a minute before', stage2, at('12-02 11:59'), null],
    ['two hours before', stage2, at('12-02 12:00'), remind('ANDROID', 'IOS')],
    ['a minute before', stage2, at('12-02 13:59'), remind('ANDROID', 'IOS')],
    ['one is there', { ...stage2, stagedUploads: staged('REGRESSION', 'ANDROID') }, at('12-02 12:00'), remind('IOS')],
    [
      'all are there: considered, nobody is missed',
      { ...stage2, stagedUploads: staged('REGRESSION', 'IOS', 'ANDROID') },
      at('12-02 12:00'),
      remind(),
    ],
    ['in CI mode nobody is missed', { ...stage2, hasManualBuildUpload: false }, at('12-02 12:00'), remind()],
    [
      'once per slot',
      slots(stage2, (_slot, index) => (index === 0 ? { reminderDoneAt: at('12-02 12:00') } : {})),
      at('12-02 13:00'),
      null,
    ],
  ])('%s', (_name, release, now, step) => {
    expect(due(release, now)).toEqual(step);
  });

  test('while a cycle runs the next slot is left alone', () => {
    const release = withCycles(stage2, 'IN_PROGRESS');
    const waiting = release.cycles.map((cycle) => ({
      ...cycle,
      tasks: cycle.tasks.map((task) => ({ ...task, status: 'AWAITING_MANUAL_BUILD' as const })),
    }));
    const inCycle = { ...release, cycles: waiting };
    expect(wake(inCycle, at('12-02 15:00'))).toBeNull();
  });

  test('it wakes for the reminder, then for the slot', () => {
    expect(wake(stage2, at('12-01 12:00'))).toEqual(at('12-02 12:00'));
    expect(wake(stage2, at('12-02 12:00'))).toEqual(at('12-02 14:00'));
  });
});

describe('gates look again by themselves', () => {
  const gate = (patch: Partial<Gate> = {}): Release =>
    running(CRONS.awaitingPreRelease, {
      gates: [{ ...newGate('preRelease', aConfig().gates.preRelease, at('12-04 16:00')), ...patch }],
    });

  test('it is checked at once, then when its time comes', () => {
    expect(due(gate(), at('12-04 16:00'))).toEqual({ kind: 'CHECK_GATE', gateId: 'preRelease' });
    const checked = gate({ nextCheckAt: at('12-04 16:01') });
    expect(due(checked, at('12-04 16:00'))).toBeNull();
    expect(due(checked, at('12-04 16:01'))).toEqual({ kind: 'CHECK_GATE', gateId: 'preRelease' });
    expect(wake(checked, at('12-04 16:00'))).toEqual(at('12-04 16:01'));
  });

  test.each<[number, string, string]>([
    [0, '12-04 19:59', '12-04 20:00'],
    [1, '12-05 19:59', '12-05 20:00'],
    [2, '12-06 19:59', '12-06 20:00'],
  ])('after %i reminders: not at %s, but at %s', (remindersSent, before, then) => {
    const waiting = gate({ remindersSent, nextCheckAt: at('12-31 00:00') });
    expect(due(waiting, at(before))).toBeNull();
    expect(wake(waiting, at(before))).toEqual(at(then));
    expect(due(waiting, at(then))).toEqual({ kind: 'REMIND_APPROVAL', gateId: 'preRelease' });
  });

  test('nothing is due where the cron waits and no gate does (AWAITING_REGRESSION)', () => {
    const waiting = running(CRONS.awaitingRegression);
    expect(due(waiting, at('12-31 00:00'))).toBeNull();
    expect(wake(waiting, at('12-02 00:00'))).toBeNull();
  });
});

describe('what is stopped or over does nothing and wakes for nothing', () => {
  test.each<[string, Release]>([
    ['paused by a person', running({ ...CRONS.stage2, pauseType: 'USER_REQUESTED' }, { status: 'PAUSED' })],
    ['paused by a failure', running({ ...CRONS.stage1, pauseType: 'TASK_FAILURE' }, { status: 'PAUSED' })],
    ['submitted', running(CRONS.over, { status: 'SUBMITTED' })],
    ['completed', running(CRONS.over, { status: 'COMPLETED' })],
    ['archived', { ...newRelease(), status: 'ARCHIVED' }],
  ])('%s', (_name, release) => {
    for (const now of [at('11-01 00:00'), KICK_OFF, at('12-31 00:00')]) {
      expect(due(release, now)).toBeNull();
      expect(wake(release, now)).toBeNull();
    }
  });
});
