import { InvariantError } from '../shared/errors.ts';
import type { Cycle, RegressionCycleStatus } from './cycle.ts';
import type { CronStatus, PauseType, Release, ReleaseStatus, StageStatus } from './release.ts';
import type { Slot } from './slot.ts';

/** The phase, its text and its actions: derived, never stored (Spec 2.2 - 2.4). */

export const PHASES = [
  'NOT_STARTED',
  'KICKOFF',
  'AWAITING_REGRESSION',
  'REGRESSION_CYCLE_STARTING',
  'REGRESSION_CYCLE_RUNNING',
  'REGRESSION_AWAITING_NEXT_CYCLE',
  'AWAITING_POST_REGRESSION',
  'POST_REGRESSION',
  'AWAITING_SUBMISSION',
  'SUBMITTING',
  'SUBMITTED',
  'COMPLETED',
  'PAUSED_BY_USER',
  'PAUSED_BY_FAILURE',
  'ARCHIVED',
] as const;
export type Phase = (typeof PHASES)[number];

export const ACTIONS = [
  'START',
  'PAUSE',
  'RESUME',
  'ARCHIVE',
  'TRIGGER_STAGE_2',
  'TRIGGER_STAGE_3',
  'TRIGGER_STAGE_4',
  'ABANDON_CYCLE',
  'SKIP_REMAINING_CYCLES',
  'RETRY_TASK',
  'SKIP_TASK',
] as const;
export type Action = (typeof ACTIONS)[number];

const ACTIONS_OF: Record<Phase, readonly Action[]> = {
  NOT_STARTED: ['START'],
  KICKOFF: ['PAUSE'],
  AWAITING_REGRESSION: ['TRIGGER_STAGE_2', 'ARCHIVE'],
  REGRESSION_CYCLE_STARTING: ['PAUSE'],
  REGRESSION_CYCLE_RUNNING: ['PAUSE', 'ABANDON_CYCLE'],
  REGRESSION_AWAITING_NEXT_CYCLE: ['PAUSE', 'SKIP_REMAINING_CYCLES'],
  AWAITING_POST_REGRESSION: ['TRIGGER_STAGE_3', 'ARCHIVE'],
  POST_REGRESSION: ['PAUSE'],
  AWAITING_SUBMISSION: ['TRIGGER_STAGE_4', 'ARCHIVE'],
  SUBMITTING: ['PAUSE'],
  SUBMITTED: [],
  COMPLETED: [],
  PAUSED_BY_USER: ['RESUME', 'ARCHIVE'],
  PAUSED_BY_FAILURE: ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
  ARCHIVED: [],
};

export interface StatusResponse {
  release: { id: string; status: ReleaseStatus };
  stages: { stage1: StageStatus; stage2: StageStatus; stage3: StageStatus; stage4: StageStatus };
  cron: { status: CronStatus; pauseType: PauseType };
  currentPhase: Phase;
  displayText: string;
  regression: RegressionStatus | null;
  actions: Action[];
}
export interface RegressionStatus {
  currentCycle: { number: number; tag: string; status: RegressionCycleStatus } | null;
  /** `scheduledAt` is ISO 8601 UTC */
  nextCycle: { number: number; tag: string; scheduledAt: string } | null;
  progress: { completed: number; total: number };
}

/** The current cycle: the last one begun. */
export function currentCycle(release: Release): Cycle | null {
  return release.cycles.at(-1) ?? null;
}

/** The next slot that has not begun and was not dropped. */
export function nextSlot(release: Release): Slot | null {
  return release.slots.find((slot) => slot.status === 'SCHEDULED' || slot.status === 'ASKED') ?? null;
}

/** Throws `InvariantError`, naming the combination, when no row of Spec 2.2 fits. */
export function derivePhase(release: Release): Phase {
  const { cron } = release;
  const stages = [cron.stage1Status, cron.stage2Status, cron.stage3Status, cron.stage4Status].join(' ');
  const row = `${cron.pauseType} ${stages}`;
  switch (release.status) {
    case 'ARCHIVED':
      return 'ARCHIVED';
    case 'PAUSED':
      if (cron.pauseType === 'USER_REQUESTED') return 'PAUSED_BY_USER';
      if (cron.pauseType === 'TASK_FAILURE') return 'PAUSED_BY_FAILURE';
      break;
    case 'PENDING':
      if (stages === 'PENDING PENDING PENDING PENDING') return 'NOT_STARTED';
      break;
    case 'SUBMITTED':
    case 'COMPLETED':
      if (stages === 'COMPLETED COMPLETED COMPLETED COMPLETED') return release.status;
      break;
    case 'IN_PROGRESS':
      if (row === 'NONE IN_PROGRESS PENDING PENDING PENDING') return 'KICKOFF';
      if (row === 'AWAITING_STAGE_TRIGGER COMPLETED PENDING PENDING PENDING') return 'AWAITING_REGRESSION';
      if (row === 'NONE COMPLETED IN_PROGRESS PENDING PENDING') {
        const phase = regressionPhase(release);
        if (phase) return phase;
      }
      if (row === 'AWAITING_STAGE_TRIGGER COMPLETED COMPLETED PENDING PENDING') return 'AWAITING_POST_REGRESSION';
      if (row === 'NONE COMPLETED COMPLETED IN_PROGRESS PENDING') return 'POST_REGRESSION';
      if (row === 'AWAITING_STAGE_TRIGGER COMPLETED COMPLETED COMPLETED PENDING') return 'AWAITING_SUBMISSION';
      if (row === 'NONE COMPLETED COMPLETED COMPLETED IN_PROGRESS') return 'SUBMITTING';
      break;
  }
  const cycle = currentCycle(release)?.status ?? 'none';
  const slot = nextSlot(release) ? 'exists' : 'none';
  throw new InvariantError(
    `no phase for release ${release.id}: ${release.status} ${row}, cycle ${cycle}, next slot ${slot}`,
  );
}

function regressionPhase(release: Release): Phase | null {
  const cycle = currentCycle(release);
  if (cycle?.status === 'NOT_STARTED') return 'REGRESSION_CYCLE_STARTING';
  if (cycle?.status === 'IN_PROGRESS') return 'REGRESSION_CYCLE_RUNNING';
  return nextSlot(release) ? 'REGRESSION_AWAITING_NEXT_CYCLE' : null;
}

/** The actions that this phase offers, in the order of Spec 2.3. */
export function actionsOf(phase: Phase): readonly Action[] {
  return ACTIONS_OF[phase];
}

/** One shape for the HTTP API, the status command and the App Home (Spec 2.4). Pure. */
export function deriveStatus(release: Release, now: Date): StatusResponse {
  const { cron } = release;
  const phase = derivePhase(release);
  return {
    release: { id: release.id, status: release.status },
    stages: {
      stage1: cron.stage1Status,
      stage2: cron.stage2Status,
      stage3: cron.stage3Status,
      stage4: cron.stage4Status,
    },
    cron: { status: cron.status, pauseType: cron.pauseType },
    currentPhase: phase,
    displayText: displayText(release, phase, now),
    regression: regressionStatus(release),
    actions: [...ACTIONS_OF[phase]],
  };
}

export function cycleProgress(release: Release): { completed: number; total: number } {
  return {
    completed: release.cycles.filter((cycle) => cycle.status === 'DONE').length,
    total: release.slots.filter((slot) => slot.status !== 'DROPPED').length,
  };
}

function regressionStatus(release: Release): RegressionStatus | null {
  const { cron } = release;
  if (release.status === 'ARCHIVED' || cron.stage2Status === 'PENDING' || cron.stage3Status !== 'PENDING') return null;
  const progress = cycleProgress(release);
  if (cron.stage2Status === 'COMPLETED') return { currentCycle: null, nextCycle: null, progress };
  const cycle = currentCycle(release);
  const slot = nextSlot(release);
  const nextNumber = (cycle?.number ?? 0) + 1;
  return {
    currentCycle: cycle ? { number: cycle.number, tag: `RC${cycle.number}`, status: cycle.status } : null,
    nextCycle: slot ? { number: nextNumber, tag: `RC${nextNumber}`, scheduledAt: slot.at.toISOString() } : null,
    progress,
  };
}

const FIXED_TEXTS: Partial<Record<Phase, string>> = {
  NOT_STARTED: 'Not Started',
  KICKOFF: 'Stage 1 - Kickoff Running',
  AWAITING_REGRESSION: 'Stage 1 Complete - Awaiting Regression Start',
  AWAITING_POST_REGRESSION: 'Stage 2 Complete - Awaiting Pre-Release Start',
  POST_REGRESSION: 'Stage 3 - Pre-Release Running',
  AWAITING_SUBMISSION: 'Stage 3 Complete - Awaiting Submission',
  SUBMITTING: 'Stage 4 - Submission Running',
  SUBMITTED: 'Submitted - Awaiting Store Approval',
  COMPLETED: 'Released',
  PAUSED_BY_USER: 'Paused by User',
  PAUSED_BY_FAILURE: 'Paused - Task Failed',
  ARCHIVED: 'Archived',
};

function displayText(release: Release, phase: Phase, now: Date): string {
  const fixed = FIXED_TEXTS[phase];
  if (fixed) return fixed;
  const cycle = currentCycle(release);
  const { completed, total } = cycleProgress(release);
  const n = cycle?.number ?? 0;
  if (phase === 'REGRESSION_CYCLE_STARTING') return `Stage 2 - RC${n} Starting...`;
  if (phase === 'REGRESSION_CYCLE_RUNNING') return `Stage 2 - RC${n} Running (${n}/${total})`;
  const slot = nextSlot(release);
  const time = slot ? localTime(slot.at, now, release.timeZone) : '';
  const scheduled = `RC${n + 1} scheduled at ${time} (${completed}/${total})`;
  if (!cycle) return scheduled;
  return `RC${n} ${cycle.status === 'ABANDONED' ? 'Abandoned' : 'Done'} - ${scheduled}`;
}

/** `2:00 PM`, with the date before it (`Nov 23, 2:00 PM`) when it is not today in that zone. Spec 2.3. */
export function localTime(at: Date, now: Date, timeZone: string): string {
  const time = format(at, timeZone, { hour: 'numeric', minute: '2-digit', hour12: true });
  const day = (date: Date) => format(date, timeZone, { year: 'numeric', month: 'short', day: 'numeric' });
  if (day(at) === day(now)) return time;
  return `${format(at, timeZone, { month: 'short', day: 'numeric' })}, ${time}`;
}

function format(at: Date, timeZone: string, options: Intl.DateTimeFormatOptions): string {
  // Newer ICU puts a narrow no-break space before AM and PM.
  return new Intl.DateTimeFormat('en-US', { timeZone, ...options }).format(at).replace(/[\u202f\u00a0]/g, ' ');
}
