import { confirmSubmission, retryTask, skipTask } from '../../domain/changes/tasks.ts';
import { flowTask } from '../../domain/flows/staged.ts';
import { PLATFORM_NAMES } from '../../domain/names.ts';
import type { Platform, Release } from '../../domain/release.ts';
import { deriveStatus } from '../../domain/status.ts';
import type { Task } from '../../domain/task.ts';
import { taskName } from '../../domain/task-names.ts';
import { activeTasks, failedTask, findTask } from '../../domain/tasks.ts';
import { Refusal } from '../../shared/errors.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext, Intents } from '../index.ts';
import { byOf, personName, recordFact, requireAct, requireAction, requireReason, withPlan } from './intent.ts';

/** The failed task, and submissions made by hand (Spec 1.5, 1.7). */

export async function retry(
  deps: Deps,
  input: Parameters<Intents['retryTask']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'RETRY_TASK');
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    const task = theFailedTask(release, input.taskId);
    requireAction(release, 'RETRY_TASK', now);
    return withPlan(retryTask(release, task, byOf(context), now), 'RETRY_TASK', release);
  });
}

export async function skip(
  deps: Deps,
  input: Parameters<Intents['skipTask']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'SKIP_TASK');
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    const task = theFailedTask(release, input.taskId);
    requireAction(release, 'SKIP_TASK', now);
    if (!flowTask(task.type).skippable) {
      throw new Refusal(
        'ACTION_NOT_AVAILABLE',
        `${taskName(task)} cannot be skipped: the release needs it. Retry it, or archive the release.`,
      );
    }
    const change = skipTask(release, task, requireReason(input.reason, 'skip a task'), byOf(context), now);
    return withPlan(change, 'SKIP_TASK', release);
  });
}

/** A button on a message names its task: when that one has moved on, the click does nothing but say so. */
function theFailedTask(release: Release, taskId: string | null): Task {
  const named = taskId ? findTask(release, taskId) : null;
  if (named && named.status !== 'FAILED') {
    const by = named.skip ? ` by ${personName(named.skip.by)}` : '';
    const words = named.status.toLowerCase().replaceAll('_', ' ');
    throw new Refusal('STALE', `${taskName(named)} has moved on: it is ${words}${by}.`);
  }
  const task = named ?? failedTask(release);
  if (!task) {
    throw new Refusal('ACTION_NOT_AVAILABLE', 'No task of this release has failed: there is nothing to retry or skip.');
  }
  return task;
}

export async function confirm(
  deps: Deps,
  input: Parameters<Intents['confirmSubmission']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'CONFIRM_SUBMISSION');
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    const task = awaitingConfirmation(release, input.platform, now);
    return confirmSubmission(release, task, byOf(context), now);
  });
}

function awaitingConfirmation(release: Release, platform: Platform | null, now: Date): Task {
  const waiting = activeTasks(release).filter((task) => task.status === 'AWAITING_CALLBACK' && !task.confirmation);
  const task = waiting.find((candidate) => !platform || flowTask(candidate.type).platform === platform);
  if (task) return task;
  const confirmed = release.tasks.find(
    (candidate) => candidate.confirmation && flowTask(candidate.type).platform === platform,
  );
  if (confirmed?.confirmation && platform) {
    throw new Refusal(
      'STALE',
      `${PLATFORM_NAMES[platform]} was already marked as submitted by ${personName(confirmed.confirmation.by)}.`,
    );
  }
  const what = platform ? `${PLATFORM_NAMES[platform]} submission` : 'submission';
  throw new Refusal(
    'ACTION_NOT_AVAILABLE',
    `No ${what} waits for a confirmation: ${deriveStatus(release, now).displayText}.`,
  );
}
