import type { Button } from '@slack/types';
import { flowTask } from '../src/domain/flows/staged.ts';
import type { Release } from '../src/domain/release.ts';
import type { Task } from '../src/domain/task.ts';
import { taskName } from '../src/domain/task-names.ts';
import { failedTask, findTask } from '../src/domain/tasks.ts';
import { actions, context, LIMITS, section } from './blocks/elements.ts';
import { fitMessage } from './blocks/fit.ts';
import { actionButton } from './blocks/release-buttons.ts';
import { releaseName } from './blocks/release-parts.ts';
import { clampText, code, dateToken, mention, peopleText, plural, quote } from './blocks/text.ts';
import type { RenderedContent } from './types.ts';

/** A task failed and the release stands: the provider's own words, what was tried, and the two ways on (Spec 1.7). */
export function taskFailure(release: Release, taskId: string, failure: number): RenderedContent {
  const task = findTask(release, taskId);
  if (!task) return over(`A task that is no longer there failed (${code(taskId)}).`, null);
  const name = peopleText(taskName(task));
  if (task.status !== 'FAILED') return over(`*${name}* failed. ${outcome(task)}`, task);
  if (failure < release.failureCount) return over(`*${name}* failed. It was retried and failed again.`, null);
  if (release.status === 'ARCHIVED') return over(`*${name}* failed. The release was archived.`, task);
  return {
    text: clampText(`${releaseName(release)} stopped: ${name} failed. ${errorText(task, 300)}`, LIMITS.fallbackText),
    blocks: fitMessage([
      section(`❌ *${name}* failed and ${releaseName(release)} is paused.`),
      section(quote(task.error?.message ?? 'No detail was given.', 1_500)),
      context(triedText(task), nextText(task)),
      failedTask(release)?.id === task.id && release.cron.pauseType === 'TASK_FAILURE' ? buttons(release) : null,
    ]),
    settled: false,
  };
}

function buttons(release: Release) {
  const found = [actionButton('RETRY_TASK', release), actionButton('SKIP_TASK', release)];
  return actions(found.filter((each): each is Button => each !== null));
}

function over(text: string, task: Task | null): RenderedContent {
  const detail = task?.error ? [context(`It was: ${errorText(task, 400)}`)] : [];
  return { text, blocks: [section(text), ...detail], settled: true };
}

function outcome(task: Task): string {
  if (task.status === 'SKIPPED') {
    const at = task.endedAt ? ` ${dateToken(task.endedAt)}` : '';
    return task.skip
      ? `⏭️ Skipped by ${mention(task.skip.by)}${at}: ${peopleText(task.skip.reason, 300)}`
      : '⏭️ Skipped.';
  }
  if (task.status === 'COMPLETED')
    return `✅ It was retried and is done${task.endedAt ? ` ${dateToken(task.endedAt)}` : ''}.`;
  return '🔄 It is being tried again.';
}

function errorText(task: Task, max: number): string {
  return peopleText(task.error?.message ?? 'No detail was given.', max);
}

function triedText(task: Task): string {
  const { error } = task;
  if (!error) return 'Nothing is known about the tries.';
  const where = error.source ? `${code(error.source, 80)} · ` : '';
  const kind = error.transient
    ? 'a temporary fault that did not go away'
    : 'trying again without a change will not help';
  return `${where}${plural(error.attempts, 'try', 'tries')}, the last ${dateToken(error.at)} · ${kind}`;
}

function nextText(task: Task): string {
  const retry = 'Retry runs it again; what it already made is kept.';
  if (!flowTask(task.type).skippable) return `${retry} This task cannot be skipped: the release needs it.`;
  return `${retry} Skip goes on without it and asks for a reason.`;
}
