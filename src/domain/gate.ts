import type { Platform } from './release.ts';
import type { GatePolicy } from './release-config.ts';
import type { NoteEntry } from './task.ts';

/** Gates 2 -> 3 (`preRelease`) and 3 -> 4 (`submission`). Spec 1.5. */
export const GATE_IDS = ['preRelease', 'submission'] as const;
export type GateId = (typeof GATE_IDS)[number];

/** What an approval is bound to; when any of it changes before the gate opens, approvals are void. */
export interface GateContent {
  versions: { platform: Platform; version: string }[];
  /** head commit of the release branch */
  headSha: string;
  builds: { platform: Platform; sha256: string }[];
}

export interface GateCheck {
  id: 'CYCLES' | 'CHERRY_PICKS' | 'SCM';
  passed: boolean;
  /** one line for a person */
  text: string;
}

export interface Approval {
  by: string;
  at: Date;
  /** `Gate.contentHash` at the moment of approval */
  contentHash: string;
  /** the reason given for approving over failed checks */
  override: string | null;
}

export interface Gate {
  id: GateId;
  status: 'AWAITING' | 'GRANTED';
  openedAt: Date;
  /** the policy in force, refreshed from the configuration at every check */
  policy: GatePolicy;
  /** null until the first check succeeded */
  content: GateContent | null;
  contentHash: string | null;
  checks: GateCheck[];
  /** commits on the release branch that are in no RC tag */
  cherryPicks: NoteEntry[];
  checkedAt: Date | null;
  nextCheckAt: Date;
  checkFailures: number;
  approvals: Approval[];
  /** approvals that became void, and why: kept for the card and the trail */
  voided: { approvals: Approval[]; changes: string[]; at: Date }[];
  rejections: { by: string; at: Date; reason: string }[];
  remindersSent: number;
  grantedAt: Date | null;
}

/** What the engine saw outside when it checked a gate. */
export type GateObservation =
  | { kind: 'seen'; headSha: string; cherryPicks: NoteEntry[]; cherryPickTotal: number }
  | { kind: 'unreachable'; detail: string };
