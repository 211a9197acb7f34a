import type { AuditDraft, AuditEntry } from '../../domain/audit.ts';
import type { DamagedRelease, ParkedDefect } from '../../domain/defect.ts';
import type { MessageDraft } from '../../domain/message.ts';
import type { PendingMessage } from '../../domain/outbox.ts';
import type { Platform, Release } from '../../domain/release.ts';

export interface Lease {
  releaseId: string;
  token: string;
  until: Date;
}

/** `takenOver`: another holder let it run out; `tenantId`: as it is stored, null where that is damaged. */
export interface ClaimedLease extends Lease {
  tenantId: string | null;
  takenOver: boolean;
}

/** A release with what the engine keeps beside it. */
export interface StoredRelease {
  release: Release;
  wakeCount: number;
  nextWakeAt: Date | null;
  lease: { token: string; until: Date } | null;
  pendingMessages: PendingMessage[];
  pendingAudit: AuditEntry[];
  /** a change was stored whose living messages and homes were not told yet */
  unflushed: boolean;
  /** the one-time jobs that were planned for it last */
  plannedWakes: PlannedWake[];
}

/** A one-time job for a release. Identity: `key`. Spec 7.3. */
export interface PlannedWake {
  job: 'kick-off' | 'regression-slot' | 'missing-builds-reminder' | 'pre-kick-off-reminder' | 'approval-reminder';
  key: string;
  at: Date;
}

/** A change of a release: the whole next state with what it says and records, stored in one conditional write. */
export interface ReleaseChange {
  release: Release;
  messages: MessageDraft[];
  audit: AuditDraft[];
}

/** What is known of a release that somebody asks for. */
export interface ReleaseLook {
  /** null where it cannot be read */
  release: Release | null;
  /** null where it is sound */
  damaged: DamagedRelease | null;
}

/** A parked release with what an alert about it needs. */
export interface ParkedRelease {
  id: string;
  /** null where the document names none */
  tenantId: string | null;
  name: string;
  defect: ParkedDefect;
}

export interface ReleasePage {
  releases: Release[];
  /** those of the page that are parked or damaged, apart: nothing can be done with them */
  damaged: DamagedRelease[];
  /** pass as `after` for the next page; null = no more */
  next: string | null;
}

export interface ReleaseRepository {
  /**
   * Stores a new release with its first messages and audit entries, due now. Refuses (`Refusal` CONFLICT, naming the
   * other release) a second live release of the same configuration, platform and version (held by a unique index).
   */
  create(change: ReleaseChange): Promise<Release>;
  /** Throws `Refusal` NOT_FOUND, and `DamagedError` where it cannot be read, as `find`; both read what is parked as well. */
  get(tenantId: string, releaseId: string): Promise<Release>;
  find(tenantId: string, releaseId: string): Promise<Release | null>;
  /** The release and what is wrong with it; null when there is none. */
  look(tenantId: string, releaseId: string): Promise<ReleaseLook | null>;
  /** Where its thread lives, also where the rest of the document cannot be read; null when it is gone or names none. */
  channelOf(tenantId: string, releaseId: string): Promise<string | null>;
  /** For the engine, which wakes by id alone. Null when it is gone; throws `DamagedError` naming the first defect. */
  load(releaseId: string): Promise<StoredRelease | null>;
  /**
   * Stores `change` if the stored version is still `change.release.version`; the stored release's version is one higher.
   * Gives sequence numbers to messages and audit entries and appends them to the pending ones, in the same write.
   * Without a lease the release becomes due now, and is parked no more. Returns the stored release, or null when another writer was first
   * (or the lease was lost).
   */
  save(change: ReleaseChange, now: Date, lease?: Lease): Promise<Release | null>;
  /** Counts the wake-up and claims the lease if it is free or ran out; null when somebody else holds it, or it is parked. */
  wake(releaseId: string, now: Date, leaseMs: number): Promise<ClaimedLease | null>;
  /** Prolongs the lease; false when it was lost. */
  renew(lease: Lease, now: Date, leaseMs: number): Promise<Lease | null>;
  /** Lets go and stores when to look again, if nobody woke or changed the release since it was loaded. */
  settle(
    lease: Lease,
    seen: { wakeCount: number; version: number },
    nextWakeAt: Date | null,
    plannedWakes: PlannedWake[],
  ): Promise<boolean>;
  /** Gives the lease back unfinished: the release is due at `dueAt`. */
  handBack(lease: Lease, dueAt: Date): Promise<void>;
  /**
   * Stores why the release cannot be worked on and gives the lease back: nothing looks at it until it is unparked, or a person
   * archives it. The document need not be valid otherwise. False when the lease was lost.
   */
  park(lease: Lease, defect: ParkedDefect): Promise<boolean>;
  /** Ends it, if it is still parked with what was found at that instant: the release is due at `now`. */
  unpark(releaseId: string, parkedAt: Date, now: Date): Promise<boolean>;
  findParked(releaseId: string): Promise<ParkedRelease | null>;
  /** Longest parked first; `after` is the last one of the page before. */
  listParked(limit: number, after?: ParkedRelease): Promise<ParkedRelease[]>;
  /** Takes flushed messages and audit entries (up to these sequence numbers) out of the document. */
  clearPending(releaseId: string, upTo: { messageSeq: number; auditSeq: number; version: number }): Promise<void>;
  /** Makes the live releases of a configuration due: what they decide on has changed. */
  wakeByConfig(tenantId: string, configId: string): Promise<void>;
  /** Ids of releases whose `nextWakeAt` has come, longest due first. Costs what is due. */
  findDue(now: Date, limit: number): Promise<string[]>;
  /** How many are due by then, for metrics; counted in the index. */
  countDue(until: Date): Promise<number>;
  /** Releases that are neither COMPLETED nor ARCHIVED, newest first. */
  listLive(tenantId: string, page: { limit: number; after?: string | undefined }): Promise<ReleasePage>;
  list(tenantId: string, page: { limit: number; after?: string | undefined }): Promise<ReleasePage>;
  /** Live releases whose thread is in this channel, newest first. */
  listLiveInChannel(tenantId: string, channelId: string): Promise<Release[]>;
  /** Every release of the tenant with a target of this version, newest first, live ones before ended ones. */
  findByVersion(tenantId: string, version: string): Promise<Release[]>;
  findDamagedByVersion(tenantId: string, version: string): Promise<DamagedRelease[]>;
  /**
   * The highest version of each platform that this configuration released (SUBMITTED or COMPLETED), or with `ALL` has
   * under way as well; absent = none.
   */
  lastVersions(
    tenantId: string,
    configId: string,
    which: 'RELEASED' | 'ALL',
  ): Promise<Partial<Record<Platform, string>>>;
  /** The newest release tag made for this configuration by another release; null = none. */
  findLastReleaseTag(tenantId: string, configId: string, exceptReleaseId: string): Promise<string | null>;
  /**
   * Ended releases (SUBMITTED counts not) whose `endedAt` is before `before`, oldest first. `after` is the last one of
   * the page before (its `endedAt` and id), so that a job can go through all of them.
   */
  listEndedBefore(before: Date, limit: number, after?: { endedAt: Date; id: string }): Promise<Release[]>;
}
