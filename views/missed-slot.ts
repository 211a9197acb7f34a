import { cycleLabel } from '../src/domain/names.ts';
import type { Release } from '../src/domain/release.ts';
import type { Slot } from '../src/domain/slot.ts';
import { actions, button, confirm, context, LIMITS, section } from './blocks/elements.ts';
import { fitMessage } from './blocks/fit.ts';
import { releaseName } from './blocks/release-parts.ts';
import { clampText, dateToken, mention } from './blocks/text.ts';
import { encodeActionValue, SLOT_ACTIONS } from './ids.ts';
import type { RenderedContent } from './types.ts';

/** A slot could not begin in time: run it now, fold it into the next one, or drop it (Spec 1.4). */
export function missedSlot(release: Release, content: { slotId: string; slotAt: string }): RenderedContent {
  const slotAt = new Date(content.slotAt);
  const slot = release.slots.find((candidate) => candidate.id === content.slotId) ?? null;
  const when = dateToken(slotAt);
  const isAsked = slot?.status === 'ASKED' && slot.at.getTime() === slotAt.getTime();
  if (!isAsked || release.status === 'ARCHIVED') {
    const text = `The regression cycle planned for ${when} did not start in time. ${outcome(release, slot, slotAt)}`;
    return { text, blocks: [section(text)], settled: true };
  }
  const label = cycleLabel((release.cycles.at(-1)?.number ?? 0) + 1);
  const next = release.slots.find((candidate) => candidate.at > slotAt && candidate.status === 'SCHEDULED') ?? null;
  return {
    text: clampText(
      `${releaseName(release)}: ${label} planned for ${when} did not start in time. Run it now${next ? ', fold it into the next one' : ''} or drop it?`,
      LIMITS.fallbackText,
    ),
    blocks: fitMessage([
      section(`❓ *${label} did not start in time*\nIt was planned for ${when}. What should happen with it?`),
      section(explain(label, next)),
      release.status === 'PAUSED' ? context('The release is paused; a cycle runs only after it is resumed.') : null,
      actions(answers(release, slot, label, next)),
    ]),
    settled: false,
  };
}

function explain(label: string, next: Slot | null): string {
  return [
    `• *Run now*: ${label} starts at once.`,
    ...(next
      ? [
          `• *Fold into the next*: no cycle for this slot; its changes are tested in the cycle of ${dateToken(next.at)}.`,
        ]
      : []),
    next
      ? '• *Drop*: this slot is given up; the other slots stay as they are.'
      : '• *Drop*: this slot is given up. It is the last one: regression is then complete and the pre-release gate opens.',
  ].join('\n');
}

function answers(release: Release, slot: Slot, label: string, next: Slot | null) {
  const value = encodeActionValue({ releaseId: release.id, slotId: slot.id });
  const run = confirm(
    `Run ${label} now?`,
    `${label} starts at once: it tags the release branch, takes the builds and announces them.`,
    'Run now',
  );
  const fold =
    next &&
    confirm('Fold into the next cycle?', `No cycle for this slot. The next one is ${dateToken(next.at)}.`, 'Fold');
  const end = next ? '' : ' Regression is then complete and the pre-release gate opens.';
  const drop = confirm('Drop this slot?', `No cycle runs for it.${end}`, 'Drop', 'danger');
  return [
    button(SLOT_ACTIONS.runNow, 'Run now', value, { style: 'primary', confirm: run }),
    ...(fold ? [button(SLOT_ACTIONS.fold, 'Fold into the next', value, { confirm: fold })] : []),
    button(SLOT_ACTIONS.drop, 'Drop', value, { style: 'danger', confirm: drop }),
  ];
}

function outcome(release: Release, slot: Slot | null, slotAt: Date): string {
  if (release.status === 'ARCHIVED') return 'The release was archived.';
  if (!slot) return '⏭️ The slot was removed.';
  if (slot.at.getTime() !== slotAt.getTime()) return `🗓️ It was moved to ${dateToken(slot.at)}.`;
  const decided = slot.answer ? `${mention(slot.answer.by)} decided ${dateToken(slot.answer.at)}` : 'Decided';
  if (slot.answer?.answer === 'FOLD') return `⏭️ ${decided}: fold it into the next cycle.`;
  if (slot.status === 'DROPPED') return `⏭️ ${decided}: no cycle for this slot.`;
  const began = slot.cycleNumber ? ` It became ${cycleLabel(slot.cycleNumber)}.` : ' It starts within a minute.';
  return `▶️ ${decided}: run now.${began}`;
}
