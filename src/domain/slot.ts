/**
 * A planned start of a regression cycle (Spec 1.1, 1.4).
 * SCHEDULED -> BEGUN (its cycle exists) | ASKED (missed its grace; people are asked) -> SCHEDULED with `runNow` | DROPPED.
 */
export const SLOT_STATUSES = ['SCHEDULED', 'ASKED', 'BEGUN', 'DROPPED'] as const;
export type SlotStatus = (typeof SLOT_STATUSES)[number];

export interface Slot {
  id: string;
  /** UTC instant */
  at: Date;
  status: SlotStatus;
  cycleNumber: number | null;
  /** a person answered "run now" after it was missed */
  runNow: boolean;
  /** the missing-build reminder of this slot was considered (sent, or nothing was missing) */
  reminderDoneAt: Date | null;
}

export const MISSED_SLOT_ANSWERS = ['RUN_NOW', 'FOLD', 'DROP'] as const;
export type MissedSlotAnswer = (typeof MISSED_SLOT_ANSWERS)[number];
