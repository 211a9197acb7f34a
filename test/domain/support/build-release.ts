import type { By, Change } from '../../../src/domain/change.ts';
import { createRelease, type NewRelease } from '../../../src/domain/changes/create.ts';
import type { Cycle } from '../../../src/domain/cycle.ts';
import type { CronPart, Release } from '../../../src/domain/release.ts';
import type { ReleaseConfig } from '../../../src/domain/release-config.ts';
import type { Slot } from '../../../src/domain/slot.ts';
import { cycleTasks, stageTasks } from '../../../src/domain/tasks.ts';
import type { StagedUpload, Upload } from '../../../src/domain/upload.ts';

/** Releases in a chosen state, for the tables of the domain's tests. */

export const HOUR_MS = 3_600_000;
export const PILOT: By = { actor: 'U_PILOT', origin: 'SLACK' };

/** `at('12-01 14:00')`: an instant of 2026, UTC. */
export function at(text: string): Date {
  return new Date(`2026-${text.replace(' ', 'T')}:00.000Z`);
}

export function shift(instant: Date, ms: number): Date {
  return new Date(instant.getTime() + ms);
}

export const KICK_OFF = at('12-01 10:00');
export const SLOT_DATES = [at('12-02 14:00'), at('12-03 14:00'), at('12-04 14:00')];

export function aConfig(patch: Partial<ReleaseConfig> = {}): ReleaseConfig {
  const policy = { approvers: ['APPROVER' as const], users: null, quorum: 1, allowOwnRelease: true };
  return {
    id: 'cfg_1',
    tenantId: 'T1',
    name: 'Shop app',
    flow: 'STAGED',
    platforms: ['ANDROID', 'IOS'],
    baseBranch: 'main',
    scmIntegrationId: 'int_1',
    comms: { releases: 'C_REL', builds: 'C_BUILDS', approvals: 'C_APPROVALS' },
    autoStartRegression: true,
    hasManualBuildUpload: true,
    slotTemplate: [],
    timeZone: 'UTC',
    freezeWindows: [],
    reminders: { preKickOffHours: 24, missingBuildsHours: 2, approvalHours: 4 },
    slotGraceHours: 6,
    gates: { preRelease: policy, submission: policy },
    applicationIds: {},
    allowVersionMismatch: false,
    webArchiveEndings: ['.web.zip'],
    artifactRetentionDays: null,
    isActive: true,
    ...patch,
  };
}

export function newRelease(input: Partial<NewRelease> = {}, config = aConfig()): Release {
  return creation(input, config).release;
}

export function creation(input: Partial<NewRelease> = {}, config = aConfig()): Change {
  return createRelease(
    {
      id: 'rel_1',
      type: 'PLANNED',
      targets: [
        { platform: 'ANDROID', version: '7.0.0', store: null },
        { platform: 'IOS', version: '6.7.0', store: null },
      ],
      baseBranch: 'main',
      kickOffDate: KICK_OFF,
      targetReleaseDate: null,
      slotDates: SLOT_DATES,
      hasManualBuildUpload: true,
      releasePilot: 'U_PILOT',
      freezeOverrideReason: null,
      ...input,
    },
    config,
    PILOT,
    at('11-20 09:00'),
  );
}

export const CRONS = {
  stage1: cron('RUNNING', 'NONE', 'IN_PROGRESS', 'PENDING', 'PENDING', 'PENDING'),
  awaitingRegression: cron('PAUSED', 'AWAITING_STAGE_TRIGGER', 'COMPLETED', 'PENDING', 'PENDING', 'PENDING'),
  stage2: cron('RUNNING', 'NONE', 'COMPLETED', 'IN_PROGRESS', 'PENDING', 'PENDING'),
  awaitingPreRelease: cron('PAUSED', 'AWAITING_STAGE_TRIGGER', 'COMPLETED', 'COMPLETED', 'PENDING', 'PENDING'),
  stage3: cron('RUNNING', 'NONE', 'COMPLETED', 'COMPLETED', 'IN_PROGRESS', 'PENDING'),
  awaitingSubmission: cron('PAUSED', 'AWAITING_STAGE_TRIGGER', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'PENDING'),
  stage4: cron('RUNNING', 'NONE', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'IN_PROGRESS'),
  over: cron('COMPLETED', 'NONE', 'COMPLETED', 'COMPLETED', 'COMPLETED', 'COMPLETED'),
};

export function cron(
  status: CronPart['status'],
  pauseType: CronPart['pauseType'],
  ...[stage1Status, stage2Status, stage3Status, stage4Status]: [
    CronPart['stage1Status'],
    CronPart['stage2Status'],
    CronPart['stage3Status'],
    CronPart['stage4Status'],
  ]
): CronPart {
  return { status, pauseType, stage1Status, stage2Status, stage3Status, stage4Status };
}

/** A release that has started, with this cron part; its stage's tasks exist and are PENDING. */
export function running(part: CronPart, patch: Partial<Release> = {}): Release {
  const release: Release = { ...newRelease(), status: 'IN_PROGRESS', cron: part, ...patch };
  if (patch.tasks) return release;
  const begun = (stage: 1 | 3 | 4, status: string) => (status === 'PENDING' ? [] : stageTasks(release, stage));
  return {
    ...release,
    tasks: [...begun(1, part.stage1Status), ...begun(3, part.stage3Status), ...begun(4, part.stage4Status)],
  };
}

/** The release in stage 2 with cycles of these states; each took the next of its slots. */
export function withCycles(release: Release, ...statuses: Cycle['status'][]): Release {
  const cycles = statuses.map((status, index): Cycle => {
    const number = index + 1;
    const slot = release.slots[index];
    return {
      id: `${release.id}.c${number}`,
      number,
      slotId: slot?.id ?? `slot_${number}`,
      status,
      startedAt: slot?.at ?? KICK_OFF,
      endedAt: null,
      tasks: cycleTasks(release, number),
    };
  });
  const slots = release.slots.map(
    (slot, index): Slot => (index < cycles.length ? { ...slot, status: 'BEGUN', cycleNumber: index + 1 } : slot),
  );
  return { ...release, cycles, slots, stage2StartedAt: KICK_OFF };
}

export function anUpload(patch: Partial<Upload> = {}): Upload {
  const id = patch.id ?? 'upl_1';
  return {
    id,
    tenantId: 'T1',
    releaseId: 'rel_1',
    stage: 'REGRESSION',
    platform: 'ANDROID',
    artifactPath: `T1/rel_1/${id}/app.apk`,
    fileName: 'app.apk',
    sizeBytes: 1000,
    sha256: `sha-${id}`,
    version: null,
    buildNumber: null,
    applicationId: null,
    uploadedBy: 'U_UPLOADER',
    source: 'API',
    isUsed: false,
    usedByTaskId: null,
    usedByCycleId: null,
    supersededBy: null,
    deletedAt: null,
    createdAt: KICK_OFF,
    updatedAt: KICK_OFF,
    ...patch,
  };
}

export function staged(stage: StagedUpload['stage'], ...platforms: StagedUpload['platform'][]): StagedUpload[] {
  return platforms.map((platform) => ({
    uploadId: `upl_${stage}_${platform}`,
    stage,
    platform,
    fileName: 'app',
    sizeBytes: 1000,
    sha256: `sha-${stage}-${platform}`,
    version: null,
    buildNumber: null,
    artifactPath: `T1/rel_1/${platform}`,
    uploadedBy: 'U_UPLOADER',
    at: KICK_OFF,
  }));
}
