import type { KnownBlock } from '@slack/types';
import { awaitingGate } from '../src/domain/gate-rules.ts';
import type { Release } from '../src/domain/release.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import { deriveStatus } from '../src/domain/status.ts';
import { type WhyClear, type WhyItem, whyWaiting } from '../src/domain/why.ts';
import { button, confirm, LIMITS, section } from './blocks/elements.ts';
import { fitMessage } from './blocks/fit.ts';
import { everyone } from './blocks/may-use.ts';
import { actionButton, canApprove } from './blocks/release-buttons.ts';
import { releaseName, whyText } from './blocks/release-parts.ts';
import { ageText, clampText, peopleText } from './blocks/text.ts';
import { encodeActionValue, RELEASE_ACTIONS, SLOT_ACTIONS } from './ids.ts';
import { confirmSubmissionButton } from './submission-confirm.ts';
import type { MayUse, Rendered } from './types.ts';

/** What a release waits for: each unmet condition with whose it is, how long, and the one button that clears it. */
export function whyCard(
  release: Release,
  now: Date,
  mayUse: MayUse = everyone,
  config: ReleaseConfig | null = null,
): Rendered {
  const items = whyWaiting(release, now, config);
  const status = peopleText(deriveStatus(release, now).displayText);
  const title = `${releaseName(release)}: ${status}`;
  if (items.length === 0) {
    return { text: title, blocks: [section(`*${title}*`), section('It waits for nothing.')] };
  }
  return {
    text: clampText(
      `${title} · ${items.map((item) => peopleText(item.condition, 120)).join(' · ')}`,
      LIMITS.fallbackText,
    ),
    blocks: fitMessage([section(`*${title}*`), ...items.map((item) => itemBlock(release, item, now, mayUse))]),
  };
}

function itemBlock(release: Release, item: WhyItem, now: Date, mayUse: MayUse): KnownBlock {
  const age = item.since && item.since <= now ? ` · for ${ageText(item.since, now)}` : '';
  const clear = item.clear && allowed(item.clear, release, mayUse) ? clearButton(release, item.clear) : null;
  return section(`• ${whyText(item)}${age}`, clear ?? undefined);
}

function allowed(clear: WhyClear, release: Release, mayUse: MayUse): boolean {
  return mayUse(clear.action === 'RUN_SLOT_NOW' ? 'ANSWER_MISSED_SLOT' : clear.action, release);
}

function clearButton(release: Release, clear: WhyClear) {
  const { action } = clear;
  const named = {
    releaseId: release.id,
    ...(clear.slotId ? { slotId: clear.slotId } : {}),
    ...(clear.stage ? { stage: clear.stage } : {}),
    ...(clear.platform ? { platform: clear.platform } : {}),
  };
  if (action === 'UPLOAD') return button(RELEASE_ACTIONS.upload, clear.label, encodeActionValue(named));
  if (action === 'RUN_SLOT_NOW') {
    const ask = confirm(
      'Run it now?',
      'The regression cycle starts at once: it tags the branch and takes the builds.',
      'Run now',
    );
    return button(SLOT_ACTIONS.runNow, clear.label, encodeActionValue(named), { confirm: ask });
  }
  if (action === 'CONFIRM_SUBMISSION') {
    return clear.taskId && clear.platform ? confirmSubmissionButton(release, clear.taskId, clear.platform) : null;
  }
  if (action === 'TRIGGER_STAGE_3' || action === 'TRIGGER_STAGE_4') {
    const gate = awaitingGate(release);
    if (!gate || !canApprove(gate)) return null;
  }
  return actionButton(action, release);
}
