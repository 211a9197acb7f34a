import { archiveRelease, pauseRelease, resumeRelease } from '../../src/domain/changes/people.ts';
import {
  abandonCycle,
  addSlot,
  answerMissedSlot,
  askAboutMissedSlot,
  moveSlot,
  newSlot,
  removeSlot,
  skipRemainingCycles,
} from '../../src/domain/changes/slots.ts';
import { beginRegression, completeKickOff, kickOff } from '../../src/domain/changes/stages.ts';
import { completeTask, delayTask, failTask, retryTask, skipTask, startTask } from '../../src/domain/changes/tasks.ts';
import { stageUpload } from '../../src/domain/changes/uploads.ts';
import { decide } from '../../src/domain/decide.ts';
import type { Release } from '../../src/domain/release.ts';
import type { MissedSlotAnswer, Slot } from '../../src/domain/slot.ts';
import { derivePhase } from '../../src/domain/status.ts';
import { findTask, withTask } from '../../src/domain/tasks.ts';
import { aConfig, anUpload, at, CRONS, newRelease, running, staged, withCycles } from './support/build-release.ts';
import { aWorld, person, present, settle, settleUntil, type World, write } from './support/drive.ts';

const NOW = at('12-02 21:00');
const config = aConfig();
const by = person();
const FAULT = { message: 'Not Found (404)', source: 'GITHUB ensureBranch', transient: false };
const FORK = 'rel_1.s1.FORK_BRANCH';

function keys(change: { messages: { key: string }[] }): string[] {
  return change.messages.map(({ key }) => key);
}
function actions(change: { audit: { action: string }[] }): string[] {
  return change.audit.map(({ action }) => action);
}
const stage1 = withTask(running(CRONS.stage1), 'rel_1.s1.PRE_KICK_OFF_REMINDER', { status: 'SKIPPED' });
const stage2 = running(CRONS.stage2, { stage2StartedAt: at('12-01 11:00') });
const fork = (release: Release) => present(findTask(release, FORK));

describe('kick-off (Spec 1.3)', () => {
  test('by START before its reminder: the reminder is SKIPPED with the reason', () => {
    const change = kickOff(newRelease(), by, NOW);
    expect(change.release).toMatchObject({ status: 'IN_PROGRESS', cron: { status: 'RUNNING', pauseType: 'NONE' } });
    expect(change.release.tasks[0]).toMatchObject({
      type: 'PRE_KICK_OFF_REMINDER',
      status: 'SKIPPED',
      skip: { by: 'slipway', reason: 'The release started earlier than its reminder' },
    });
    expect(keys(change)).toEqual(['rel_1:started']);
  });

  test('after its reminder: the reminder is COMPLETED, and time says nothing of itself', () => {
    const sent = at('11-30 10:00');
    const change = kickOff(
      { ...newRelease(), preKickOffReminderSentAt: sent },
      { actor: 'slipway', origin: 'TIME' },
      NOW,
    );
    expect(change.release.tasks[0]).toMatchObject({ status: 'COMPLETED', endedAt: sent });
    expect(keys(change)).toEqual([]);
  });

  test.each<[boolean, string, string[]]>([
    [true, 'REGRESSION_AWAITING_NEXT_CYCLE', []],
    [false, 'AWAITING_REGRESSION', ['rel_1:awaiting-regression']],
  ])('stage 2 begins by itself (%s): %s', (autoStartRegression, phase, messages) => {
    const change = completeKickOff(stage1, aConfig({ autoStartRegression }), NOW);
    expect(derivePhase(change.release)).toBe(phase);
    expect(keys(change)).toEqual(messages);
  });

  test('without any slot stage 2 is over as it begins, and the gate awaits', () => {
    const change = beginRegression({ ...running(CRONS.awaitingRegression), slots: [] }, config, by, NOW);
    expect(derivePhase(change.release)).toBe('AWAITING_POST_REGRESSION');
    expect(change.release.gates).toMatchObject([{ id: 'preRelease', status: 'AWAITING' }]);
    expect(actions(change)).toEqual(['STAGE_STARTED', 'STAGE_COMPLETED']);
  });
});

describe('failure, retry, skip (Spec 1.7)', () => {
  const runs = startTask(stage1, fork(stage1), NOW).release;
  const failed = failTask(runs, fork(runs), FAULT, NOW);

  test('a failure pauses the release with one message', () => {
    expect(failed.release).toMatchObject({
      status: 'PAUSED',
      cron: { status: 'PAUSED', pauseType: 'TASK_FAILURE' },
      pause: { by: 'slipway', reason: 'Not Found (404)' },
      failureCount: 1,
    });
    expect(keys(failed)).toEqual(['rel_1:s1.FORK_BRANCH:failed:1']);
    expect(fork(failed.release).error).toMatchObject({ ...FAULT, attempts: 1 });
  });

  test('a task taken up again after a death goes on with the same attempt', () => {
    expect(fork(startTask(runs, fork(runs), NOW).release)).toMatchObject({ status: 'IN_PROGRESS', attempts: 1 });
    const delayed = delayTask(runs, fork(runs), FAULT, NOW, NOW).release;
    expect(fork(startTask(delayed, fork(delayed), NOW).release)).toMatchObject({ attempts: 2, nextTryAt: null });
  });

  test('RETRY_TASK goes on from the same start; a second failure is a second message', () => {
    const retried = retryTask(failed.release, fork(failed.release), by, NOW);
    expect(fork(retried.release)).toMatchObject({ status: 'PENDING', attempts: 0 });
    expect(derivePhase(retried.release)).toBe('KICKOFF');
    const again = startTask(retried.release, fork(retried.release), NOW).release;
    expect(keys(failTask(again, fork(again), FAULT, NOW))).toEqual(['rel_1:s1.FORK_BRANCH:failed:2']);
  });

  test('SKIP_TASK keeps who and why, and goes on', () => {
    const change = skipTask(failed.release, fork(failed.release), 'made by hand', by, NOW);
    expect(fork(change.release)).toMatchObject({ status: 'SKIPPED', skip: { by: 'U_PILOT', reason: 'made by hand' } });
    expect(derivePhase(change.release)).toBe('KICKOFF');
  });

  test('a failure after a person paused leaves the pause; resuming stops at the failed task', () => {
    const paused = pauseRelease(runs, 'lunch', by, NOW).release;
    const meanwhile = failTask(paused, fork(paused), FAULT, NOW);
    expect(derivePhase(meanwhile.release)).toBe('PAUSED_BY_USER');
    expect(keys(meanwhile)).toHaveLength(1);
    const resumed = resumeRelease(meanwhile.release, config, by, NOW).release;
    expect(derivePhase(resumed)).toBe('PAUSED_BY_FAILURE');
    expect(resumed.pause).toMatchObject({ by: 'slipway', reason: 'Not Found (404)' });
    const retried = retryTask(resumed, fork(resumed), by, NOW).release;
    expect(decide(retried, { config }, NOW)).toEqual({ kind: 'RUN_TASK', taskId: FORK });
  });

  test('what ends after the release was archived is recorded, and announces nothing', () => {
    const archived = archiveRelease(runs, null, by, NOW).release;
    const failedLate = failTask(archived, fork(archived), FAULT, NOW);
    expect(failedLate.release.status).toBe('ARCHIVED');
    expect(keys(failedLate)).toEqual([]);
    const output = { branch: 'release/x', sha: 'abc', url: null };
    const told = {
      key: 'rel_1:x',
      content: { kind: 'ROOT_CARD' as const },
      channel: 'releases' as const,
      broadcast: false,
    };
    const done = completeTask(archived, fork(archived), { output, messages: [told] }, NOW);
    expect(fork(done.release)).toMatchObject({ status: 'COMPLETED', output });
    expect(keys(done)).toEqual([]);
  });
});

describe('pause, resume, archive (Spec 1.7)', () => {
  test('a pause remembers who and why, and nothing goes on until it is resumed exactly there', () => {
    const paused = pauseRelease(stage1, 'waiting for legal', by, NOW).release;
    expect(paused.pause).toEqual({ by: 'U_PILOT', reason: 'waiting for legal', at: NOW });
    expect(decide(paused, { config }, NOW)).toBeNull();
    const resumed = resumeRelease(paused, config, by, NOW).release;
    expect(resumed).toMatchObject({ pause: null, status: 'IN_PROGRESS', cron: stage1.cron, tasks: stage1.tasks });
  });

  test('stage 2 that became complete while paused is completed on resume', () => {
    const paused = pauseRelease({ ...withCycles(stage2, 'DONE') }, null, by, NOW).release;
    const emptied = [1, 2].reduce(
      (release, place) => removeSlot(release, present(release.slots[3 - place]), config, by, NOW).release,
      paused,
    );
    expect(derivePhase(emptied)).toBe('PAUSED_BY_USER');
    expect(derivePhase(resumeRelease(emptied, config, by, NOW).release)).toBe('AWAITING_POST_REGRESSION');
  });

  test('an archived release lets go of its uploads and ends', () => {
    const release = { ...stage1, stagedUploads: staged('PRE_REGRESSION', 'IOS') };
    expect(archiveRelease(release, null, by, NOW).release).toMatchObject({
      status: 'ARCHIVED',
      cron: { status: 'PAUSED', pauseType: 'NONE' },
      stagedUploads: [],
      endedAt: NOW,
    });
  });
});

describe('slots (Spec 1.1, 1.4)', () => {
  const asked = askAboutMissedSlot(stage2, present(stage2.slots[0]), NOW);

  test('people are asked once, with what comes next', () => {
    expect(asked.messages).toMatchObject([
      {
        content: {
          kind: 'MISSED_SLOT',
          slotId: 'slot_1',
          slotAt: at('12-02 14:00').toISOString(),
          nextSlotAt: at('12-03 14:00').toISOString(),
        },
      },
    ]);
    expect(decide(asked.release, { config }, NOW)).toBeNull();
  });

  test.each<[MissedSlotAnswer, Partial<Slot>, string | null]>([
    ['RUN_NOW', { status: 'SCHEDULED', answer: expect.objectContaining({ answer: 'RUN_NOW' }) }, 'slot_1'],
    ['FOLD', { status: 'DROPPED' }, null],
    ['DROP', { status: 'DROPPED' }, null],
  ])('%s', (answer, slot, begins) => {
    const { release } = answerMissedSlot(asked.release, present(asked.release.slots[0]), answer, config, by, NOW);
    expect(release.slots[0]).toMatchObject(slot);
    const step = decide(release, { config }, NOW);
    expect(step).toEqual(begins ? { kind: 'BEGIN_CYCLE', slotId: begins } : null);
  });

  test('dropping the last one completes regression', () => {
    const last = withCycles(stage2, 'DONE', 'DONE');
    const waiting = askAboutMissedSlot(last, present(last.slots[2]), NOW).release;
    const dropped = answerMissedSlot(waiting, present(waiting.slots[2]), 'DROP', config, by, NOW).release;
    expect(derivePhase(dropped)).toBe('AWAITING_POST_REGRESSION');
  });

  test('added and moved slots keep the order; a moved one is planned anew', () => {
    const added = addSlot(stage2, newSlot('slot_x', at('12-03 08:00')), by, NOW).release;
    expect(added.slots.map(({ id }) => id)).toEqual(['slot_1', 'slot_x', 'slot_2', 'slot_3']);
    const moved = moveSlot(asked.release, present(asked.release.slots[0]), at('12-05 08:00'), by, NOW).release;
    expect(moved.slots.map(({ id }) => id)).toEqual(['slot_2', 'slot_3', 'slot_1']);
    expect(moved.slots[2]).toMatchObject({ status: 'SCHEDULED', answer: null, reminderDoneAt: null });
  });

  test('two changes in one instant are two messages', () => {
    const world = aWorld(stage2, config, NOW);
    const move = (text: string) =>
      write(world, moveSlot(world.release, present(world.release.slots[2]), at(text), by, NOW), 'move');
    move('12-05 08:00');
    move('12-06 08:00');
    expect(world.messages.size).toBe(2);
  });
});

describe('cycles by a person’s word (Spec 1.4)', () => {
  test('an abandoned cycle is followed by the next slot', () => {
    const change = abandonCycle(withCycles(stage2, 'IN_PROGRESS'), 'broken build', config, by, NOW);
    expect(change.release.cycles[0]).toMatchObject({ status: 'ABANDONED', endedAt: NOW });
    expect(derivePhase(change.release)).toBe('REGRESSION_AWAITING_NEXT_CYCLE');
  });

  test('abandoning the last one completes regression', () => {
    const release = withCycles(stage2, 'DONE', 'DONE', 'IN_PROGRESS');
    const after = abandonCycle(release, null, config, by, NOW).release;
    expect(derivePhase(after)).toBe('AWAITING_POST_REGRESSION');
  });

  test('skipping the remaining ones drops their slots and completes regression', () => {
    const change = skipRemainingCycles(withCycles(stage2, 'DONE'), 'enough', config, by, NOW);
    expect(change.release.slots.map(({ status }) => status)).toEqual(['BEGUN', 'DROPPED', 'DROPPED']);
    expect(derivePhase(change.release)).toBe('AWAITING_POST_REGRESSION');
    expect(change.messages[0]?.content).toMatchObject({ kind: 'CYCLES_SKIPPED', count: 2 });
  });
});

describe('uploads (Spec 3.1)', () => {
  test('the newest counts, and the person is told what it replaces', () => {
    const first = stageUpload(stage2, anUpload({ id: 'upl_1', fileName: 'one.apk' }), null, by, NOW).release;
    const second = stageUpload(first, anUpload({ id: 'upl_2', fileName: 'two.apk' }), 'used before', by, NOW);
    expect(second.release.stagedUploads.map(({ uploadId }) => uploadId)).toEqual(['upl_2']);
    expect(second.messages[0]?.content).toMatchObject({ replacedFileName: 'one.apk', warning: 'used before' });
  });

  test('other stages and platforms are left alone', () => {
    const release = { ...stage2, stagedUploads: [...staged('REGRESSION', 'IOS'), ...staged('PRE_RELEASE', 'ANDROID')] };
    const after = stageUpload(release, anUpload({ id: 'upl_9' }), null, by, NOW).release;
    expect(after.stagedUploads.map(({ uploadId }) => uploadId)).toEqual([
      'upl_REGRESSION_IOS',
      'upl_PRE_RELEASE_ANDROID',
      'upl_9',
    ]);
  });
});

describe('time passing', () => {
  test('two past slots run one after the other; one that the first held up too long is asked about', () => {
    const world = late();
    world.release = { ...world.release, stagedUploads: staged('REGRESSION', 'ANDROID', 'IOS') };
    settle(world);
    expect(world.release.cycles.map(({ status }) => status)).toEqual(['DONE', 'IN_PROGRESS']);
    settleUntil(world, at('12-11 10:00'));
    world.release = { ...world.release, stagedUploads: staged('REGRESSION', 'ANDROID', 'IOS').map(again) };
    settle(world);
    expect(world.release.cycles.map(({ status }) => status)).toEqual(['DONE', 'DONE']);
    expect(world.release.slots.map(({ status }) => status)).toEqual(['BEGUN', 'BEGUN', 'ASKED']);
  });

  test('nothing more is said while builds are awaited, however often one looks', () => {
    const world = late();
    settle(world);
    const said = world.messages.size;
    for (const day of ['12-11', '12-12', '12-13']) settleUntil(world, at(`${day} 10:00`));
    expect(world.messages.size).toBe(said);
    expect([...world.messages.keys()]).toContain('rel_1:c1.TRIGGER_REGRESSION_BUILDS:missing');
  });

  /** Stage 2 begins when all three slots are past. */
  function late(): World {
    const begun = beginRegression(running(CRONS.awaitingRegression), config, by, at('12-10 10:00')).release;
    return aWorld(begun, config, at('12-10 10:00'));
  }
  function again<T extends { uploadId: string }>(upload: T): T {
    return { ...upload, uploadId: `${upload.uploadId}_2` };
  }
});
