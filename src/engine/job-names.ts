import type { PlannedWake } from '../persistence/types/index.ts';

/** The scheduler's jobs by name (Spec 7.3): who defines them and who misses them mean the same. */

export const RECURRING_JOBS = [
  'tick',
  'outbox',
  'homes',
  'slack-files',
  'retention',
  'verification',
  'doctor',
] as const;

/** One-time jobs of a release; each only wakes it. */
export const WAKE_JOBS = [
  'kick-off',
  'regression-slot',
  'missing-builds-reminder',
  'pre-kick-off-reminder',
  'approval-reminder',
] as const satisfies PlannedWake['job'][];
