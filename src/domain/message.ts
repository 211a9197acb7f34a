import type { GateId } from './gate.ts';
import type { Platform } from './release.ts';
import type { BuildsOutput, NoteEntry, NotesOutput } from './task.ts';
import type { UploadStage } from './upload.ts';

/**
 * What the bot says, as meaning; views turn it into Block Kit. Dates are ISO 8601 strings because a message is
 * stored until it is sent. A `living` message is rendered from the release as it is now, again after every
 * change, until it is settled (Spec 6.2, 6.4).
 */
export type MessageContent =
  | { kind: 'ROOT_CARD' }
  | { kind: 'PRE_KICK_OFF_REMINDER'; kickOffDate: string; versions: string; missing: Platform[]; manual: boolean }
  | { kind: 'KICKOFF'; branch: string; branchUrl: string | null; builds: BuildsOutput['builds']; skipped: string[] }
  | { kind: 'MISSING_BUILDS'; text: string; stage: UploadStage; platforms: Platform[] }
  | { kind: 'MISSING_BUILDS_REMINDER'; cycleNumber: number; slotAt: string; platforms: Platform[] }
  | { kind: 'MISSED_SLOT'; slotId: string; slotAt: string; nextSlotAt: string | null }
  | {
      kind: 'REGRESSION_BUILDS';
      cycleNumber: number;
      tag: string;
      notes: NotesOutput | null;
      builds: BuildsOutput['builds'];
    }
  | { kind: 'CYCLE_ABANDONED'; cycleNumber: number; by: string; reason: string | null }
  | { kind: 'CYCLES_SKIPPED'; count: number; by: string; reason: string | null }
  | { kind: 'SLOT_CHANGED'; change: 'ADDED' | 'MOVED' | 'REMOVED'; at: string; from: string | null; by: string }
  | { kind: 'MISSED_SLOT_ANSWERED'; answer: string; by: string; slotAt: string }
  | { kind: 'AWAITING_REGRESSION' }
  | { kind: 'GATE_CARD'; gateId: GateId }
  | { kind: 'GATE_APPROVED'; gateId: GateId; by: string; count: number; quorum: number; override: string | null }
  | { kind: 'GATE_REJECTED'; gateId: GateId; by: string; reason: string }
  | { kind: 'GATE_GRANTED'; gateId: GateId; by: string[] }
  | { kind: 'APPROVALS_VOID'; gateId: GateId; by: string[]; changes: string[] }
  | { kind: 'APPROVAL_REMINDER'; gateId: GateId; given: number; quorum: number }
  /** `failure` counts the release's failures: a later one of the same task settles this message */
  | { kind: 'TASK_FAILED'; taskId: string; failure: number }
  | { kind: 'PAUSED'; by: string; reason: string | null }
  | { kind: 'RESUMED'; by: string }
  | { kind: 'STARTED'; by: string }
  | { kind: 'TASK_RETRIED'; taskId: string; by: string }
  | { kind: 'TASK_SKIPPED'; taskId: string; by: string; reason: string }
  | { kind: 'ARCHIVED'; by: string; reason: string | null }
  | { kind: 'CHERRY_PICKS'; commits: NoteEntry[] }
  | {
      kind: 'PRE_RELEASE';
      tag: string;
      notes: NotesOutput | null;
      releaseUrl: string | null;
      builds: BuildsOutput['builds'];
    }
  | { kind: 'CONFIRM_SUBMISSION'; taskId: string; platform: Platform }
  | { kind: 'SUBMITTED'; platforms: { platform: Platform; version: string; confirmedBy: string }[] }
  | {
      kind: 'UPLOAD_ACCEPTED';
      stage: UploadStage;
      platform: Platform;
      fileName: string;
      version: string | null;
      sizeBytes: number;
      sha256: string;
      by: string;
      replacedFileName: string | null;
      warning: string | null;
    };
export type MessageKind = MessageContent['kind'];

/**
 * What admins are told when something is wrong that they must mend. It says everything by itself: the release it is about
 * may be unreadable.
 */
export interface AlertContent {
  kind: 'ALERT';
  /** a sentence or two, as plain words: escape before showing, like `lines` */
  text: string;
  lines: string[];
}

/** Kinds whose message is edited as the release moves. */
export const LIVING_KINDS = [
  'ROOT_CARD',
  'MISSED_SLOT',
  'GATE_CARD',
  'TASK_FAILED',
  'CONFIRM_SUBMISSION',
] as const satisfies MessageKind[];

/** A message as a change of the release gives birth to it. */
export interface MessageDraft {
  /** deterministic identity: release and occasion, e.g. `<releaseId>:kickoff`. One message, ever. */
  key: string;
  content: MessageContent;
  channel: 'releases' | 'builds' | 'approvals';
  /** also shown in the channel itself (kick-off, gates, failures, submission, complete); the root card is no reply */
  broadcast: boolean;
}
