import type { OutboxRow } from '../../domain/outbox.ts';
import type { StoredRelease } from './releases.ts';

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
