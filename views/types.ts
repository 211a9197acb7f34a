import type { KnownBlock } from '@slack/types';
import type { AuditEntry } from '../src/domain/audit.ts';
import type { Build } from '../src/domain/build.ts';
import type { DamagedRelease } from '../src/domain/defect.ts';
import type { GateId } from '../src/domain/gate.ts';
import type { Platform, Release, ReleaseType } from '../src/domain/release.ts';
import type { ReleaseConfig } from '../src/domain/release-config.ts';
import type { Action } from '../src/domain/status.ts';
import type { Actor, Role } from '../src/domain/tenant.ts';
import type { Upload, UploadStage } from '../src/domain/upload.ts';
import type { ReasonPurpose } from './ids.ts';

/** What the builders take and give. All of them are pure; nothing here knows Bolt or the engine. */

/** A message ready to send; `text` is the notification fallback (escaped), at most 50 blocks. */
export interface Rendered {
  text: string;
  blocks: KnownBlock[];
}

/** What a reader may want to do; decides which buttons are shown to one reader (ephemeral cards, App Home). */
export type UiAction =
  | Action
  | 'APPROVE'
  | 'REJECT'
  | 'UPLOAD'
  | 'CHANGE_SLOTS'
  | 'ANSWER_MISSED_SLOT'
  | 'CONFIRM_SUBMISSION'
  | 'CREATE_RELEASE'
  | 'ADMIN';
/** `release` is null for what belongs to no release (CREATE_RELEASE, ADMIN). */
export type MayUse = (action: UiAction, release: Release | null) => boolean;

export interface MessageContext {
  release: Release;
  now: Date;
  config: ReleaseConfig | null;
  /** when the gate's checks are looked at again */
  nextCheckAt?: Date | null;
  links?: { thread?: string | null };
}

export interface RenderedContent extends Rendered {
  /** a living message that will never change again; true for all others */
  settled: boolean;
}

export interface StatusCardOptions {
  now: Date;
  /** absent: all actions of the phase are shown (a card for everyone) */
  mayUse?: MayUse;
  threadLink?: string | null;
  /** names a freeze that stops the kick-off */
  config?: ReleaseConfig | null;
}

export interface UploadWindowView {
  stage: UploadStage;
  platforms: Platform[];
}

export interface UploadModalData {
  release: Release;
  /** what is open now, at least one */
  windows: UploadWindowView[];
  /** null = the first window */
  stage: UploadStage | null;
  channelId: string | null;
  threadTs: string | null;
}

export interface ReasonModalData {
  purpose: ReasonPurpose;
  release: Release;
  now: Date;
  channelId: string | null;
  threadTs: string | null;
  /** skip-task */
  taskId?: string;
  /** reject, approve-override */
  gateId?: GateId;
  contentHash?: string;
  /** abandon-cycle */
  cycleNumber?: number;
  /** slot-move, slot-remove: the one preselected */
  slotId?: string;
}

export interface CreateReleaseData {
  /** active ones, at least one */
  configs: ReleaseConfig[];
  config: ReleaseConfig;
  type: ReleaseType | null;
  /** `queries.suggestedVersions` */
  versions: { platform: Platform; version: string }[];
  /** what the template gives for `kickOffDate` (`queries.suggestedSlots`) */
  slots: Date[];
  kickOffDate: Date;
  /** the reader, preselected as pilot */
  viewerId: string;
  /** offers the reason for a kick-off inside a freeze window */
  isAdmin: boolean;
  channelId: string | null;
  now: Date;
}

/** What the creation modal says; has the shape of the engine's `CreateReleaseInput`. */
export interface CreateReleaseForm {
  config: string;
  type: ReleaseType;
  targets: { platform: Platform; version: string; store: string | null }[];
  baseBranch: string | null;
  kickOffDate: Date;
  targetReleaseDate: Date | null;
  regressionSlots: Date[] | null;
  hasManualBuildUpload: boolean | null;
  releasePilot: string | null;
  freezeOverrideReason: string | null;
}

/** `view.state.values`, as far as it is read. */
export type ViewValues = Record<string, Record<string, ViewValue>>;
export interface ViewValue {
  value?: string | null;
  selected_date_time?: number | null;
  selected_user?: string | null;
  selected_option?: { value: string } | null;
  files?: { id: string; name: string }[];
}
/** Errors are keyed by block id, as `response_action: errors` wants them. */
export type Parsed<T> = { ok: true; input: T } | { ok: false; errors: Record<string, string> };

export interface HomeData {
  viewer: Actor;
  /** live releases of this page, newest first */
  releases: Release[];
  /** those of the page that nothing can be done with */
  damaged: DamagedRelease[];
  /** those among which the reader's own open approvals are looked for; absent = `releases` */
  approvals?: Release[];
  /** ended ones, newest first; shown on the first page */
  recent: Release[];
  configs: ReleaseConfig[];
  mayUse: MayUse;
  /** admins only */
  admin?: HomeAdmin;
  /** 0-based */
  page: number;
  hasMore: boolean;
  now: Date;
  /** a permalink to each release's thread, by release id, where known */
  threadLinks?: Record<string, string>;
}

export interface HomeAdmin {
  integrations: { name: string; kind: string; provider: string; verification: string; detail: string | null }[];
  roles: Partial<Record<Role, string[]>>;
  /** what is still to be set up, one sentence each; empty = all done */
  missingSetup: string[];
}

export interface ReleaseListData {
  releases: Release[];
  damaged: DamagedRelease[];
  all: boolean;
  /** `ReleasePage.next` */
  next: string | null;
  page: number;
  now: Date;
}

export interface BuildListData {
  release: Release;
  builds: Build[];
  uploads: Upload[];
  /** short-lived links by `artifactPath` */
  links: Record<string, string>;
  mayUpload: boolean;
  now: Date;
}

export interface HistoryData {
  release: Release;
  /** newest first */
  entries: AuditEntry[];
  hasMore: boolean;
}

export interface TokenView {
  name: string;
  scopes: readonly string[];
  createdBy: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface HelpData {
  viewer: Actor;
  /** the release of the thread or channel; several when it is not clear */
  here: Release[];
  /** whether the tenant has an active configuration */
  hasConfig: boolean;
  mayUse: MayUse;
  now: Date;
}
