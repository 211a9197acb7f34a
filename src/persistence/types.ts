import type { AuditDraft, AuditEntry } from '../domain/audit.ts';
import type { Build } from '../domain/build.ts';
import type { DamagedRelease, ParkedDefect } from '../domain/defect.ts';
import type { MessageDraft } from '../domain/message.ts';
import type { OutboxRow, PendingMessage } from '../domain/outbox.ts';
import type { Platform, Release } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import type { Role, Tenant } from '../domain/tenant.ts';
import type { Upload } from '../domain/upload.ts';

/**
 * What the rest of the code may ask of the database. What a face can ask for takes the tenant id first; an id of
 * another tenant answers exactly like an unknown one (Spec 4.1). Everything returned is a plain domain object.
 */

export interface Lease {
  releaseId: string;
  token: string;
  until: Date;
}

/** `takenOver`: another holder let it run out. */
export interface ClaimedLease extends Lease {
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

export interface BuildRepository {
  /** Inserts the build, or returns the one that this task and platform already has. */
  ensure(build: Build): Promise<Build>;
  listByRelease(tenantId: string, releaseId: string): Promise<Build[]>;
  /** Whether these bytes were already consumed in this release. */
  hasSha256(tenantId: string, releaseId: string, sha256: string): Promise<boolean>;
}

export interface UploadRepository {
  insert(upload: Upload): Promise<void>;
  get(tenantId: string, uploadId: string): Promise<Upload>;
  find(tenantId: string, uploadId: string): Promise<Upload | null>;
  remove(tenantId: string, uploadId: string): Promise<void>;
  /** Idempotent for the same task; throws `InvariantError` when another task has it. */
  markUsed(tenantId: string, uploadId: string, by: { taskId: string; cycleId: string | null; at: Date }): Promise<void>;
  markSuperseded(tenantId: string, uploadId: string, by: string, at: Date): Promise<void>;
  listByRelease(tenantId: string, releaseId: string): Promise<Upload[]>;
  /**
   * Unused uploads (superseded or never consumed) older than `before` whose bytes are still kept, oldest first. `after` is
   * the last one of the page before.
   */
  listForRetention(before: Date, limit: number, after?: { createdAt: Date; id: string }): Promise<Upload[]>;
  markDeleted(tenantId: string, uploadId: string, at: Date): Promise<void>;
}

export interface AuditRepository {
  /** Inserts what is not there yet, by (`releaseId`, `seq`); throws `DamagedError` where another entry has its place. */
  append(entries: AuditEntry[]): Promise<void>;
  list(
    tenantId: string,
    releaseId: string,
    page: { limit: number; beforeSeq?: number | undefined },
  ): Promise<AuditEntry[]>;
}

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

export interface TenantRepository {
  ensure(tenant: { id: string; name: string }, now: Date): Promise<Tenant>;
  find(tenantId: string): Promise<Tenant | null>;
  list(): Promise<Tenant[]>;
  setName(tenantId: string, name: string): Promise<void>;
  /** The named roles get these members; roles that are not named keep theirs. */
  setRoles(tenantId: string, roles: Partial<Record<Role, string[]>>): Promise<void>;
}

export interface ReleaseConfigRepository {
  get(tenantId: string, configId: string): Promise<ReleaseConfig>;
  find(tenantId: string, configId: string): Promise<ReleaseConfig | null>;
  findByName(tenantId: string, name: string): Promise<ReleaseConfig | null>;
  list(tenantId: string): Promise<ReleaseConfig[]>;
  /** Creates or replaces by (`tenantId`, `name`); the id of an existing one is kept. */
  upsert(config: ReleaseConfig): Promise<ReleaseConfig>;
  remove(tenantId: string, configId: string): Promise<void>;
}

export const INTEGRATION_KINDS = ['SCM', 'PIPELINE', 'TARGET', 'TICKETS', 'TEST_MANAGEMENT', 'COMMUNICATION'] as const;
export type IntegrationKind = (typeof INTEGRATION_KINDS)[number];

export interface Verification {
  status: 'PENDING' | 'VALID' | 'INVALID';
  checkedAt: Date | null;
  detail: string | null;
}

/** One connected account (Spec 4.2). `sealedCredentials` is what `shared/crypto` sealed; nothing here can open it. */
export interface Integration {
  id: string;
  tenantId: string;
  kind: IntegrationKind;
  provider: string;
  /** unique in the tenant */
  name: string;
  settings: Record<string, unknown>;
  sealedCredentials: string | null;
  verification: Verification;
  scmIntegrationId: string | null;
  targetIntegrationId: string | null;
  createdBy: string;
  createdAt: Date;
  updatedAt: Date;
}

export interface IntegrationRepository {
  get(tenantId: string, integrationId: string): Promise<Integration>;
  find(tenantId: string, integrationId: string): Promise<Integration | null>;
  findByName(tenantId: string, name: string): Promise<Integration | null>;
  list(tenantId: string): Promise<Integration[]>;
  upsert(integration: Integration): Promise<Integration>;
  setVerification(tenantId: string, integrationId: string, verification: Verification): Promise<void>;
  remove(tenantId: string, integrationId: string): Promise<void>;
}

export const TOKEN_SCOPES = ['releases:read', 'releases:write', 'builds:write'] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** An API token; only the SHA-256 of its secret is stored (Spec 8.4). */
export interface ApiToken {
  id: string;
  tenantId: string;
  /** unique among the tenant's unrevoked tokens */
  name: string;
  hash: string;
  scopes: TokenScope[];
  createdBy: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface TokenRepository {
  insert(token: ApiToken): Promise<void>;
  /** Unrevoked ones only. */
  findByHash(hash: string): Promise<ApiToken | null>;
  list(tenantId: string): Promise<ApiToken[]>;
  revoke(tenantId: string, name: string, at: Date): Promise<boolean>;
  /** At most one write a minute a token. */
  recordUse(tokenId: string, at: Date): Promise<void>;
}

/**
 * Something that arrived from outside and must be worked on once: a Slack file, a repeated API request. Identity:
 * (`tenantId`, `key`). RECEIVED -> DONE | FAILED, worked on under a lease so that a crash is taken over (Spec 3.3, 3.5, 7.2).
 */
export interface Delivery {
  tenantId: string;
  /** e.g. `slack-file:F123`, `idempotency:<token id>:<key>` */
  key: string;
  status: 'RECEIVED' | 'DONE' | 'FAILED';
  payload: Record<string, unknown>;
  /** what was answered; null until DONE or FAILED */
  result: Record<string, unknown> | null;
  attempts: number;
  lease: { token: string; until: Date } | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface DeliveryRepository {
  /**
   * Records it and claims it; `claimed` false when it is known already (then `delivery` is what is stored). A RECEIVED
   * one whose lease ran out is taken over, as by `claimAbandoned`.
   */
  receive(
    delivery: { tenantId: string; key: string; payload: Record<string, unknown> },
    now: Date,
    leaseMs: number,
  ): Promise<{ claimed: boolean; delivery: Delivery }>;
  /** Takes over RECEIVED deliveries with this key prefix whose lease ran out. */
  claimAbandoned(keyPrefix: string, now: Date, leaseMs: number): Promise<Delivery | null>;
  renew(delivery: Delivery, now: Date, leaseMs: number): Promise<boolean>;
  /** Stores the result if the claim still holds. */
  finish(delivery: Delivery, status: 'DONE' | 'FAILED', result: Record<string, unknown>, now: Date): Promise<boolean>;
  /** After the clock was set back: claims that would last to a time up to `until` end `leaseMs` from now. */
  bringForward(now: Date, until: Date, leaseMs: number): Promise<void>;
  /** Ends the claim: it is there to be taken over at once, and who had it cannot finish it any more. */
  handBack(delivery: Delivery, now: Date): Promise<void>;
  /** Forgets it, so that it may be received again. */
  forget(delivery: Delivery): Promise<void>;
  find(tenantId: string, key: string): Promise<Delivery | null>;
  /** Deletes DONE and FAILED ones that ended before this; returns how many. */
  purgeFinishedBefore(before: Date): Promise<number>;
  /** Deletes RECEIVED ones with this key prefix whose lease ran out before this and that nobody took over; returns how many. */
  purgeAbandonedBefore(keyPrefix: string, before: Date): Promise<number>;
}

/** Who has the App Home open, and whether it shows what is (Spec 6.5). */
export interface Home {
  tenantId: string;
  userId: string;
  openedAt: Date;
  page: number;
  /** set when something shown there changed; null = up to date */
  staleAt: Date | null;
}

export interface HomeRepository {
  opened(tenantId: string, userId: string, page: number, now: Date): Promise<void>;
  /** Homes of the tenant opened after `openedSince` become stale. */
  markStale(tenantId: string, now: Date, openedSince: Date): Promise<void>;
  /** Takes one stale home (clears its mark), longest stale first. */
  takeStale(now: Date): Promise<Home | null>;
}

/** What the doctor compares with a release: as stored, in no order, only the fields it looks at. */
export interface InspectedUpload {
  id: string;
  platform: string;
  isUsed: boolean;
  usedByTaskId: string | null;
  deletedAt: Date | null;
  artifactPath: string;
  fileName: string;
  updatedAt: Date;
}

export interface InspectedBuild {
  id: string;
  taskId: string;
  platform: string;
  buildType: string;
  createdAt: Date;
}

export interface InspectedRow {
  key: string;
  tenantId: string;
  releaseId: string;
  seq: number;
  status: OutboxRow['status'];
  /** when it will be taken up; null = never */
  workAt: Date | null;
  lease: { token: string; until: Date } | null;
  wantedVersion: number;
  shownVersion: number;
  attempts: number;
  lastError: string | null;
  createdAt: Date;
}

export interface InspectedJob {
  name: string;
  /** of a one-time job; null for recurring ones */
  releaseId: string | null;
  key: string | null;
  /** real time, as everything here: the scheduler knows no other clock */
  nextRunAt: Date | null;
  lockedAt: Date | null;
  disabled: boolean;
}

/** A release with what lies beside it in other collections. */
export interface InspectedRelease {
  id: string;
  tenantId: string;
  live: boolean;
  updatedAt: Date;
  /** null when its document cannot be read; `fault` says why */
  stored: StoredRelease | null;
  fault: string | null;
  /** the defect it was parked with; null = none */
  defect: { code: string; detail: string } | null;
  uploads: InspectedUpload[];
  builds: InspectedBuild[];
  auditSeqs: number[];
  rows: InspectedRow[];
  jobs: InspectedJob[];
}

/**
 * What the doctor looks at, across tenants and collections, in pages; and the few writes by which it repairs, each
 * conditional on what was seen, so that a repeat or a second doctor changes nothing. Those return whether they applied.
 */
export interface InspectionRepository {
  /** A page of all releases by id; `tenantId` null = of every tenant. */
  releases(page: { limit: number; after: string | null; tenantId: string | null }): Promise<InspectedRelease[]>;
  /** Releases that were changed at `since` or later, in that order. */
  releasesChangedSince(
    since: Date,
    page: { limit: number; after: { updatedAt: Date; id: string } | null },
  ): Promise<InspectedRelease[]>;
  releasesById(ids: readonly string[]): Promise<InspectedRelease[]>;
  /** Those of the ids that no release has. */
  withoutRelease(ids: readonly string[]): Promise<string[]>;
  hasLiveRelease(tenantId: string, configIds: readonly string[]): Promise<boolean>;
  /** Messages that were not posted yet and were born before, oldest first. */
  unsentRows(bornBefore: Date, limit: number): Promise<InspectedRow[]>;
  parkedRows(limit: number): Promise<InspectedRow[]>;
  /** When a message of the tenant was last posted for the first time. */
  lastSentAt(tenantId: string): Promise<Date | null>;
  /** Some release ids beyond `after` that messages name, ascending; `next` null = there are no more. */
  releasesOfRows(after: string | null, limit: number): Promise<{ ids: string[]; next: string | null }>;
  /** RECEIVED deliveries whose lease ran out before, longest ago first. */
  abandonedDeliveries(
    before: Date,
    limit: number,
  ): Promise<{ tenantId: string; key: string; attempts: number; leaseUntil: Date }[]>;
  jobsNamed(names: readonly string[]): Promise<InspectedJob[]>;
  /** One-time and recurring jobs of these names that should have run before, longest due first. */
  overdueJobs(names: readonly string[], before: Date, limit: number): Promise<InspectedJob[]>;
  /** Some release ids beyond `after` that one-time jobs name, ascending; `next` null = there are no more. */
  releasesOfJobs(after: string | null, limit: number): Promise<{ ids: string[]; next: string | null }>;

  /** A release that nobody holds becomes due. */
  makeDue(releaseId: string, now: Date): Promise<boolean>;
  /** A lease that is still the one that was seen, unrenewed, is taken away; the release becomes due. */
  giveBackLease(releaseId: string, seen: { token: string; until: Date }, now: Date): Promise<boolean>;
  /** Forgets which one-time jobs were planned for a release of this version that nobody holds; it becomes due. */
  forgetPlannedWakes(releaseId: string, version: number, now: Date): Promise<boolean>;
  /** Deletes the one-time jobs of a release; returns how many. */
  dropJobs(releaseId: string): Promise<number>;
  /** A message that is still as it was seen is due now; who sent it before is not waited for. */
  makeRowDue(seen: InspectedRow, now: Date): Promise<boolean>;
}

export interface Repositories {
  releases: ReleaseRepository;
  builds: BuildRepository;
  uploads: UploadRepository;
  audit: AuditRepository;
  outbox: OutboxRepository;
  tenants: TenantRepository;
  configs: ReleaseConfigRepository;
  integrations: IntegrationRepository;
  tokens: TokenRepository;
  deliveries: DeliveryRepository;
  homes: HomeRepository;
  inspections: InspectionRepository;
}
