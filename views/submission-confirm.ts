import type { Button } from '@slack/types';
import { buildsAtGate } from '../src/domain/gate-rules.ts';
import { describeVersions, PLATFORM_NAMES } from '../src/domain/names.ts';
import type { Platform, Release } from '../src/domain/release.ts';
import { findTask } from '../src/domain/tasks.ts';
import { storeName, whyWaiting } from '../src/domain/why.ts';
import { actions, button, confirm, context, LIMITS, section } from './blocks/elements.ts';
import { fitMessage, list, type Part } from './blocks/fit.ts';
import { buildLine, releaseName } from './blocks/release-parts.ts';
import { clampText, dateToken, mention, peopleText } from './blocks/text.ts';
import { encodeActionValue, TASK_ACTIONS } from './ids.ts';
import type { MayUse, RenderedContent } from './types.ts';

/** No store is connected: a person submits by hand and says so here (Spec 1.5). */
export function submissionConfirm(release: Release, taskId: string, platform: Platform): RenderedContent {
  const task = findTask(release, taskId);
  const what = peopleText(describeVersions(release.targets.filter((target) => target.platform === platform)), 80);
  const where = storeName(platform);
  if (task?.confirmation) {
    const { by, at } = task.confirmation;
    const text = `✅ ${what} was submitted to ${where}. Confirmed by ${mention(by)} ${dateToken(at)}.`;
    return { text, blocks: [section(text)], settled: true };
  }
  if (!task || release.status === 'ARCHIVED' || task.status === 'SKIPPED' || task.status === 'COMPLETED') {
    const text = `The submission of ${what} to ${where} is not awaited any more.`;
    return { text, blocks: [section(text)], settled: true };
  }
  const text = `${releaseName(release)}: submit ${what} to ${where} by hand, then confirm it here.`;
  const builds = buildsAtGate(release, 'submission').filter((build) => build.platform === platform);
  const paused = release.status === 'PAUSED' ? context('The release is paused; it goes on after it is resumed.') : null;
  return {
    text: clampText(text, LIMITS.fallbackText),
    blocks: fitMessage([
      section(`*Submit ${what} to ${where}*\nNo store is connected for it. Submit this build by hand, then confirm.`),
      list('Build', builds.map(buildLine)),
      paused,
      actions([confirmSubmissionButton(release, taskId, platform)]),
    ]),
    settled: false,
  };
}

/** On a card of the whole release: submissions by hand that wait for a confirmation. One action id, so one block each. */
export function confirmations(release: Release, now: Date, mayUse: MayUse): Part[] {
  if (release.status !== 'IN_PROGRESS' || !mayUse('CONFIRM_SUBMISSION', release)) return [];
  return whyWaiting(release, now).flatMap(({ clear }) => {
    if (clear?.action !== 'CONFIRM_SUBMISSION' || !clear.taskId || !clear.platform) return [];
    const label = `${PLATFORM_NAMES[clear.platform]} is submitted`;
    return [actions([confirmSubmissionButton(release, clear.taskId, clear.platform, label)])];
  });
}

/** `label` where the button does not stand beside what it is about. */
export function confirmSubmissionButton(
  release: Release,
  taskId: string,
  platform: Platform,
  label = 'I have submitted it',
): Button {
  const what = peopleText(describeVersions(release.targets.filter((target) => target.platform === platform)), 80);
  const text = `You say that ${what} was submitted to ${storeName(platform)}. The release then goes on and announces it.`;
  return button(TASK_ACTIONS.confirmSubmission, label, encodeActionValue({ releaseId: release.id, taskId, platform }), {
    style: 'primary',
    confirm: confirm('Was it submitted?', text, 'It was submitted'),
  });
}
