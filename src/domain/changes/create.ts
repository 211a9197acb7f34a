import { auditEntry, type By, type Change, message } from '../change.ts';
import { describeVersions, inPlatformOrder, releaseBranch } from '../names.ts';
import type { PlatformTarget, Release, ReleaseType } from '../release.ts';
import type { ReleaseConfig } from '../release-config.ts';
import { newSlot } from './slots.ts';

/** A new release as Spec 1.1 says it begins: PENDING everywhere, its thread's root card on its way. */
export interface NewRelease {
  id: string;
  type: ReleaseType;
  targets: PlatformTarget[];
  baseBranch: string;
  kickOffDate: Date;
  targetReleaseDate: Date | null;
  /** ascending */
  slotDates: Date[];
  hasManualBuildUpload: boolean;
  releasePilot: string;
  freezeOverrideReason: string | null;
}

export function createRelease(input: NewRelease, config: ReleaseConfig, by: By, now: Date): Change {
  const targets = inPlatformOrder(input.targets);
  const release: Release = {
    id: input.id,
    tenantId: config.tenantId,
    releaseConfigId: config.id,
    configName: config.name,
    flow: 'STAGED',
    type: input.type,
    targets,
    baseBranch: input.baseBranch,
    branch: releaseBranch(targets),
    kickOffDate: input.kickOffDate,
    targetReleaseDate: input.targetReleaseDate,
    hasManualBuildUpload: input.hasManualBuildUpload,
    releasePilot: input.releasePilot,
    createdBy: by.actor,
    createdAt: now,
    timeZone: config.timeZone,
    channelId: config.comms.releases,
    status: 'PENDING',
    cron: {
      status: 'PENDING',
      pauseType: 'NONE',
      stage1Status: 'PENDING',
      stage2Status: 'PENDING',
      stage3Status: 'PENDING',
      stage4Status: 'PENDING',
    },
    slots: input.slotDates.map((at, index) => newSlot(`slot_${index + 1}`, at)),
    cycles: [],
    tasks: [],
    gates: [],
    stagedUploads: [],
    pause: null,
    preKickOffReminderSentAt: null,
    freezeOverride: input.freezeOverrideReason ? { by: by.actor, reason: input.freezeOverrideReason, at: now } : null,
    stage2StartedAt: null,
    failureCount: 0,
    endedAt: null,
    updatedAt: now,
    version: 0,
    messageSeq: 0,
    auditSeq: 0,
  };
  const audit = [
    auditEntry(by, now, {
      action: 'RELEASE_CREATED',
      detail: {
        config: config.name,
        versions: describeVersions(targets),
        kickOffDate: release.kickOffDate.toISOString(),
        manualBuilds: release.hasManualBuildUpload,
        slots: release.slots.map((slot) => slot.at.toISOString()).join(', '),
      },
    }),
  ];
  if (input.freezeOverrideReason) {
    audit.push(auditEntry(by, now, { action: 'FREEZE_OVERRIDDEN', reason: input.freezeOverrideReason }));
  }
  return { release, messages: [message(release, 'root', { kind: 'ROOT_CARD' })], audit };
}

/** The key of the message that starts a release's thread. */
export function rootKey(releaseId: string): string {
  return `${releaseId}:root`;
}
