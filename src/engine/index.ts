import type { AuditEntry, AuditOrigin } from '../domain/audit.ts';
import type { Build } from '../domain/build.ts';
import type { GateId } from '../domain/gate.ts';
import type { OutboxRow } from '../domain/outbox.ts';
import type { Platform, Release, ReleaseType } from '../domain/release.ts';
import type { ReleaseConfig } from '../domain/release-config.ts';
import type { MissedSlotAnswer } from '../domain/slot.ts';
import type { Actor, Role, Tenant } from '../domain/tenant.ts';
import type { Upload, UploadSource, UploadStage } from '../domain/upload.ts';
import type { ApiToken, Delivery, Home, ReleasePage, TokenScope } from '../persistence/types/index.ts';
import type { Backlog } from '../shared/metrics.ts';
import type { DoctorReport } from './doctor/index.ts';
import type { SubmitUploadInput, UploadReceipt } from './intents/submit-upload.ts';

export type { SubmitUploadInput, UploadReceipt } from './intents/submit-upload.ts';

/** All that the faces (commands, views, jobs, HTTP) may use of the engine. Spec 7.1. */

/** Who asks, in which tenant, from where. `actor.roles` come from `engine.actor(...)` or the API token. */
export interface IntentContext {
  tenantId: string;
  actor: Actor;
  origin: AuditOrigin;
}

export interface CreateReleaseInput {
  /** id or name */
  config: string;
  type: ReleaseType;
  /** versions by platform; `store` is the TARGET integration's name or null */
  targets: { platform: Platform; version: string; store: string | null }[];
  /** null = the configuration's */
  baseBranch: string | null;
  kickOffDate: Date;
  targetReleaseDate: Date | null;
  /** null = from the configuration's template */
  regressionSlots: Date[] | null;
  /** null = the configuration's default */
  hasManualBuildUpload: boolean | null;
  /** null = the actor */
  releasePilot: string | null;
  /** an admin's reason to kick off inside a freeze window */
  freezeOverrideReason: string | null;
}

/** `busy`: somebody else has it, or it is parked since earlier. */
export type AdvanceResult = 'settled' | 'busy' | 'gone' | 'handed-back' | 'parked';

/**
 * The facts that people record; each checks, writes, then advances the release, and returns it as it then is.
 * All throw `Refusal` with a sentence for the person: NOT_FOUND, FORBIDDEN (names the missing role and who has it),
 * ACTION_NOT_AVAILABLE (with the phase's text), STALE (who did what meanwhile), INVALID_INPUT (with `fields`).
 */
export interface Intents {
  createRelease(input: CreateReleaseInput, context: IntentContext): Promise<Release>;
  startRelease(
    input: { releaseId: string; freezeOverrideReason: string | null },
    context: IntentContext,
  ): Promise<Release>;
  pauseRelease(input: { releaseId: string; reason: string | null }, context: IntentContext): Promise<Release>;
  resumeRelease(input: { releaseId: string }, context: IntentContext): Promise<Release>;
  archiveRelease(input: { releaseId: string; reason: string | null }, context: IntentContext): Promise<Release>;
  /** AWAITING_REGRESSION -> stage 2 */
  triggerRegression(input: { releaseId: string }, context: IntentContext): Promise<Release>;
  /**
   * `contentHash` is what the person saw on the card (refused as STALE when it changed since); null = what is now.
   * `overrideReason` is needed when a check failed: `Refusal` INVALID_INPUT with field `overrideReason` otherwise.
   */
  approveGate(
    input: { releaseId: string; gateId: GateId | null; contentHash: string | null; overrideReason: string | null },
    context: IntentContext,
  ): Promise<Release>;
  rejectGate(
    input: { releaseId: string; gateId: GateId | null; contentHash: string | null; reason: string },
    context: IntentContext,
  ): Promise<Release>;
  /** `taskId` null = the failed one */
  retryTask(input: { releaseId: string; taskId: string | null }, context: IntentContext): Promise<Release>;
  skipTask(
    input: { releaseId: string; taskId: string | null; reason: string },
    context: IntentContext,
  ): Promise<Release>;
  /** `cycleNumber` is the cycle that was shown (refused as STALE when another one runs since); null = the running one. */
  abandonCycle(
    input: { releaseId: string; cycleNumber: number | null; reason: string | null },
    context: IntentContext,
  ): Promise<Release>;
  skipRemainingCycles(input: { releaseId: string; reason: string | null }, context: IntentContext): Promise<Release>;
  addSlot(input: { releaseId: string; at: Date }, context: IntentContext): Promise<Release>;
  /** `slot` is its id, or its 1-based place in `release.slots` as text */
  moveSlot(input: { releaseId: string; slot: string; at: Date }, context: IntentContext): Promise<Release>;
  removeSlot(input: { releaseId: string; slot: string }, context: IntentContext): Promise<Release>;
  answerMissedSlot(
    input: { releaseId: string; slotId: string; answer: MissedSlotAnswer },
    context: IntentContext,
  ): Promise<Release>;
  /** `platform` null = the only one awaiting */
  confirmSubmission(input: { releaseId: string; platform: Platform | null }, context: IntentContext): Promise<Release>;
  /** Spec 3; see `SubmitUploadInput`. */
  submitUpload(input: SubmitUploadInput, context: IntentContext): Promise<UploadReceipt>;
}

/** `toArchive`: also one that is damaged, where enough of it is left to end it. */
export interface LookOptions {
  toArchive?: boolean;
}

/**
 * What faces may look at; everything is the tenant's own. `Refusal` NOT_FOUND for unknown and foreign ids alike, DAMAGED with a sentence
 * for a release that is parked or cannot be read.
 */
export interface Queries {
  release(tenantId: string, releaseId: string, options?: LookOptions): Promise<Release>;
  /** By id, or by version (live ones first); several may fit. */
  findReleases(tenantId: string, reference: string, options?: LookOptions): Promise<Release[]>;
  live(tenantId: string, page: { limit: number; after?: string | undefined }): Promise<ReleasePage>;
  all(tenantId: string, page: { limit: number; after?: string | undefined }): Promise<ReleasePage>;
  liveInChannel(tenantId: string, channelId: string): Promise<Release[]>;
  /** The release whose thread this message starts or belongs to; null = none. */
  releaseOfThread(tenantId: string, channelId: string, threadTs: string): Promise<Release | null>;
  configs(tenantId: string): Promise<ReleaseConfig[]>;
  config(tenantId: string, configId: string): Promise<ReleaseConfig>;
  /** The next version to offer for each platform of the configuration (minor increment of the last). */
  suggestedVersions(tenantId: string, configId: string): Promise<{ platform: Platform; version: string }[]>;
  /** Slot dates that the configuration's template gives for this kick-off. */
  suggestedSlots(config: ReleaseConfig, kickOffDate: Date): Date[];
  builds(tenantId: string, releaseId: string): Promise<Build[]>;
  uploads(tenantId: string, releaseId: string): Promise<Upload[]>;
  /** Newest first. */
  history(
    tenantId: string,
    releaseId: string,
    page: { limit: number; beforeSeq?: number | undefined },
  ): Promise<AuditEntry[]>;
  /** A short-lived link to a stored build; null where the store has none. */
  artifactLink(artifactPath: string, fileName: string): Promise<string | null>;
  /** A permalink to the release's root card; null until it was posted. */
  threadLink(release: Release): Promise<string | null>;
  outboxRow(tenantId: string, key: string): Promise<OutboxRow | null>;
  tenant(tenantId: string): Promise<Tenant | null>;
  integrations(
    tenantId: string,
  ): Promise<{ name: string; kind: string; provider: string; verification: string; detail: string | null }[]>;
}

/** API tokens (Spec 8.4): the secret is shown once, only its hash is kept. */
export interface Tokens {
  create(
    input: { name: string; scopes: TokenScope[] },
    context: IntentContext,
  ): Promise<{ token: ApiToken; secret: string }>;
  list(context: IntentContext): Promise<ApiToken[]>;
  revoke(input: { name: string }, context: IntentContext): Promise<void>;
  /** The token of this secret; null when there is none or it was revoked. Records the use. */
  authenticate(secret: string): Promise<ApiToken | null>;
}

/** Things that arrived and must be worked on once (Spec 3.3, 3.5). */
export interface Deliveries {
  receive(
    delivery: { tenantId: string; key: string; payload: Record<string, unknown> },
    leaseMs: number,
  ): Promise<{ claimed: boolean; delivery: Delivery }>;
  claimAbandoned(keyPrefix: string, leaseMs: number): Promise<Delivery | null>;
  renew(delivery: Delivery, leaseMs: number): Promise<boolean>;
  finish(delivery: Delivery, status: 'DONE' | 'FAILED', result: Record<string, unknown>): Promise<boolean>;
  /** It was not done to its end: whoever receives it next takes it over. */
  handBack(delivery: Delivery): Promise<void>;
  forget(delivery: Delivery): Promise<void>;
  find(tenantId: string, key: string): Promise<Delivery | null>;
}

export interface Homes {
  opened(tenantId: string, userId: string, page: number): Promise<void>;
  takeStale(): Promise<Home | null>;
}

export interface Engine extends Intents {
  /** The only thing that moves a release. Any caller, any number of times. */
  advance(releaseId: string): Promise<AdvanceResult>;
  /** One tick: advances every release whose time has come; costs what is due. Returns how many. */
  advanceDue(): Promise<number>;
  /** Sends what is due in the outbox; returns how many rows were settled. */
  drainOutbox(): Promise<number>;
  /** For who finds that the clock was set back while nothing ran: the next tick looks at what would sleep for that long. */
  clockWasSetBack(byMs: number): void;
  /** Deletes the bytes of uploads past their retention (Spec 8.3); returns how many. */
  applyRetention(): Promise<number>;
  /** Asks each connected account whether it still works; tells admins of what does not any more. For every day. */
  verifyIntegrations(): Promise<{ valid: number; invalid: number }>;
  /** Looks whether what must always hold does, logs what does not, and tells admins once; for every hour. */
  checkUp(): Promise<DoctorReport>;
  /** What waits in the database, for metrics; throws when it does not answer. */
  backlog(): Promise<Backlog>;
  /** Resolves when nothing that was started here is under way. */
  idle(): Promise<void>;
  /**
   * Lets running steps finish, at most `timeoutMs`, then hands back what is held: releases, messages that are surely not at
   * Slack yet, and deliveries. Another instance goes on at once.
   */
  stop(timeoutMs: number): Promise<void>;
  /** The person with the roles they have in the tenant now, user groups included. */
  actor(tenantId: string, userId: string): Promise<Actor>;
  /** `Refusal` FORBIDDEN unless the actor has one of the roles. */
  requireRole(context: IntentContext, roles: readonly Role[], what: string): Promise<void>;
  readonly queries: Queries;
  readonly tokens: Tokens;
  readonly deliveries: Deliveries;
  readonly homes: Homes;
  now(): Date;
}

export type { ApiToken, Delivery, Home, PlannedWake, ReleasePage, TokenScope } from '../persistence/types/index.ts';
export { TOKEN_SCOPES } from '../persistence/types/index.ts';
export { createEngine } from './create-engine.ts';
export type { Deps } from './deps.ts';
export { ALL_REPAIRS, type DoctorReport, type Examined, runDoctor } from './doctor/index.ts';
export { RECURRING_JOBS, WAKE_JOBS } from './job-names.ts';
export type { UploadSource, UploadStage };
