/**
 * A planned start of a regression cycle (Spec 1.1, 1.4).
 * SCHEDULED -> BEGUN (its cycle exists) | ASKED (missed its grace; people are asked) -> SCHEDULED with its answer | DROPPED.
 */
export const SLOT_STATUSES = ['SCHEDULED', 'ASKED', 'BEGUN', 'DROPPED'] as const;
export type SlotStatus = (typeof SLOT_STATUSES)[number];

export interface Slot {
  id: string;
  /** UTC instant */
  at: Date;
  status: SlotStatus;
  cycleNumber: number | null;
  /** what a person decided after it was missed; null = never asked, or not answered yet */
  answer: { answer: MissedSlotAnswer; by: string; at: Date } | null;
  /** the missing-build reminder of this slot was considered (sent, or nothing was missing) */
  reminderDoneAt: Date | null;
}

/** Each begun one becomes a cycle with its notes in the release's one document, which must stay far from 16 MiB. */
export const MAX_SLOTS = 100;

export const MISSED_SLOT_ANSWERS = ['RUN_NOW', 'FOLD', 'DROP'] as const;
export type MissedSlotAnswer = (typeof MISSED_SLOT_ANSWERS)[number];
