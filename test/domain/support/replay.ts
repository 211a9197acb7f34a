import type { AuditDraft } from '../../../src/domain/audit.ts';
import type { Release } from '../../../src/domain/release.ts';
import { allTasks } from '../../../src/domain/tasks.ts';

/** Where a release stands, as its audit trail alone tells it (Spec 7.1), and as its document says. */
export interface Course {
  status: string;
  pausedBy: string | null;
  stages: Record<string, string>;
  /** by id, in the order they came */
  cycles: Record<string, string>;
  /** those that were begun or ended */
  tasks: Record<string, string>;
  slots: Record<string, string>;
  /** that were granted */
  gates: string[];
}

export function replay(trail: readonly AuditDraft[], releaseId: string): Course {
  const course: Course = {
    status: 'PENDING',
    pausedBy: null,
    stages: {},
    cycles: {},
    tasks: {},
    slots: {},
    gates: [],
  };
  const reminded = trail.some(({ action }) => action === 'PRE_KICK_OFF_REMINDED');
  const reminder = { id: `${releaseId}.s1.PRE_KICK_OFF_REMINDER`, status: reminded ? 'COMPLETED' : 'SKIPPED' };
  for (const entry of trail) step(course, entry, reminder);
  return course;
}

const TASK_STATUS: Record<string, string> = {
  TASK_STARTED: 'IN_PROGRESS',
  TASK_COMPLETED: 'COMPLETED',
  TASK_SKIPPED: 'SKIPPED',
  TASK_DELAYED: 'IN_PROGRESS',
  TASK_FAILED: 'FAILED',
  TASK_RETRIED: 'PENDING',
  TASK_AWAITS_BUILDS: 'AWAITING_MANUAL_BUILD',
  TASK_AWAITS_CONFIRMATION: 'AWAITING_CALLBACK',
};
const CYCLE_STATUS: Record<string, string> = {
  CYCLE_CREATED: 'NOT_STARTED',
  CYCLE_STARTED: 'IN_PROGRESS',
  CYCLE_DONE: 'DONE',
  CYCLE_ABANDONED: 'ABANDONED',
};

/** `reminder`: a task that is over when its stage begins. */
function step(
  course: Course,
  { action, subject, actor, detail }: AuditDraft,
  reminder: { id: string; status: string },
): void {
  const id = subject ?? '';
  const task = TASK_STATUS[action];
  if (task) course.tasks[id] = task;
  const cycle = CYCLE_STATUS[action];
  if (cycle) course.cycles[id] = cycle;
  switch (action) {
    case 'RELEASE_CREATED':
      for (const [index] of String(detail['slots']).split(', ').filter(Boolean).entries()) {
        course.slots[`slot_${index + 1}`] = 'SCHEDULED';
      }
      return;
    case 'STAGE_STARTED':
      course.stages[id] = 'IN_PROGRESS';
      course.status = 'IN_PROGRESS';
      if (id === 'stage1') course.tasks[reminder.id] = reminder.status;
      return;
    case 'STAGE_COMPLETED':
      course.stages[id] = 'COMPLETED';
      if (id === 'stage4') course.status = 'SUBMITTED';
      return;
    case 'TASK_FAILED':
      if (course.status === 'IN_PROGRESS' && isWorkedOn(course, id)) pause(course, 'slipway');
      return;
    case 'TASK_SKIPPED':
    case 'TASK_RETRIED':
      if (actor !== 'slipway') goOn(course);
      return;
    case 'RELEASE_PAUSED':
      pause(course, actor);
      return;
    case 'RELEASE_RESUMED':
      // What failed during the pause stops it again.
      if (hasFailed(course)) pause(course, 'slipway');
      else goOn(course);
      return;
    case 'RELEASE_ARCHIVED':
      course.status = 'ARCHIVED';
      course.pausedBy = null;
      return;
    case 'CYCLE_CREATED':
      course.slots[String(detail['slotId'])] = 'BEGUN';
      return;
    case 'SLOT_ADDED':
    case 'SLOT_MOVED':
      course.slots[id] = 'SCHEDULED';
      return;
    case 'SLOT_REMOVED':
      delete course.slots[id];
      return;
    case 'SLOT_MISSED':
      course.slots[id] = 'ASKED';
      return;
    case 'MISSED_SLOT_ANSWERED':
      course.slots[id] = detail['answer'] === 'RUN_NOW' ? 'SCHEDULED' : 'DROPPED';
      return;
    case 'CYCLES_SKIPPED':
      for (const [slot, status] of Object.entries(course.slots)) {
        if (status !== 'BEGUN') course.slots[slot] = 'DROPPED';
      }
      return;
    case 'GATE_GRANTED':
      course.gates.push(id);
  }
}

function pause(course: Course, by: string): void {
  course.status = 'PAUSED';
  course.pausedBy = by;
}

function goOn(course: Course): void {
  course.status = 'IN_PROGRESS';
  course.pausedBy = null;
}

function hasFailed(course: Course): boolean {
  return Object.entries(course.tasks).some(([id, status]) => status === 'FAILED' && isWorkedOn(course, id));
}

/** A task of a cycle that was abandoned may still end. */
function isWorkedOn(course: Course, taskId: string): boolean {
  const [, cycleId] = /^(.*\.c\d+)\./.exec(taskId) ?? [];
  return cycleId === undefined || course.cycles[cycleId] === 'IN_PROGRESS';
}

export function courseOf(release: Release): Course {
  const { cron } = release;
  const stages = {
    stage1: cron.stage1Status,
    stage2: cron.stage2Status,
    stage3: cron.stage3Status,
    stage4: cron.stage4Status,
  };
  return {
    status: release.status,
    pausedBy: release.pause?.by ?? null,
    stages: Object.fromEntries(Object.entries(stages).filter(([, status]) => status !== 'PENDING')),
    cycles: Object.fromEntries(release.cycles.map(({ id, status }) => [id, status])),
    tasks: Object.fromEntries(
      allTasks(release).flatMap(({ id, status }) => (status === 'PENDING' ? [] : [[id, status]])),
    ),
    slots: Object.fromEntries(release.slots.map(({ id, status }) => [id, status])),
    gates: release.gates.flatMap(({ id, status }) => (status === 'GRANTED' ? [id] : [])),
  };
}
