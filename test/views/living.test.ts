import { approveGate, checkGate, rejectGate } from '../../src/domain/changes/gates.ts';
import { pauseRelease } from '../../src/domain/changes/people.ts';
import { answerMissedSlot } from '../../src/domain/changes/slots.ts';
import { confirmSubmission, retryTask, skipTask } from '../../src/domain/changes/tasks.ts';
import type { GateObservation } from '../../src/domain/gate.ts';
import { awaitingGate } from '../../src/domain/gate-rules.ts';
import type { Release } from '../../src/domain/release.ts';
import { failedTask } from '../../src/domain/tasks.ts';
import { gateCard } from '../../views/gate-card.ts';
import { missedSlot } from '../../views/missed-slot.ts';
import { submissionConfirm } from '../../views/submission-confirm.ts';
import { taskFailure } from '../../views/task-failure.ts';
import { aConfig, at, HOUR_MS, shift } from '../domain/support/build-release.ts';
import { person, present, settle, type World, write } from '../domain/support/drive.ts';
import { approve, freshWorld, inPhase, toKickOff, toRegression } from './support/phases.ts';
import { show } from './support/show.ts';
import { actionIds, faultsOfMessage } from './support/slack-limits.ts';

function whole(card: { text: string; blocks: readonly unknown[]; settled: boolean }): string {
  expect(faultsOfMessage(card)).toEqual([]);
  return `\nsettled: ${card.settled}\n${show(card)}\n`;
}

describe('gate card', () => {
  const policy = { approvers: ['APPROVER' as const], users: ['U0ANN', 'U0BOB'], quorum: 2, allowOwnRelease: false };
  const commit = { sha: 'decade1234567890', title: 'Fix <!channel>', author: 'Ada' };
  const seen = (patch: Partial<Extract<GateObservation, { kind: 'seen' }>> = {}): GateObservation => ({
    kind: 'seen',
    headSha: 'a'.repeat(40),
    cherryPicks: [],
    cherryPickTotal: 0,
    ...patch,
  });

  function atGate(observation: GateObservation): World {
    const world = inPhase('AWAITING_POST_REGRESSION');
    look(world, observation);
    return world;
  }
  function look(world: World, observation: GateObservation): void {
    const gate = present(awaitingGate(world.release));
    write(world, checkGate(world.release, gate, policy, observation, world.now), 'check');
  }
  function sign(world: World, who: string, override: string | null): void {
    const gate = present(awaitingGate(world.release));
    write(world, approveGate(world.release, gate, override, person(who), world.now), 'approve');
  }

  test('shows 1 of 2 with who and when, and keeps its buttons', () => {
    const world = atGate(seen());
    sign(world, 'U0ANN', null);
    expect(whole(gateCard(world.release, 'preRelease'))).toMatchSnapshot();
  });

  test('a failed check turns Approve into Approve anyway', () => {
    const world = atGate(seen({ cherryPicks: [commit], cherryPickTotal: 1 }));
    const card = gateCard(world.release, 'preRelease');
    expect(whole(card)).toMatchSnapshot();
    expect(actionIds(card.blocks)).toEqual(['gate.approve_override', 'gate.reject']);
  });

  test('says what changed since when approvals became void, and who rejected why', () => {
    const world = atGate(seen());
    sign(world, 'U0ANN', null);
    look(world, seen({ headSha: 'b'.repeat(40) }));
    const gate = present(awaitingGate(world.release));
    write(world, rejectGate(world.release, gate, 'The <b>login</b> is broken', person('U0BOB'), world.now), 'reject');
    expect(whole(gateCard(world.release, 'preRelease'))).toMatchSnapshot();
  });

  test('cannot be approved while the branch cannot be read', () => {
    const world = atGate({ kind: 'unreachable', detail: 'Bad gateway' });
    const card = gateCard(world.release, 'preRelease');
    expect(whole(card)).toMatchSnapshot();
    expect(actionIds(card.blocks)).toEqual(['gate.reject']);
  });

  test('granted: who and when stand there, the buttons are gone', () => {
    const world = inPhase('AWAITING_POST_REGRESSION');
    approve(world, 'U0ANN');
    const card = gateCard(world.release, 'preRelease');
    expect(whole(card)).toMatchSnapshot();
    expect(card.settled).toBe(true);
    expect(actionIds(card.blocks)).toEqual([]);
  });

  test('of an archived release: shut and settled', () => {
    const { release } = inPhase('AWAITING_SUBMISSION');
    const card = gateCard({ ...release, status: 'ARCHIVED', endedAt: at('12-05 10:00') }, 'submission');
    expect(card.settled).toBe(true);
    expect(actionIds(card.blocks)).toEqual([]);
  });
});

describe('task failure', () => {
  const taskId = 'rel_1.s1.FORK_BRANCH';

  function failed(fates: World['fates'], before = 0): World {
    const world = freshWorld();
    world.fates = [...Array.from({ length: before }, () => ({ kind: 'done' as const })), ...fates];
    return toKickOff(world);
  }

  test('is settled once it is retried, and says that it is done', () => {
    const world = failed([{ kind: 'fail' }]);
    expect(taskFailure(world.release, taskId, world.release.failureCount).settled).toBe(false);
    write(world, retryTask(world.release, present(failedTask(world.release)), person('U0PILOT'), world.now), 'retry');
    const during = taskFailure(world.release, taskId, world.release.failureCount);
    settle(world);
    expect(whole(during) + whole(taskFailure(world.release, taskId, world.release.failureCount))).toMatchSnapshot();
    expect(actionIds(during.blocks)).toEqual([]);
  });

  test('offers Skip only where the release can do without', () => {
    const world = failed([{ kind: 'fail' }], 1);
    const task = present(failedTask(world.release));
    expect(actionIds(taskFailure(world.release, task.id, world.release.failureCount).blocks)).toEqual([
      'task.retry',
      'task.skip',
    ]);
    write(world, skipTask(world.release, task, 'Made by hand', person('U0PILOT'), world.now), 'skip');
    const card = taskFailure(world.release, task.id, world.release.failureCount);
    expect(whole(card)).toMatchSnapshot();
    expect(card.settled).toBe(true);
  });

  test('of a task that nobody knows is settled', () => {
    const { release } = inPhase('KICKOFF');
    expect(taskFailure(release, 'rel_1.s9.NOTHING', 1).settled).toBe(true);
  });
});

describe('missed slot', () => {
  function missed(slots: number): { world: World; content: { slotId: string; slotAt: string } } {
    const fresh = freshWorld();
    fresh.release = { ...fresh.release, slots: fresh.release.slots.slice(0, slots) };
    const world = toRegression(fresh);
    const slot = present(world.release.slots[0]);
    write(world, pauseRelease(world.release, null, person('U0PILOT'), world.now), 'pause');
    const late = shift(slot.at, 7 * HOUR_MS);
    world.release = {
      ...world.release,
      status: 'IN_PROGRESS',
      cron: { ...world.release.cron, pauseType: 'NONE', status: 'RUNNING' },
      pause: null,
    };
    world.now = late;
    settle(world);
    return { world, content: { slotId: slot.id, slotAt: slot.at.toISOString() } };
  }
  function answer(release: Release, world: World, given: 'RUN_NOW' | 'FOLD' | 'DROP'): Release {
    const slot = present(release.slots[0]);
    return answerMissedSlot(release, slot, given, aConfig(), person('U0PILOT'), world.now).release;
  }

  test('asks with three answers, each explained', () => {
    const { world, content } = missed(3);
    const card = missedSlot(world.release, content);
    expect(whole(card)).toMatchSnapshot();
    expect(actionIds(card.blocks)).toEqual(['slot.run_now', 'slot.fold', 'slot.drop']);
  });

  test('the last slot cannot be folded into a next one', () => {
    const { world, content } = missed(1);
    const card = missedSlot(world.release, content);
    expect(whole(card)).toMatchSnapshot();
    expect(actionIds(card.blocks)).toEqual(['slot.run_now', 'slot.drop']);
  });

  test.each(['RUN_NOW', 'FOLD', 'DROP'] as const)('answered %s: settled, without buttons', (given) => {
    const { world, content } = missed(3);
    const card = missedSlot(answer(world.release, world, given), content);
    expect(whole(card)).toMatchSnapshot();
    expect(card.settled).toBe(true);
    expect(actionIds(card.blocks)).toEqual([]);
  });

  test('moved or removed: settled', () => {
    const { world, content } = missed(3);
    const [first, ...rest] = world.release.slots;
    const moved = { ...present(first), at: at('12-09 14:00'), status: 'SCHEDULED' as const };
    expect(missedSlot({ ...world.release, slots: [...rest, moved] }, content).settled).toBe(true);
    expect(missedSlot({ ...world.release, slots: rest }, content).settled).toBe(true);
  });
});

describe('submission by hand', () => {
  test('confirmed: who and when, no button', () => {
    const world = inPhase('SUBMITTING');
    const taskId = 'rel_1.s4.SUBMIT_TO_APP_STORE';
    expect(submissionConfirm(world.release, taskId, 'IOS').settled).toBe(false);
    const task = present(world.release.tasks.find((candidate) => candidate.id === taskId));
    write(world, confirmSubmission(world.release, task, person('U0PILOT'), world.now), 'confirm');
    const card = submissionConfirm(world.release, taskId, 'IOS');
    expect(whole(card)).toMatchSnapshot();
    expect(card.settled).toBe(true);
  });

  test('of an archived release: not awaited any more', () => {
    const { release } = inPhase('SUBMITTING');
    const card = submissionConfirm({ ...release, status: 'ARCHIVED' }, 'rel_1.s4.SUBMIT_TO_APP_STORE', 'IOS');
    expect(card.settled).toBe(true);
    expect(actionIds(card.blocks)).toEqual([]);
  });
});
