import { fingerprint } from '../shared/ids.ts';
import type { Gate, GateCheck, GateContent, GateId, GateObservation } from './gate.ts';
import { inPlatformOrder } from './names.ts';
import type { Release } from './release.ts';
import type { GatePolicy, ReleaseConfig } from './release-config.ts';
import type { BuildsOutput } from './task.ts';
import { outputOf } from './tasks.ts';

/** What a gate shows, binds its approvals to and needs to open (Spec 1.5). Pure. */

export const GATE_CHECK_EVERY_MS = 60_000;

export function newGate(id: GateId, policy: GatePolicy, now: Date): Gate {
  return {
    id,
    status: 'AWAITING',
    openedAt: now,
    policy,
    content: null,
    contentHash: null,
    checks: [],
    cherryPicks: [],
    checkedAt: null,
    nextCheckAt: now,
    checkFailures: 0,
    approvals: [],
    voided: [],
    rejections: [],
    remindersSent: 0,
    grantedAt: null,
  };
}

const HOUR_MS = 3_600_000;
const REMIND_AGAIN_MS = 24 * HOUR_MS;

/** The first reminder after the configured hours, then one a day (Spec 7.3). */
export function approvalReminderAt(gate: Gate, config: ReleaseConfig): Date {
  const firstAt = gate.openedAt.getTime() + config.reminders.approvalHours * HOUR_MS;
  return new Date(firstAt + gate.remindersSent * REMIND_AGAIN_MS);
}

/** How many of them are due by now, at least one more than were sent. */
export function approvalRemindersBy(gate: Gate, config: ReleaseConfig, now: Date): number {
  const overdueMs = now.getTime() - approvalReminderAt(gate, config).getTime();
  return gate.remindersSent + 1 + Math.max(0, Math.floor(overdueMs / REMIND_AGAIN_MS));
}

export function findGate(release: Release, id: GateId): Gate | null {
  return release.gates.find((gate) => gate.id === id) ?? null;
}

export function awaitingGate(release: Release): Gate | null {
  return release.gates.find((gate) => gate.status === 'AWAITING') ?? null;
}

/** The builds that would ship if this gate opened now: those of the newest cycle, or of pre-release. */
export function buildsAtGate(release: Release, id: GateId): BuildsOutput['builds'] {
  if (id === 'submission') {
    const types = ['TRIGGER_TEST_FLIGHT_BUILD', 'CREATE_AAB_BUILD', 'TRIGGER_WEB_BUILD'] as const;
    return inPlatformOrder(types.flatMap((type) => outputOf(release.tasks, type)?.builds ?? []));
  }
  for (const cycle of [...release.cycles].reverse()) {
    const output = outputOf(cycle.tasks, 'TRIGGER_REGRESSION_BUILDS');
    if (output) return inPlatformOrder(output.builds);
  }
  return inPlatformOrder(outputOf(release.tasks, 'TRIGGER_PRE_REGRESSION_BUILDS')?.builds ?? []);
}

export function gateContent(release: Release, id: GateId, headSha: string): GateContent {
  return {
    versions: inPlatformOrder(release.targets).map(({ platform, version }) => ({ platform, version })),
    headSha,
    builds: buildsAtGate(release, id).map(({ platform, sha256 }) => ({ platform, sha256 })),
  };
}

export function contentHash(content: GateContent): string {
  return fingerprint(JSON.stringify([content.versions, content.headSha, content.builds]));
}

/** What differs between what was approved and what is there now, one sentence each. */
export function contentChanges(before: GateContent, after: GateContent): string[] {
  const changes: string[] = [];
  if (before.headSha !== after.headSha) {
    changes.push(`The release branch moved from ${before.headSha.slice(0, 7)} to ${after.headSha.slice(0, 7)}`);
  }
  for (const { platform, version } of after.versions) {
    const old = before.versions.find((target) => target.platform === platform);
    if (old && old.version !== version) changes.push(`${platform} is now ${version}, it was ${old.version}`);
  }
  const platforms = new Set([...before.builds, ...after.builds].map((build) => build.platform));
  for (const platform of platforms) {
    const old = before.builds.find((build) => build.platform === platform)?.sha256;
    const current = after.builds.find((build) => build.platform === platform)?.sha256;
    if (old !== current) changes.push(`The ${platform} build is another file`);
  }
  return changes;
}

/** The newest RC tag that exists, or the commit the branch was cut from: what cherry picks are counted from. */
export function cherryPickBase(release: Release): string | null {
  for (const cycle of [...release.cycles].reverse()) {
    const output = outputOf(cycle.tasks, 'CREATE_RC_TAG');
    if (output) return output.tag;
  }
  return outputOf(release.tasks, 'FORK_BRANCH')?.sha ?? null;
}

export function gateChecks(release: Release, id: GateId, seen: GateObservation): GateCheck[] {
  const scm: GateCheck =
    seen.kind === 'seen'
      ? { id: 'SCM', passed: true, text: `Release branch at ${seen.headSha.slice(0, 7)}` }
      : { id: 'SCM', passed: false, text: `The release branch could not be read: ${seen.detail}` };
  if (id === 'submission') return [scm];
  const checks: GateCheck[] = [cyclesCheck(release), scm];
  if (seen.kind === 'seen') {
    const total = seen.cherryPickTotal;
    const commits = total === 1 ? '1 commit on the release branch is' : `${total} commits on the release branch are`;
    checks.push({
      id: 'CHERRY_PICKS',
      passed: total === 0,
      text: total === 0 ? 'Every commit on the release branch is in an RC' : `${commits} in no RC`,
    });
  }
  return checks;
}

function cyclesCheck(release: Release): GateCheck {
  const done = release.cycles.filter((cycle) => cycle.status === 'DONE').length;
  const abandoned = release.cycles.length - done;
  const text = `${done} regression ${done === 1 ? 'cycle' : 'cycles'} done, ${abandoned} abandoned`;
  return { id: 'CYCLES', passed: done > 0, text };
}

export function failedChecks(gate: Gate): GateCheck[] {
  return gate.checks.filter((check) => !check.passed);
}

export function hasQuorum(gate: Gate): boolean {
  return gate.approvals.length >= gate.policy.quorum;
}

/** A gate opens when enough people approved what is there now, each knowingly where a check failed. */
export function mayOpen(gate: Gate): boolean {
  if (!hasQuorum(gate) || gate.contentHash === null) return false;
  if (gate.approvals.some((approval) => approval.contentHash !== gate.contentHash)) return false;
  const failed = failedChecks(gate);
  if (failed.some((check) => check.id === 'SCM')) return false;
  return failed.length === 0 || gate.approvals.every((approval) => approval.override !== null);
}
