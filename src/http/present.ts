import type { z } from 'zod';
import type { AuditEntry } from '../domain/audit.ts';
import type { Build } from '../domain/build.ts';
import type { DamagedRelease } from '../domain/defect.ts';
import type { Gate } from '../domain/gate.ts';
import type { Release } from '../domain/release.ts';
import { deriveStatus } from '../domain/status.ts';
import type { NotesOutput, Task } from '../domain/task.ts';
import type { Upload } from '../domain/upload.ts';
import type { ApiToken } from '../engine/index.ts';
import type {
  BuildView,
  DamagedReleaseView,
  GateView,
  HistoryEntryView,
  NotesView,
  ReleaseSummaryView,
  ReleaseView,
  TaskView,
  TokenView,
  UploadView,
} from './answers.ts';

/** Domain objects as the API shows them: named fields only, dates as ISO 8601 UTC. Pure. */

const iso = (at: Date) => at.toISOString();
const isoOrNull = (at: Date | null) => at?.toISOString() ?? null;

export function presentDamaged({ id, name, defect, parkedAt }: DamagedRelease): z.input<typeof DamagedReleaseView> {
  return { id, name, defect: { code: defect.code, detail: defect.detail }, parkedAt: isoOrNull(parkedAt) };
}

export function presentRelease(release: Release): z.input<typeof ReleaseView> {
  return {
    ...presentHead(release),
    releaseConfigId: release.releaseConfigId,
    flow: release.flow,
    baseBranch: release.baseBranch,
    targetReleaseDate: isoOrNull(release.targetReleaseDate),
    hasManualBuildUpload: release.hasManualBuildUpload,
    createdBy: release.createdBy,
    updatedAt: iso(release.updatedAt),
    endedAt: isoOrNull(release.endedAt),
    timeZone: release.timeZone,
    channelId: release.channelId,
    cron: {
      status: release.cron.status,
      pauseType: release.cron.pauseType,
      stage1Status: release.cron.stage1Status,
      stage2Status: release.cron.stage2Status,
      stage3Status: release.cron.stage3Status,
      stage4Status: release.cron.stage4Status,
    },
    pause: release.pause && { by: release.pause.by, reason: release.pause.reason, at: iso(release.pause.at) },
    regressionSlots: release.slots.map(({ id, at, status, cycleNumber }) => ({ id, at: iso(at), status, cycleNumber })),
    cycles: release.cycles.map((cycle) => ({
      id: cycle.id,
      number: cycle.number,
      tag: `RC${cycle.number}`,
      slotId: cycle.slotId,
      status: cycle.status,
      startedAt: iso(cycle.startedAt),
      endedAt: isoOrNull(cycle.endedAt),
      tasks: cycle.tasks.map(presentTask),
    })),
    tasks: release.tasks.map(presentTask),
    gates: release.gates.map(presentGate),
    version: release.version,
  };
}

export function presentSummary(release: Release, now: Date): z.input<typeof ReleaseSummaryView> {
  const { currentPhase, displayText, actions } = deriveStatus(release, now);
  return { ...presentHead(release), currentPhase, displayText, actions };
}

export function presentBuild(build: Build, downloadUrl: string | null): z.input<typeof BuildView> {
  return {
    id: build.id,
    taskId: build.taskId,
    regressionId: build.regressionId,
    platform: build.platform,
    storeType: build.storeType,
    buildStage: build.buildStage,
    buildType: build.buildType,
    buildNumber: build.buildNumber,
    workflowStatus: build.workflowStatus,
    buildUploadStatus: build.buildUploadStatus,
    queueLocation: build.queueLocation,
    ciRunId: build.ciRunId,
    testflightNumber: build.testflightNumber,
    artifactPath: build.artifactPath,
    fileName: build.fileName,
    sizeBytes: build.sizeBytes,
    sha256: build.sha256,
    version: build.version,
    downloadUrl,
    createdAt: iso(build.createdAt),
    updatedAt: iso(build.updatedAt),
  };
}

export function presentUpload(upload: Upload): z.input<typeof UploadView> {
  return {
    id: upload.id,
    stage: upload.stage,
    platform: upload.platform,
    fileName: upload.fileName,
    sizeBytes: upload.sizeBytes,
    sha256: upload.sha256,
    version: upload.version,
    buildNumber: upload.buildNumber,
    uploadedBy: upload.uploadedBy,
    source: upload.source,
    isUsed: upload.isUsed,
    usedByTaskId: upload.usedByTaskId,
    usedByCycleId: upload.usedByCycleId,
    supersededBy: upload.supersededBy,
    createdAt: iso(upload.createdAt),
  };
}

export function presentHistory(entry: AuditEntry): z.input<typeof HistoryEntryView> {
  const { seq, at, actor, action, origin, subject, reason, detail } = entry;
  return { seq, at: iso(at), actor, action, origin, subject, reason, detail };
}

export function presentToken(token: ApiToken): z.input<typeof TokenView> {
  return {
    name: token.name,
    scopes: token.scopes,
    createdBy: token.createdBy,
    createdAt: iso(token.createdAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    revokedAt: isoOrNull(token.revokedAt),
  };
}

/** Notes of each cycle in order, then the final ones. */
export function presentNotes(release: Release): z.input<typeof NotesView>[] {
  const ofCycles = release.cycles.flatMap((cycle) =>
    cycle.tasks.filter(isNotesTask('CREATE_RELEASE_NOTES')).map((task) => notes(`RC${cycle.number}`, task.output)),
  );
  const final = release.tasks
    .filter(isNotesTask('CREATE_FINAL_RELEASE_NOTES'))
    .map((task) => notes('final', task.output));
  return [...ofCycles, ...final];
}

function isNotesTask<T extends 'CREATE_RELEASE_NOTES' | 'CREATE_FINAL_RELEASE_NOTES'>(type: T) {
  return (task: Task): task is Task<T> & { output: NotesOutput } => task.type === type && task.output !== null;
}

function notes(label: string, { since, until, entries, omitted }: NotesOutput): z.input<typeof NotesView> {
  return { label, since, until, entries: entries.map(({ sha, title, author }) => ({ sha, title, author })), omitted };
}

function presentHead(release: Release) {
  return {
    id: release.id,
    configName: release.configName,
    type: release.type,
    status: release.status,
    platformTargets: release.targets.map(({ platform, version, store }) => ({ platform, version, store })),
    branch: release.branch,
    kickOffDate: iso(release.kickOffDate),
    releasePilot: release.releasePilot,
    createdAt: iso(release.createdAt),
  };
}

function presentTask(task: Task): z.input<typeof TaskView> {
  return {
    id: task.id,
    type: task.type,
    stage: task.stage,
    cycleNumber: task.cycleNumber,
    status: task.status,
    attempts: task.attempts,
    startedAt: isoOrNull(task.startedAt),
    endedAt: isoOrNull(task.endedAt),
    nextTryAt: isoOrNull(task.nextTryAt),
    missing: task.missing,
    skip: task.skip && { by: task.skip.by, reason: task.skip.reason },
    error: task.error && { ...task.error, at: iso(task.error.at) },
    output: task.output && { ...task.output },
  };
}

function presentGate(gate: Gate): z.input<typeof GateView> {
  return {
    id: gate.id,
    status: gate.status,
    openedAt: iso(gate.openedAt),
    grantedAt: isoOrNull(gate.grantedAt),
    quorum: gate.policy.quorum,
    contentHash: gate.contentHash,
    checks: gate.checks.map(({ id, passed, text }) => ({ id, passed, text })),
    approvals: gate.approvals.map(({ by, at, override }) => ({ by, at: iso(at), override })),
  };
}
