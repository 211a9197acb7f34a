import {
  abandonCycle,
  addSlot,
  answerMissedSlot,
  moveSlot,
  newSlot,
  removeSlot,
  skipRemainingCycles,
} from '../../domain/changes/slots.ts';
import { cycleLabel } from '../../domain/names.ts';
import type { Release } from '../../domain/release.ts';
import { MAX_SLOTS, type Slot } from '../../domain/slot.ts';
import { currentCycle, deriveStatus } from '../../domain/status.ts';
import { Refusal } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import type { Deps } from '../deps.ts';
import type { IntentContext, Intents } from '../index.ts';
import { byOf, cleanReason, recordFact, requireAct, requireAction, withPlan } from './intent.ts';

/** Cycles and slots by a person's word (Spec 1.1, 1.4). */

export async function abandon(
  deps: Deps,
  input: Parameters<Intents['abandonCycle']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'ABANDON_CYCLE');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireShownCycle(release, input.cycleNumber, now);
    requireAction(release, 'ABANDON_CYCLE', now);
    const change = abandonCycle(release, cleanReason(input.reason), config, byOf(context), now);
    return withPlan(change, 'ABANDON_CYCLE', release);
  });
}

/** Who named cycle 1 must not end cycle 2, least of all by a repeat of the same request. */
function requireShownCycle(release: Release, shown: number | null, now: Date): void {
  if (shown === null || shown === currentCycle(release)?.number) return;
  const { displayText } = deriveStatus(release, now);
  throw new Refusal('STALE', `${cycleLabel(shown)} is not the running cycle: ${displayText}.`);
}

export async function skipRemaining(
  deps: Deps,
  input: Parameters<Intents['skipRemainingCycles']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'SKIP_REMAINING_CYCLES');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireAction(release, 'SKIP_REMAINING_CYCLES', now);
    const change = skipRemainingCycles(release, cleanReason(input.reason), config, byOf(context), now);
    return withPlan(change, 'SKIP_REMAINING_CYCLES', release);
  });
}

export async function add(
  deps: Deps,
  input: Parameters<Intents['addSlot']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'CHANGE_SLOTS');
  const slot = newSlot(newId('slot'), input.at);
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    requireSlotsOpen(release, now);
    if (release.slots.length >= MAX_SLOTS) {
      throw new Refusal('INVALID_INPUT', `This release has ${MAX_SLOTS} slots already, which is the most it can have.`);
    }
    requireSlotDate(release, input.at, now);
    return addSlot(release, slot, byOf(context), now);
  });
}

export async function move(
  deps: Deps,
  input: Parameters<Intents['moveSlot']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'CHANGE_SLOTS');
  return recordFact(deps, input.releaseId, context, (release, _config, now) => {
    requireSlotsOpen(release, now);
    const slot = findSlot(release, input.slot);
    requireSlotDate(release, input.at, now);
    return moveSlot(release, slot, input.at, byOf(context), now);
  });
}

export async function remove(
  deps: Deps,
  input: Parameters<Intents['removeSlot']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'CHANGE_SLOTS');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireSlotsOpen(release, now);
    return removeSlot(release, findSlot(release, input.slot), config, byOf(context), now);
  });
}

export async function answer(
  deps: Deps,
  input: Parameters<Intents['answerMissedSlot']>[0],
  context: IntentContext,
): Promise<Release> {
  await requireAct(deps, context, 'CHANGE_SLOTS');
  return recordFact(deps, input.releaseId, context, (release, config, now) => {
    requireSlotsOpen(release, now);
    const slot = release.slots.find((candidate) => candidate.id === input.slotId);
    if (slot?.status !== 'ASKED') {
      const state = slot ? `it is ${slot.status.toLowerCase()}` : 'it was removed';
      throw new Refusal('STALE', `This slot was decided on already: ${state}.`);
    }
    const hasNext = release.slots.some((candidate) => candidate.status === 'SCHEDULED' && candidate.at > slot.at);
    if (input.answer === 'FOLD' && !hasNext) {
      throw new Refusal('INVALID_INPUT', 'There is no later slot to fold this one into. Run it now or drop it.');
    }
    return answerMissedSlot(release, slot, input.answer, config, byOf(context), now);
  });
}

/** Slots can change until regression is over, also while the release is paused. */
function requireSlotsOpen(release: Release, now: Date): void {
  const ended = release.status === 'ARCHIVED' || release.status === 'SUBMITTED' || release.status === 'COMPLETED';
  if (!ended && release.cron.stage2Status !== 'COMPLETED') return;
  throw new Refusal('ACTION_NOT_AVAILABLE', `Slots cannot change any more: ${deriveStatus(release, now).displayText}.`);
}

function requireSlotDate(release: Release, at: Date, now: Date): void {
  const refuse = (message: string) => new Refusal('INVALID_INPUT', message, { at: message });
  if (Number.isNaN(at.getTime())) throw refuse('The slot needs a date and a time.');
  if (at <= now) throw refuse('A slot cannot be in the past.');
  const isWaiting = release.cron.stage1Status === 'PENDING';
  if (isWaiting && at <= release.kickOffDate) throw refuse('A slot must be after the kick-off.');
  // Its own time too: a move that is repeated, because its answer was lost, moves nothing.
  const taken = release.slots.some((slot) => slot.status !== 'DROPPED' && slot.at.getTime() === at.getTime());
  if (taken) throw refuse('There is a slot at that time already.');
}

/** By id, or by its place counted from 1. */
function findSlot(release: Release, reference: string): Slot {
  const place = /^\d+$/.test(reference) ? Number(reference) : 0;
  const slot = release.slots.find((candidate) => candidate.id === reference) ?? release.slots[place - 1];
  if (!slot) {
    throw new Refusal('NOT_FOUND', `There is no slot ${reference}: this release has ${release.slots.length}.`);
  }
  if (slot.status === 'BEGUN' || slot.status === 'DROPPED') {
    throw new Refusal('ACTION_NOT_AVAILABLE', `Slot ${reference} has ${slot.status.toLowerCase()} and cannot change.`);
  }
  return slot;
}
