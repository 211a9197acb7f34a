import type { Platform } from './release.ts';
import type { Role } from './tenant.ts';

/** A slot by its distance from kick-off (ISO 8601 duration in days, `P1D`) and local time (`HH:mm`). Spec 1.1, 4.7. */
export interface SlotTemplateEntry {
  offset: string;
  time: string;
}

export interface FreezeWindow {
  startsAt: Date;
  endsAt: Date;
  reason: string;
}

/** Who opens a gate. `quorum` is at least 1. Spec 1.5, 6.3. */
export interface GatePolicy {
  approvers: Role[];
  /** narrows the approvers to these Slack users; null = everyone with the role */
  users: string[] | null;
  quorum: number;
  allowOwnRelease: boolean;
}

/** Hours before (or after) which people are reminded. Spec 1.3, 7.3. */
export interface Reminders {
  preKickOffHours: number;
  missingBuildsHours: number;
  approvalHours: number;
}

export const DEFAULT_REMINDERS: Reminders = { preKickOffHours: 24, missingBuildsHours: 2, approvalHours: 4 };
export const DEFAULT_SLOT_GRACE_HOURS = 6;
export const DEFAULT_GATE_POLICY: GatePolicy = {
  approvers: ['APPROVER'],
  users: null,
  quorum: 1,
  allowOwnRelease: true,
};

/** How the releases of one product are made. `name` is unique in the tenant. Spec 4.4. */
export interface ReleaseConfig {
  id: string;
  tenantId: string;
  name: string;
  flow: 'STAGED';
  platforms: Platform[];
  baseBranch: string;
  scmIntegrationId: string;
  /** Slack channel ids; builds and approvals default to the releases channel */
  comms: { releases: string; builds: string; approvals: string };
  autoStartRegression: boolean;
  /** default for releases */
  hasManualBuildUpload: boolean;
  slotTemplate: SlotTemplateEntry[];
  /** IANA name */
  timeZone: string;
  freezeWindows: FreezeWindow[];
  reminders: Reminders;
  slotGraceHours: number;
  gates: { preRelease: GatePolicy; submission: GatePolicy };
  /** expected application id per platform; where null the id is not compared */
  applicationIds: Partial<Record<Platform, string>>;
  /** accept a build whose version differs from the release's (Spec 3.4) */
  allowVersionMismatch: boolean;
  /** file name endings that are a WEB build, e.g. `.web.zip` */
  webArchiveEndings: string[];
  /** days that artifacts of ended releases are kept; null = for ever */
  artifactRetentionDays: number | null;
  isActive: boolean;
}
