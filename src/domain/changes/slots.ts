import { auditEntry, type By, type Change, ENGINE, message, patched } from '../change.ts';
import type { Platform, Release } from '../release.ts';
import type { ReleaseConfig } from '../release-config.ts';
import type { MissedSlotAnswer, Slot } from '../slot.ts';
import { currentCycle } from '../status.ts';
import { withCycle } from '../tasks.ts';
import { completeRegressionIfOver } from './stages.ts';

/** What happens to slots and, by a person's word, to cycles (Spec 1.1, 1.4). */

export function newSlot(id: string, at: Date): Slot {
  return { id, at, status: 'SCHEDULED', cycleNumber: null, answer: null, reminderDoneAt: null };
}

function ascending(slots: Slot[]): Slot[] {
  return [...slots].sort((a, b) => a.at.getTime() - b.at.getTime());
}

function withSlot(release: Release, slotId: string, patch: Partial<Slot>): Slot[] {
  return release.slots.map((slot) => (slot.id === slotId ? { ...slot, ...patch } : slot));
}

export function addSlot(release: Release, slot: Slot, by: By, now: Date): Change {
  return {
    release: patched(release, now, { slots: ascending([...release.slots, slot]) }),
    messages: [slotChanged(release, 'ADDED', slot, null, by)],
    audit: [auditEntry(by, now, { action: 'SLOT_ADDED', subject: slot.id, detail: { at: slot.at.toISOString() } })],
  };
}

export function moveSlot(release: Release, slot: Slot, at: Date, by: By, now: Date): Change {
  const moved = withSlot(release, slot.id, { at, status: 'SCHEDULED', answer: null, reminderDoneAt: null });
  return {
    release: patched(release, now, { slots: ascending(moved) }),
    messages: [slotChanged(release, 'MOVED', { ...slot, at }, slot.at, by)],
    audit: [
      auditEntry(by, now, {
        action: 'SLOT_MOVED',
        subject: slot.id,
        detail: { from: slot.at.toISOString(), at: at.toISOString() },
      }),
    ],
  };
}

export function removeSlot(release: Release, slot: Slot, config: ReleaseConfig, by: By, now: Date): Change {
  const change: Change = {
    release: patched(release, now, { slots: release.slots.filter((candidate) => candidate.id !== slot.id) }),
    messages: [slotChanged(release, 'REMOVED', slot, null, by)],
    audit: [auditEntry(by, now, { action: 'SLOT_REMOVED', subject: slot.id, detail: { at: slot.at.toISOString() } })],
  };
  return completeRegressionIfOver(change, config, now);
}

function slotChanged(release: Release, change: 'ADDED' | 'MOVED' | 'REMOVED', slot: Slot, from: Date | null, by: By) {
  // Numbered by the audit trail: two changes in one instant are two messages.
  return message(release, `slot:${slot.id}:${change.toLowerCase()}:${release.auditSeq}`, {
    kind: 'SLOT_CHANGED',
    change,
    at: slot.at.toISOString(),
    from: from?.toISOString() ?? null,
    by: by.actor,
  });
}

/** The slot could not begin within its grace: people are asked, nothing begins silently (Spec 1.4). */
export function askAboutMissedSlot(release: Release, slot: Slot, now: Date): Change {
  const next = release.slots.find((candidate) => candidate.at > slot.at && candidate.status === 'SCHEDULED');
  return {
    release: patched(release, now, { slots: withSlot(release, slot.id, { status: 'ASKED' }) }),
    messages: [
      message(
        release,
        `slot:${slot.id}:missed:${slot.at.getTime()}`,
        {
          kind: 'MISSED_SLOT',
          slotId: slot.id,
          slotAt: slot.at.toISOString(),
          nextSlotAt: next?.at.toISOString() ?? null,
        },
        { broadcast: true },
      ),
    ],
    audit: [auditEntry(ENGINE, now, { action: 'SLOT_MISSED', subject: slot.id })],
  };
}

export function answerMissedSlot(
  release: Release,
  slot: Slot,
  answer: MissedSlotAnswer,
  config: ReleaseConfig,
  by: By,
  now: Date,
): Change {
  const patch: Partial<Slot> = {
    status: answer === 'RUN_NOW' ? 'SCHEDULED' : 'DROPPED',
    answer: { answer, by: by.actor, at: now },
  };
  const change: Change = {
    release: patched(release, now, { slots: withSlot(release, slot.id, patch) }),
    messages: [
      message(release, `slot:${slot.id}:answered:${slot.at.getTime()}`, {
        kind: 'MISSED_SLOT_ANSWERED',
        answer,
        by: by.actor,
        slotAt: slot.at.toISOString(),
      }),
    ],
    audit: [auditEntry(by, now, { action: 'MISSED_SLOT_ANSWERED', subject: slot.id, detail: { answer } })],
  };
  return completeRegressionIfOver(change, config, now);
}

/** The missing-build reminder of a slot: once per slot, and nothing is said when nothing is missing (Spec 7.3). */
export function remindMissingBuilds(release: Release, slot: Slot, missing: Platform[], now: Date): Change {
  const cycleNumber = (currentCycle(release)?.number ?? 0) + 1;
  const content = {
    kind: 'MISSING_BUILDS_REMINDER',
    cycleNumber,
    slotAt: slot.at.toISOString(),
    platforms: missing,
  } as const;
  const sends = missing.length > 0;
  return {
    release: patched(release, now, { slots: withSlot(release, slot.id, { reminderDoneAt: now }) }),
    messages: sends ? [message(release, `slot:${slot.id}:missing-builds:${slot.at.getTime()}`, content)] : [],
    audit: sends ? [auditEntry(ENGINE, now, { action: 'MISSING_BUILDS_REMINDED', subject: slot.id })] : [],
  };
}

/** The running cycle ends as ABANDONED; what it waited for is no longer awaited. */
export function abandonCycle(
  release: Release,
  reason: string | null,
  config: ReleaseConfig,
  by: By,
  now: Date,
): Change {
  const cycle = currentCycle(release);
  if (!cycle) return { release, messages: [], audit: [] };
  const change: Change = {
    release: patched(withCycle(release, cycle.id, { status: 'ABANDONED', endedAt: now }), now, {}),
    messages: [
      message(
        release,
        `c${cycle.number}:abandoned`,
        { kind: 'CYCLE_ABANDONED', cycleNumber: cycle.number, by: by.actor, reason },
        { broadcast: true },
      ),
    ],
    audit: [auditEntry(by, now, { action: 'CYCLE_ABANDONED', subject: cycle.id, reason })],
  };
  return completeRegressionIfOver(change, config, now);
}

/** All slots that have not begun are dropped and the stage is complete. */
export function skipRemainingCycles(
  release: Release,
  reason: string | null,
  config: ReleaseConfig,
  by: By,
  now: Date,
): Change {
  const pending = release.slots.filter((slot) => slot.status === 'SCHEDULED' || slot.status === 'ASKED');
  const ids = new Set(pending.map((slot) => slot.id));
  const change: Change = {
    release: patched(release, now, {
      slots: release.slots.map((slot) => (ids.has(slot.id) ? { ...slot, status: 'DROPPED' } : slot)),
    }),
    messages: [
      message(
        release,
        'cycles-skipped',
        { kind: 'CYCLES_SKIPPED', count: pending.length, by: by.actor, reason },
        { broadcast: true },
      ),
    ],
    audit: [auditEntry(by, now, { action: 'CYCLES_SKIPPED', reason, detail: { count: pending.length } })],
  };
  return completeRegressionIfOver(change, config, now);
}
