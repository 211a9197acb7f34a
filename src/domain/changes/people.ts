import { auditEntry, type By, type Change, ENGINE, message, patched, TIME } from '../change.ts';
import { describeVersions } from '../names.ts';
import type { Platform, Release } from '../release.ts';
import type { ReleaseConfig } from '../release-config.ts';
import { failedTask } from '../tasks.ts';
import { completeRegressionIfOver } from './stages.ts';

/** Pause, resume, archive, and the reminder before kick-off (Spec 1.3, 1.7). */

export function pauseRelease(release: Release, reason: string | null, by: By, now: Date): Change {
  return {
    release: patched(release, now, {
      status: 'PAUSED',
      cron: { ...release.cron, status: 'PAUSED', pauseType: 'USER_REQUESTED' },
      pause: { by: by.actor, reason, at: now },
    }),
    messages: [message(release, `paused:${release.auditSeq}`, { kind: 'PAUSED', by: by.actor, reason })],
    audit: [auditEntry(by, now, { action: 'RELEASE_PAUSED', reason })],
  };
}

/**
 * Goes on exactly where it was; what became complete meanwhile is completed. A task that failed while the release was
 * paused stops it again, now as TASK_FAILURE, so that it can be retried or skipped.
 */
export function resumeRelease(release: Release, config: ReleaseConfig, by: By, now: Date): Change {
  const failed = failedTask(release);
  const goesOn: Partial<Release> = {
    status: 'IN_PROGRESS',
    cron: { ...release.cron, status: 'RUNNING', pauseType: 'NONE' },
    pause: null,
  };
  const stops: Partial<Release> = {
    cron: { ...release.cron, status: 'PAUSED', pauseType: 'TASK_FAILURE' },
    pause: { by: ENGINE.actor, reason: failed?.error?.message ?? null, at: failed?.endedAt ?? now },
  };
  const change: Change = {
    release: patched(release, now, failed ? stops : goesOn),
    messages: [message(release, `resumed:${release.auditSeq}`, { kind: 'RESUMED', by: by.actor })],
    audit: [auditEntry(by, now, { action: 'RELEASE_RESUMED' })],
  };
  return completeRegressionIfOver(change, config, now);
}

/** Ends the release for good; its unused uploads are left to retention. */
export function archiveRelease(release: Release, reason: string | null, by: By, now: Date): Change {
  return {
    release: patched(release, now, {
      status: 'ARCHIVED',
      cron: { ...release.cron, status: 'PAUSED', pauseType: 'NONE' },
      pause: null,
      stagedUploads: [],
      endedAt: now,
    }),
    messages: [message(release, 'archived', { kind: 'ARCHIVED', by: by.actor, reason }, { broadcast: true })],
    audit: [auditEntry(by, now, { action: 'RELEASE_ARCHIVED', reason })],
  };
}

export function remindPreKickOff(release: Release, missing: Platform[], now: Date): Change {
  return {
    release: patched(release, now, { preKickOffReminderSentAt: now }),
    messages: [
      message(
        release,
        'pre-kick-off-reminder',
        {
          kind: 'PRE_KICK_OFF_REMINDER',
          kickOffDate: release.kickOffDate.toISOString(),
          versions: describeVersions(release.targets),
          missing,
          manual: release.hasManualBuildUpload,
        },
        { broadcast: true },
      ),
    ],
    audit: [auditEntry(TIME, now, { action: 'PRE_KICK_OFF_REMINDED' })],
  };
}
