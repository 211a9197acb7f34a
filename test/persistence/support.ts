import type { AuditEntry } from '../../src/domain/audit.ts';
import type { Build } from '../../src/domain/build.ts';
import { createRelease } from '../../src/domain/changes/create.ts';
import { type OutboxRow, UNSENT } from '../../src/domain/outbox.ts';
import type { Platform, Release } from '../../src/domain/release.ts';
import {
  DEFAULT_GATE_POLICY,
  DEFAULT_REMINDERS,
  DEFAULT_SLOT_GRACE_HOURS,
  type ReleaseConfig,
} from '../../src/domain/release-config.ts';
import type { Task } from '../../src/domain/task.ts';
import { newTask } from '../../src/domain/tasks.ts';
import type { Upload } from '../../src/domain/upload.ts';
import { connectPersistence, type Persistence, type Repositories } from '../../src/persistence/index.ts';
import type { ApiToken, Integration, ReleaseChange } from '../../src/persistence/types/index.ts';
import { newId } from '../../src/shared/ids.ts';
import { type TestDatabase, testDatabase } from '../support/database.ts';

export const NOW = new Date('2026-03-02T09:00:00Z');
export const LEASE_MS = 60_000;

/** `NOW` and this many seconds more. */
export function at(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

/** The repositories on a database of the test file's own, opened before its tests and dropped after them. */
export function usePersistence(): { readonly repositories: Repositories; readonly persistence: Persistence } {
  let database: TestDatabase | undefined;
  let persistence: Persistence | undefined;
  beforeAll(async () => {
    database = await testDatabase();
    persistence = await connectPersistence({ uri: database.uri });
    await persistence.ensureIndexes();
  });
  afterAll(async () => {
    await persistence?.close();
    await database?.close();
  });
  function opened(): Persistence {
    if (!persistence) throw new Error('The database is opened before the first test, not while tests are collected');
    return persistence;
  }
  return {
    get repositories() {
      return opened().repositories;
    },
    get persistence() {
      return opened();
    },
  };
}

export function config(changes: Partial<ReleaseConfig> = {}): ReleaseConfig {
  return {
    id: newId('cfg'),
    tenantId: 'T1',
    name: 'Acme App',
    flow: 'STAGED',
    platforms: ['ANDROID', 'IOS'],
    baseBranch: 'main',
    scmIntegrationId: 'int_scm',
    comms: { releases: 'C1', builds: 'C2', approvals: 'C3' },
    autoStartRegression: false,
    hasManualBuildUpload: true,
    slotTemplate: [{ offset: 'P1D', time: '14:00' }],
    timeZone: 'Europe/Oslo',
    freezeWindows: [{ startsAt: at(0), endsAt: at(60), reason: 'holidays' }],
    reminders: DEFAULT_REMINDERS,
    slotGraceHours: DEFAULT_SLOT_GRACE_HOURS,
    gates: { preRelease: DEFAULT_GATE_POLICY, submission: DEFAULT_GATE_POLICY },
    applicationIds: { ANDROID: 'com.acme.app' },
    allowVersionMismatch: false,
    webArchiveEndings: ['.web.zip'],
    artifactRetentionDays: 90,
    isActive: true,
    ...changes,
  };
}

interface Wanted {
  tenantId?: string;
  configId?: string;
  channelId?: string;
  versions?: Partial<Record<Platform, string>>;
  createdAt?: Date;
}

/** A new release, as the domain makes it; its version is one that no other has unless it is named. */
export function newRelease(wanted: Wanted = {}): ReleaseChange {
  const { tenantId = 'T1', configId = newId('cfg'), channelId = 'C1', createdAt = NOW } = wanted;
  const versions = wanted.versions ?? { ANDROID: '7.0.0' };
  const made = config({ tenantId, id: configId, comms: { releases: channelId, builds: 'C2', approvals: 'C3' } });
  return createRelease(
    {
      id: newId('rel'),
      type: 'PLANNED',
      targets: (Object.entries(versions) as [Platform, string][]).map(([platform, version]) => ({
        platform,
        version,
        store: null,
      })),
      baseBranch: 'main',
      kickOffDate: at(86_400),
      targetReleaseDate: null,
      slotDates: [at(172_800)],
      hasManualBuildUpload: true,
      releasePilot: 'U1',
      freezeOverrideReason: null,
    },
    made,
    { actor: 'U1', origin: 'SLACK' },
    createdAt,
  );
}

/** A change of nothing but these fields. */
export function change(release: Release, changes: Partial<Release> = {}): ReleaseChange {
  return { release: { ...release, ...changes }, messages: [], audit: [] };
}

export function ended(release: Release, status: 'COMPLETED' | 'ARCHIVED', endedAt: Date): ReleaseChange {
  const done = { stage1Status: 'COMPLETED', stage2Status: 'COMPLETED', stage3Status: 'COMPLETED' } as const;
  const cron = { ...release.cron, ...done, stage4Status: 'COMPLETED' as const };
  return change(release, { status, endedAt, ...(status === 'COMPLETED' ? { cron } : {}) });
}

export function outboxRow(releaseId: string, seq: number, changes: Partial<OutboxRow> = {}): OutboxRow {
  return {
    ...UNSENT,
    key: `${releaseId}:message-${seq}`,
    tenantId: 'T1',
    releaseId,
    seq,
    content: seq === 1 ? { kind: 'ROOT_CARD' } : { kind: 'RESUMED', by: 'U1' },
    channelId: 'C1',
    threadKey: seq === 1 ? null : `${releaseId}:message-1`,
    broadcast: false,
    living: seq === 1,
    wantedVersion: 0,
    dueAt: NOW,
    createdAt: NOW,
    ...changes,
  };
}

export function build(changes: Partial<Build> = {}): Build {
  return {
    id: newId('bld'),
    tenantId: 'T1',
    releaseId: 'rel_1',
    regressionId: null,
    taskId: newId('task'),
    platform: 'ANDROID',
    storeType: null,
    buildStage: 'KICKOFF',
    buildType: 'MANUAL',
    buildNumber: '12',
    queueLocation: null,
    ciRunId: null,
    workflowStatus: null,
    buildUploadStatus: 'UPLOADED',
    artifactPath: 'T1/a.apk',
    testflightNumber: null,
    fileName: 'a.apk',
    sizeBytes: 5_000_000_000,
    sha256: 'a'.repeat(64),
    version: '7.0.0',
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

export function upload(changes: Partial<Upload> = {}): Upload {
  return {
    id: newId('upl'),
    tenantId: 'T1',
    releaseId: 'rel_1',
    stage: 'REGRESSION',
    platform: 'ANDROID',
    artifactPath: 'T1/a.apk',
    fileName: 'a.apk',
    sizeBytes: 5_000_000_000,
    sha256: 'a'.repeat(64),
    version: null,
    buildNumber: null,
    applicationId: null,
    uploadedBy: 'U1',
    source: 'SLACK',
    isUsed: false,
    usedByTaskId: null,
    usedByCycleId: null,
    supersededBy: null,
    deletedAt: null,
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

export function auditEntry(releaseId: string, seq: number): AuditEntry {
  return {
    tenantId: 'T1',
    releaseId,
    seq,
    at: at(seq),
    actor: 'U1',
    action: 'TASK_COMPLETED',
    origin: 'ENGINE',
    subject: null,
    reason: null,
    detail: { number: seq, text: 'x', flag: true, nothing: null },
  };
}

export function integration(changes: Partial<Integration> = {}): Integration {
  return {
    id: newId('int'),
    tenantId: 'T1',
    kind: 'SCM',
    provider: 'GITHUB',
    name: 'GitHub',
    settings: { owner: 'acme', empty: {} },
    sealedCredentials: 'sealed',
    verification: { status: 'PENDING', checkedAt: null, detail: null },
    scmIntegrationId: null,
    targetIntegrationId: null,
    createdBy: 'U1',
    createdAt: NOW,
    updatedAt: NOW,
    ...changes,
  };
}

export function token(changes: Partial<ApiToken> = {}): ApiToken {
  return {
    id: newId('tok'),
    tenantId: newId('T'),
    name: 'CI',
    hash: newId('hash'),
    scopes: ['releases:read', 'builds:write'],
    createdBy: 'U1',
    createdAt: NOW,
    lastUsedAt: null,
    revokedAt: null,
    ...changes,
  };
}

export function task<T extends Task['type']>(type: T, changes: Partial<Task<T>>): Task {
  return { ...newTask(`x.s3.${type}`, type, 3, null), ...changes };
}
