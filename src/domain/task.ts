import type { Platform, StageNumber } from './release.ts';

export const TASK_STATUSES = [
  'PENDING',
  'IN_PROGRESS',
  'AWAITING_CALLBACK',
  'AWAITING_MANUAL_BUILD',
  'COMPLETED',
  'FAILED',
  'SKIPPED',
] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const TASK_TYPES = [
  'PRE_KICK_OFF_REMINDER',
  'FORK_BRANCH',
  'CREATE_PROJECT_MANAGEMENT_TICKET',
  'CREATE_TEST_SUITE',
  'TRIGGER_PRE_REGRESSION_BUILDS',
  'SEND_KICKOFF_MESSAGE',
  'RESET_TEST_SUITE',
  'CREATE_RC_TAG',
  'CREATE_RELEASE_NOTES',
  'TRIGGER_REGRESSION_BUILDS',
  'TRIGGER_AUTOMATION_RUNS',
  'AUTOMATION_RUNS',
  'SEND_REGRESSION_BUILD_MESSAGE',
  'PRE_RELEASE_CHERRY_PICKS_REMINDER',
  'CREATE_RELEASE_TAG',
  'CREATE_FINAL_RELEASE_NOTES',
  'TRIGGER_TEST_FLIGHT_BUILD',
  'CREATE_AAB_BUILD',
  'TRIGGER_WEB_BUILD',
  'PM_APPROVAL_GATE',
  'SEND_PRE_RELEASE_MESSAGE',
  'SUBMIT_TO_APP_STORE',
  'SUBMIT_TO_PLAY_STORE',
  'PUBLISH_WEB',
  'SEND_SUBMISSION_MESSAGE',
] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** A commit as it appears in release notes. */
export interface NoteEntry {
  sha: string;
  /** first line of the commit message, as written by people: escape before showing */
  title: string;
  author: string;
}

export interface NotesOutput {
  /** the ref the notes start after; null = there was no earlier tag */
  since: string | null;
  /** the tag (or branch) they end at */
  until: string;
  entries: NoteEntry[];
  /** commits beyond those listed */
  omitted: number;
}

/** What each task leaves behind when it is COMPLETED. Read back from the provider where it wrote there (Spec 7.2). */
export interface TaskOutputs {
  PRE_KICK_OFF_REMINDER: { sentAt: string };
  FORK_BRANCH: { branch: string; sha: string; url: string | null };
  CREATE_PROJECT_MANAGEMENT_TICKET: { tickets: { platform: Platform; key: string; url: string }[] };
  CREATE_TEST_SUITE: { runs: { platform: Platform; id: string; url: string }[] };
  TRIGGER_PRE_REGRESSION_BUILDS: BuildsOutput;
  SEND_KICKOFF_MESSAGE: MessageOutput;
  RESET_TEST_SUITE: { runIds: string[] };
  CREATE_RC_TAG: TagOutput;
  CREATE_RELEASE_NOTES: NotesOutput;
  TRIGGER_REGRESSION_BUILDS: BuildsOutput;
  TRIGGER_AUTOMATION_RUNS: { runUrl: string };
  AUTOMATION_RUNS: { result: string };
  SEND_REGRESSION_BUILD_MESSAGE: MessageOutput;
  PRE_RELEASE_CHERRY_PICKS_REMINDER: { commits: NoteEntry[] };
  CREATE_RELEASE_TAG: TagOutput;
  CREATE_FINAL_RELEASE_NOTES: NotesOutput & { releaseUrl: string | null };
  TRIGGER_TEST_FLIGHT_BUILD: BuildsOutput;
  CREATE_AAB_BUILD: BuildsOutput;
  TRIGGER_WEB_BUILD: BuildsOutput;
  PM_APPROVAL_GATE: { approved: boolean };
  SEND_PRE_RELEASE_MESSAGE: MessageOutput;
  SUBMIT_TO_APP_STORE: SubmissionOutput;
  SUBMIT_TO_PLAY_STORE: SubmissionOutput;
  PUBLISH_WEB: SubmissionOutput;
  SEND_SUBMISSION_MESSAGE: MessageOutput;
}
export interface TagOutput {
  tag: string;
  /** the commit the tag points at */
  sha: string;
  url: string | null;
}
export interface BuildsOutput {
  builds: { platform: Platform; buildId: string; fileName: string; sha256: string; version: string | null }[];
}
export interface MessageOutput {
  messageKey: string;
}
export interface SubmissionOutput {
  platform: Platform;
  confirmedBy: string;
}

export interface TaskError {
  /** the provider's own words, or our sentence */
  message: string;
  /** e.g. `GITHUB ensureBranch`, null when no provider was involved */
  source: string | null;
  transient: boolean;
  /** how often it was tried in a row */
  attempts: number;
  at: Date;
}

/** One step of a stage or cycle. Its id is deterministic: `<releaseId>.s<stage>.<TYPE>` or `<releaseId>.c<cycle>.<TYPE>`. */
export interface Task<T extends TaskType = TaskType> {
  id: string;
  type: T;
  stage: StageNumber;
  cycleNumber: number | null;
  status: TaskStatus;
  /** tries since it was created or last retried by a person */
  attempts: number;
  /** not before this instant; set after a transient fault */
  nextTryAt: Date | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** set when COMPLETED */
  output: TaskOutputs[T] | null;
  /** the last fault; kept after a later success for the audit trail's reader */
  error: TaskError | null;
  /** why it was SKIPPED; `by` is `slipway` when a rule did it */
  skip: { by: string; reason: string } | null;
  /** manual builds taken for this task, by platform -> upload id; written before anything is done with them */
  claimedUploads: Partial<Record<Platform, string>> | null;
  /** platforms whose manual build is awaited */
  missing: Platform[];
  /** a person's word that a submission was made by hand */
  confirmation: { by: string; at: Date } | null;
  /** the one message of its wait (missing builds, confirmation) was born */
  announced: boolean;
}

export function isEnded(task: Task): boolean {
  return task.status === 'COMPLETED' || task.status === 'SKIPPED';
}
