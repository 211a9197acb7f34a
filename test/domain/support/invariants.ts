import { decide, nextWakeAt } from '../../../src/domain/decide.ts';
import { flowTask, platformsOf } from '../../../src/domain/flows/staged.ts';
import { planOf } from '../../../src/domain/plan.ts';
import type { Release } from '../../../src/domain/release.ts';
import { deriveStatus } from '../../../src/domain/status.ts';
import { isEnded, type Task } from '../../../src/domain/task.ts';
import { activeTasks, allTasks } from '../../../src/domain/tasks.ts';
import { openWindows, uploadWindow } from '../../../src/domain/upload-window.ts';
import { whyWaiting } from '../../../src/domain/why.ts';
import { shift } from './build-release.ts';
import { facts } from './drive.ts';
import type { ModelWorld } from './perform.ts';

/** What must hold after every write and whenever a release is at rest (Spec 7.4, model). Each throws with its name. */

function must(holds: boolean, rule: string, about: unknown = ''): asserts holds {
  if (!holds) throw new Error(`broken: ${rule} ${about === '' ? '' : JSON.stringify(about)}`);
}

/** Changes share what they leave alone. */
function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

export function checkWrite(world: ModelWorld, before: Release, after: Release): void {
  for (const action of deriveStatus(after, world.now).actions) planOf(action, after);
  checkNumbers(before, after);
  checkSlotsAndCycles(after);
  checkOrder(after);
  checkProgress(before, after);
  checkClaims(world, before, after);
  checkWindows(after);
}

function checkNumbers(before: Release, after: Release): void {
  must(after.version === before.version + 1, 'a write counts one version');
  must(after.messageSeq >= before.messageSeq, 'message numbers only grow');
  must(
    after.auditSeq > before.auditSeq || sameButAttempts(before, after),
    'every change of state is in the audit trail',
  );
}

/** A task that is begun once more, a look at a gate and a quiet reminder are not history. */
function sameButAttempts(before: Release, after: Release): boolean {
  const quiet = (release: Release) => JSON.stringify([release.status, release.cron, release.cycles.length]);
  return quiet(before) === quiet(after);
}

function checkSlotsAndCycles(release: Release): void {
  const times = release.slots.map(({ at }) => +at);
  must(
    times.every((time, index) => index === 0 || time >= (times[index - 1] ?? 0)),
    'slots are in ascending order',
    release.slots,
  );
  release.cycles.forEach((cycle, index) => {
    must(cycle.number === index + 1, 'cycles are numbered from 1', cycle.number);
    const isLast = index === release.cycles.length - 1;
    must(isLast || cycle.status === 'DONE' || cycle.status === 'ABANDONED', 'one cycle at a time', cycle.id);
  });
  const begun = release.slots.filter(({ status }) => status === 'BEGUN').map(({ id }) => id);
  must(
    begun.sort().join() ===
      release.cycles
        .map(({ slotId }) => slotId)
        .sort()
        .join(),
    'every cycle took one slot',
    begun,
  );
}

/** In each list: what is over, then at most one that is worked on, then what has not begun. */
function checkOrder(release: Release): void {
  const stages = [1, 3, 4].map((stage) => release.tasks.filter((task) => task.stage === stage));
  for (const tasks of [...stages, ...release.cycles.map((cycle) => cycle.tasks)]) {
    const rest = tasks.slice(tasks.findIndex((task) => !isEnded(task)));
    if (tasks.every(isEnded)) continue;
    const waiting = rest.slice(1);
    must(
      waiting.every((task) => task.status === 'PENDING' && task.attempts === 0 && task.claimedUploads === null),
      'no task runs before those ahead of it are over',
      tasks.map(({ type, status }) => `${type} ${status}`),
    );
  }
  const { cron } = release;
  const later = [cron.stage1Status, cron.stage2Status, cron.stage3Status, cron.stage4Status];
  const open = later.findIndex((status) => status !== 'COMPLETED');
  must(open === -1 || later.slice(open + 1).every((status) => status === 'PENDING'), 'stages follow each other', later);
}

const RANK = { PENDING: 0, IN_PROGRESS: 1, COMPLETED: 2 };

function checkProgress(before: Release, after: Release): void {
  for (const stage of ['stage1Status', 'stage2Status', 'stage3Status', 'stage4Status'] as const) {
    must(RANK[after.cron[stage]] >= RANK[before.cron[stage]], 'a stage never goes back', stage);
  }
  const ended = before.status === 'ARCHIVED' || before.status === 'SUBMITTED';
  must(!ended || after.status === before.status, 'what has ended stays so');
  const now = new Map(allTasks(after).map((task) => [task.id, task]));
  for (const task of allTasks(before).filter(isEnded)) {
    must(same(now.get(task.id), task), 'a task that is over never changes', task.id);
  }
  const failed = activeTasks(after).find((task) => task.status === 'FAILED');
  must(!failed || after.status !== 'IN_PROGRESS', 'a failed task stops its release', failed?.id);
}

function checkClaims(world: ModelWorld, before: Release, after: Release): void {
  const claims = allTasks(after).flatMap((task) => Object.values(task.claimedUploads ?? {}));
  must(new Set(claims).size === claims.length, 'no upload is used twice', claims);
  const known = new Map(allTasks(before).map((task) => [task.id, task.claimedUploads]));
  for (const task of allTasks(after)) {
    const earlier = known.get(task.id);
    if (earlier) must(same(earlier, task.claimedUploads), 'a claim never changes', task.id);
    else if (task.claimedUploads) checkNewClaim(world, before, after, task);
  }
}

function checkNewClaim(world: ModelWorld, before: Release, after: Release, task: Task): void {
  const stage = flowTask(task.type).builds?.upload;
  const claimed = Object.entries(task.claimedUploads ?? {});
  const wanted = platformsOf(after, task);
  must(wanted.join() === claimed.map(([platform]) => platform).join(), 'a claim takes one upload a platform', claimed);
  for (const [platform, uploadId] of claimed) {
    const newest = world.uploads.findLast((upload) => upload.stage === stage && upload.platform === platform);
    must(newest?.id === uploadId, 'the newest upload counts', uploadId);
    must(
      before.stagedUploads.some((staged) => staged.uploadId === uploadId),
      'only a staged upload is taken',
      uploadId,
    );
    must(!after.stagedUploads.some((staged) => staged.uploadId === uploadId), 'a taken upload is not staged', uploadId);
  }
}

function checkWindows(release: Release): void {
  const open = openWindows(release);
  const platforms = open.map(({ platform }) => platform);
  must(new Set(platforms).size === platforms.length, 'one stage takes uploads of a platform at a time', open);
  const ended = ['ARCHIVED', 'SUBMITTED', 'COMPLETED'].includes(release.status);
  must(open.length === 0 || (!ended && release.hasManualBuildUpload), 'nothing is taken once it ended, or in CI mode');
  for (const task of activeTasks(release)) {
    const stage = flowTask(task.type).builds?.upload;
    if (!stage || ended) continue;
    for (const platform of platformsOf(release, task)) {
      const { open: isOpen } = uploadWindow(release, stage, platform);
      if (task.status === 'AWAITING_MANUAL_BUILD') must(isOpen, 'a build that is awaited can be handed in', task.id);
      if (task.claimedUploads) must(!isOpen, 'a task that has its builds takes no more', task.id);
    }
  }
}

const DAY_MS = 24 * 3_600_000;

/** At rest nothing is due, and nothing becomes due before the release wants to be looked at again. */
export function checkRest(world: ModelWorld, fractions: readonly number[]): void {
  const { release, now } = world;
  must(decide(release, facts(world), now) === null, 'nothing is due at rest');
  const wake = nextWakeAt(release, facts(world), now);
  const until = wake ? +wake : +now + 3650 * DAY_MS;
  for (const fraction of fractions) {
    const between = shift(now, Math.floor((until - +now) * fraction));
    if (+between >= until) continue;
    const step = decide(release, facts(world), between);
    must(step === null, 'nothing becomes due before the next wake-up', [between, wake, step]);
  }
  if (!wake) return;
  const onTime = decide(release, facts(world), wake) ?? nextWakeAt(release, facts(world), wake);
  must(wake > now && onTime !== null, 'a wake-up finds something, or another one follows', wake);
}

/** Whoever asks why a live release does not move gets an answer. */
export function checkWhy(world: ModelWorld): void {
  const { release, now, config } = world;
  if (release.status === 'ARCHIVED' || release.status === 'COMPLETED') return;
  must(whyWaiting(release, now, config).length > 0, 'a release that rests says what it waits for');
}
