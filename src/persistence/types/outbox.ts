import type { OutboxRow } from '../../domain/outbox.ts';

/** `takenOver`: the claim of another one ran out on it. */
export interface ClaimedRow extends OutboxRow {
  takenOver: boolean;
}

export interface OutboxRepository {
  /** Inserts what is not there yet, by key, in order. */
  append(rows: OutboxRow[]): Promise<void>;
  /** Living, unsettled messages of the release must show at least this version: they become due. False when no one was behind it. */
  touchLiving(tenantId: string, releaseId: string, version: number, now: Date): Promise<boolean>;
  /** The highest version that a living message of the release was to show, where it is above this one; null = none is. */
  findAhead(tenantId: string, releaseId: string, version: number): Promise<number | null>;
  /** Release ids that have a due row, longest due first. */
  findDueReleases(now: Date, limit: number): Promise<string[]>;
  /**
   * After a clock was set back: what is due between `now` and `until` is due now, what somebody is sending when its claim of
   * `leaseMs` ends.
   */
  bringForward(now: Date, until: Date, leaseMs: number): Promise<void>;
  /**
   * Claims the first row of the release that is not SENT or PARKED (or that must be re-rendered), if it is due and
   * nobody else has it; order within the release is kept. The same write makes it SENDING and counts `attempts` up, so
   * that `attempts` above 1 tells the holder that an earlier try may have reached Slack.
   */
  claimNext(releaseId: string, now: Date, leaseMs: number): Promise<ClaimedRow | null>;
  /**
   * Stores the outcome of a claimed row (status, ts, hash, versions, attempts, error, dueAt) and ends the claim, if it
   * still holds. `wantedVersion` is left as it is stored: a change that came meanwhile keeps the row due.
   */
  release(row: OutboxRow, token: string): Promise<boolean>;
  find(tenantId: string, key: string): Promise<OutboxRow | null>;
  findByTs(tenantId: string, channelId: string, ts: string): Promise<OutboxRow | null>;
  listByRelease(tenantId: string, releaseId: string): Promise<OutboxRow[]>;
  /** Depth and the oldest unsent row's birth, for health and metrics. */
  backlog(): Promise<{ depth: number; oldestAt: Date | null; parked: number }>;
  /** Deletes SENT, settled rows of releases that ended, and alerts, older than this. */
  purgeSentBefore(before: Date): Promise<number>;
}
