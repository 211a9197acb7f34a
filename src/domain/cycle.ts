import type { Task } from './task.ts';

export const REGRESSION_CYCLE_STATUSES = ['NOT_STARTED', 'IN_PROGRESS', 'DONE', 'ABANDONED'] as const;
export type RegressionCycleStatus = (typeof REGRESSION_CYCLE_STATUSES)[number];

/** One regression cycle; it and its tasks are created when its slot's time arrives (Spec 1.4). */
export interface Cycle {
  /** `<releaseId>.c<number>` */
  id: string;
  /** 1-based; its label is `RC<number>` */
  number: number;
  slotId: string;
  status: RegressionCycleStatus;
  startedAt: Date;
  endedAt: Date | null;
  tasks: Task[];
}
