import { auditEntry, type By, type Change, ENGINE, message, patched } from '../change.ts';
import { flowTask } from '../flows/staged.ts';
import type { MessageDraft } from '../message.ts';
import { PLATFORM_NAMES } from '../names.ts';
import type { Platform, Release } from '../release.ts';
import type { Task, TaskError, TaskOutputs, TaskType } from '../task.ts';
import { activeTasks, missingPlatforms, stagedUpload, withTask } from '../tasks.ts';

/** What happens to a task, as pure changes of its release (Spec 1.6, 1.7). */

/** It was being worked on when its instance died or stopped; a try that met a fault has a `nextTryAt`. */
export function isInterrupted(task: Task): boolean {
  return task.status === 'IN_PROGRESS' && task.nextTryAt === null && task.attempts > 0;
}

/**
 * The task is being worked on: stored before anything is done outside. One that was being worked on when its instance died is
 * taken up again: that is the same attempt, so that deaths do not use up the tries that provider faults have.
 */
export function startTask(release: Release, task: Task, now: Date): Change {
  const next = withTask(release, task.id, {
    status: 'IN_PROGRESS',
    startedAt: task.startedAt ?? now,
    attempts: isInterrupted(task) ? task.attempts : task.attempts + 1,
    nextTryAt: null,
  });
  const first = task.status === 'PENDING' || task.startedAt === null;
  return {
    release: patched(next, now, {}),
    messages: [],
    audit: first ? [auditEntry(ENGINE, now, { action: 'TASK_STARTED', subject: task.id })] : [],
  };
}

export function completeTask<T extends TaskType>(
  release: Release,
  task: Task<T>,
  result: { output: TaskOutputs[T]; messages: MessageDraft[] },
  now: Date,
): Change {
  const next = withTask(release, task.id, {
    status: 'COMPLETED',
    output: result.output,
    endedAt: now,
    nextTryAt: null,
    missing: [],
  });
  return {
    release: patched(next, now, {}),
    // What a release that was stopped meanwhile would have announced is no longer true.
    messages: isActive(release, task) ? result.messages : [],
    audit: [auditEntry(ENGINE, now, { action: 'TASK_COMPLETED', subject: task.id })],
  };
}

export function passOverTask(release: Release, task: Task, reason: string, now: Date): Change {
  const next = withTask(release, task.id, {
    status: 'SKIPPED',
    skip: { by: ENGINE.actor, reason },
    startedAt: task.startedAt ?? now,
    endedAt: now,
    nextTryAt: null,
  });
  return {
    release: patched(next, now, {}),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'TASK_SKIPPED', subject: task.id, reason })],
  };
}

export interface TaskFault {
  message: string;
  source: string | null;
  transient: boolean;
}

function taskError(task: Task, fault: TaskFault, now: Date): TaskError {
  return { ...fault, attempts: task.attempts, at: now };
}

/** A transient fault: the task is tried again at `nextTryAt`. */
export function delayTask(release: Release, task: Task, fault: TaskFault, nextTryAt: Date, now: Date): Change {
  const next = withTask(release, task.id, { nextTryAt, error: taskError(task, fault, now) });
  return {
    release: patched(next, now, {}),
    messages: [],
    audit: [
      auditEntry(ENGINE, now, {
        action: 'TASK_DELAYED',
        subject: task.id,
        reason: fault.message,
        detail: { attempt: task.attempts, nextTryAt: nextTryAt.toISOString() },
      }),
    ],
  };
}

/** The task failed for good: the release is PAUSED with one message and RETRY_TASK and SKIP_TASK (Spec 1.7). */
export function failTask(release: Release, task: Task, fault: TaskFault, now: Date): Change {
  const failureCount = release.failureCount + 1;
  const active = isActive(release, task);
  const pauses = active && release.status === 'IN_PROGRESS';
  const next = withTask(release, task.id, {
    status: 'FAILED',
    endedAt: now,
    nextTryAt: null,
    error: taskError(task, fault, now),
  });
  const patch: Partial<Release> = { failureCount };
  if (pauses) {
    patch.status = 'PAUSED';
    patch.cron = { ...release.cron, status: 'PAUSED', pauseType: 'TASK_FAILURE' };
    patch.pause = { by: ENGINE.actor, reason: fault.message, at: now };
  }
  return {
    release: patched(next, now, patch),
    messages: active
      ? [
          message(
            release,
            `${taskOccasion(task)}:failed:${failureCount}`,
            { kind: 'TASK_FAILED', taskId: task.id, failure: failureCount },
            { broadcast: true },
          ),
        ]
      : [],
    audit: [
      auditEntry(ENGINE, now, {
        action: 'TASK_FAILED',
        subject: task.id,
        reason: fault.message,
        detail: { source: fault.source, attempts: task.attempts },
      }),
    ],
  };
}

/** PENDING -> AWAITING_MANUAL_BUILD, with the one message of this wait (Spec 1.6). */
export function awaitBuilds(release: Release, task: Task, now: Date): Change {
  const entry = flowTask(task.type);
  const upload = entry.builds?.upload ?? 'REGRESSION';
  const missing = missingPlatforms(release, task, upload);
  const next = withTask(release, task.id, {
    status: 'AWAITING_MANUAL_BUILD',
    startedAt: task.startedAt ?? now,
    missing,
    announced: true,
  });
  const content = {
    kind: 'MISSING_BUILDS',
    text: missingText(task, missing),
    stage: upload,
    platforms: missing,
  } as const;
  return {
    release: patched(next, now, {}),
    messages: [message(release, `${taskOccasion(task)}:missing`, content, { channel: 'releases' })],
    audit: [
      auditEntry(ENGINE, now, {
        action: 'TASK_AWAITS_BUILDS',
        subject: task.id,
        detail: { missing: missing.join(', ') },
      }),
    ],
  };
}

/** `Missing PRE_REGRESSION builds for: ANDROID, IOS` and its kin, word for word (Spec 1.6). */
export function missingText(task: Task, missing: readonly Platform[]): string {
  const list = missing.join(', ');
  if (task.type === 'TRIGGER_PRE_REGRESSION_BUILDS') return `Missing PRE_REGRESSION builds for: ${list}`;
  if (task.type === 'TRIGGER_REGRESSION_BUILDS') {
    return `Cycle ${task.cycleNumber}: Missing REGRESSION builds for: ${list}`;
  }
  if (task.type === 'TRIGGER_TEST_FLIGHT_BUILD') return 'Missing TestFlight build for iOS';
  if (task.type === 'CREATE_AAB_BUILD') return 'Missing AAB build for Android';
  return `Missing pre-release build for ${missing.map((platform) => PLATFORM_NAMES[platform]).join(', ')}`;
}

/**
 * All builds are there: they leave the staged uploads and belong to this task, in one write. From here on no other
 * task can take them and the window is closed; their records follow (Spec 3.1).
 */
export function claimBuilds(release: Release, task: Task, platforms: readonly Platform[], now: Date): Change {
  const upload = flowTask(task.type).builds?.upload ?? 'REGRESSION';
  const claimed: Partial<Record<Platform, string>> = {};
  for (const platform of platforms) {
    const staged = stagedUpload(release, upload, platform);
    if (staged) claimed[platform] = staged.uploadId;
  }
  const taken = new Set(Object.values(claimed));
  const next = withTask(release, task.id, {
    claimedUploads: claimed,
    missing: [],
    startedAt: task.startedAt ?? now,
    status: task.status === 'PENDING' ? 'PENDING' : 'IN_PROGRESS',
  });
  return {
    release: patched(next, now, {
      stagedUploads: release.stagedUploads.filter((staged) => !taken.has(staged.uploadId)),
    }),
    messages: [],
    audit: [auditEntry(ENGINE, now, { action: 'BUILDS_CLAIMED', subject: task.id, detail: { ...claimed } })],
  };
}

/** No store is connected: a person is asked to submit by hand and to say so (Spec 1.5). */
export function awaitConfirmation(release: Release, task: Task, platform: Platform, now: Date): Change {
  const next = withTask(release, task.id, {
    status: 'AWAITING_CALLBACK',
    startedAt: task.startedAt ?? now,
    announced: true,
  });
  return {
    release: patched(next, now, {}),
    messages: [
      message(release, `${taskOccasion(task)}:confirm`, { kind: 'CONFIRM_SUBMISSION', taskId: task.id, platform }),
    ],
    audit: [auditEntry(ENGINE, now, { action: 'TASK_AWAITS_CONFIRMATION', subject: task.id })],
  };
}

export function confirmSubmission(release: Release, task: Task, by: By, now: Date): Change {
  return {
    release: patched(withTask(release, task.id, { confirmation: { by: by.actor, at: now } }), now, {}),
    messages: [],
    audit: [auditEntry(by, now, { action: 'SUBMISSION_CONFIRMED', subject: task.id })],
  };
}

/** The failed task starts again from the same idempotent start; the release goes on. */
export function retryTask(release: Release, task: Task, by: By, now: Date): Change {
  const next = withTask(release, task.id, { status: 'PENDING', attempts: 0, nextTryAt: null, endedAt: null });
  return {
    release: patched(next, now, goesOn(release)),
    messages: [
      message(release, `${taskOccasion(task)}:retried:${release.failureCount}`, {
        kind: 'TASK_RETRIED',
        taskId: task.id,
        by: by.actor,
      }),
    ],
    audit: [auditEntry(by, now, { action: 'TASK_RETRIED', subject: task.id })],
  };
}

export function skipTask(release: Release, task: Task, reason: string, by: By, now: Date): Change {
  const next = withTask(release, task.id, { status: 'SKIPPED', skip: { by: by.actor, reason }, endedAt: now });
  return {
    release: patched(next, now, goesOn(release)),
    messages: [
      message(release, `${taskOccasion(task)}:skipped`, {
        kind: 'TASK_SKIPPED',
        taskId: task.id,
        by: by.actor,
        reason,
      }),
    ],
    audit: [auditEntry(by, now, { action: 'TASK_SKIPPED', subject: task.id, reason })],
  };
}

function goesOn(release: Release): Partial<Release> {
  return {
    status: 'IN_PROGRESS',
    cron: { ...release.cron, status: 'RUNNING', pauseType: 'NONE' },
    pause: null,
  };
}

/** Whether the release still works on this task's stage or cycle. */
function isActive(release: Release, task: Task): boolean {
  if (release.status === 'ARCHIVED') return false;
  return activeTasks(release).some((candidate) => candidate.id === task.id);
}

/** The part of a message key that names the task: its id without the release's. */
export function taskOccasion(task: Task): string {
  return task.id.slice(task.id.indexOf('.') + 1);
}
