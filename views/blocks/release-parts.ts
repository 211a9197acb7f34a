import type { KnownBlock } from '@slack/types';
import { type DamagedRelease, DEFECT_WORDS } from '../../src/domain/defect.ts';
import { cycleLabel, describeVersions, PLATFORM_NAMES } from '../../src/domain/names.ts';
import type { PlanLine } from '../../src/domain/plan.ts';
import type { Platform, Release, ReleaseType, StageNumber } from '../../src/domain/release.ts';
import { cycleProgress } from '../../src/domain/status.ts';
import type { BuildsOutput, NoteEntry, NotesOutput, Task, TaskStatus } from '../../src/domain/task.ts';
import { TASK_NAMES } from '../../src/domain/task-names.ts';
import type { UploadStage } from '../../src/domain/upload.ts';
import type { WhyItem } from '../../src/domain/why.ts';
import { type ListPart, list } from './fit.ts';
import { code, dateToken, joinWords, link, mention, mentions, peopleText, shortSha } from './text.ts';

/** Pieces of a release as mrkdwn, used by several surfaces. */

/** `Mobile · Android 7.0.0 · iOS 6.7.0`, escaped. */
export function releaseName(release: Release, max = 120): string {
  return peopleText(plainReleaseName(release), max);
}

/** The same for plain_text objects and for `plain`. */
export function plainReleaseName(release: Release): string {
  return `${release.configName} · ${describeVersions(release.targets)}`;
}

/** Releases that nothing can be done with, and why; null when there is none. */
export function damagedPart(damaged: readonly DamagedRelease[]): ListPart | null {
  if (damaged.length === 0) return null;
  return list(
    `🚨 ${damaged.length === 1 ? '1 release is' : `${damaged.length} releases are`} damaged`,
    damaged.map(
      ({ id, name, defect }) => `• ${peopleText(name, 120)} ${code(id)}: ${DEFECT_WORDS[defect.code]} (${defect.code})`,
    ),
  );
}

/** Only the versions, escaped. */
export function versionsText(release: { targets: readonly { platform: Platform; version: string }[] }): string {
  return peopleText(describeVersions(release.targets), 120);
}

export const TYPE_NAMES: Record<ReleaseType, string> = {
  PLANNED: 'Planned',
  UNPLANNED: 'Unplanned',
  HOTFIX: 'Hotfix',
};
export const UPLOAD_STAGE_NAMES: Record<UploadStage, string> = {
  PRE_REGRESSION: 'kick-off',
  REGRESSION: 'regression',
  PRE_RELEASE: 'pre-release',
};
const STAGE_NAMES: Record<StageNumber, string> = { 1: 'Kick-off', 2: 'Regression', 3: 'Pre-release', 4: 'Submission' };

export function platformNames(platforms: readonly Platform[]): string {
  return joinWords(platforms.map((platform) => PLATFORM_NAMES[platform]));
}

/** The four stages with a mark each: `✅ Kick-off → 🔵 Regression (RC1 of 3) → ⚪ Pre-release → ⚪ Submission`. */
export function progressBar(release: Release): string {
  const { cron } = release;
  const statuses = [cron.stage1Status, cron.stage2Status, cron.stage3Status, cron.stage4Status];
  const running = release.status === 'PAUSED' ? '⏸️' : release.status === 'ARCHIVED' ? '⏹️' : '🔵';
  const marks = { PENDING: '⚪', IN_PROGRESS: running, COMPLETED: '✅' } as const;
  return ([1, 2, 3, 4] as const)
    .map((stage) => {
      const status = statuses[stage - 1] ?? 'PENDING';
      const cycles = stage === 2 && status === 'IN_PROGRESS' ? ` (${cyclesText(release)})` : '';
      return `${marks[status]} ${STAGE_NAMES[stage]}${cycles}`;
    })
    .join('  →  ');
}

function cyclesText(release: Release): string {
  const { completed, total } = cycleProgress(release);
  const cycle = release.cycles.at(-1);
  const runs = cycle?.status === 'NOT_STARTED' || cycle?.status === 'IN_PROGRESS';
  return cycle && runs ? `${cycleLabel(cycle.number)} of ${total}` : `${completed} of ${total} done`;
}

const TASK_MARKS: Record<TaskStatus, string> = {
  PENDING: '▫️',
  IN_PROGRESS: '🔄',
  AWAITING_CALLBACK: '⏳',
  AWAITING_MANUAL_BUILD: '⏳',
  COMPLETED: '✅',
  FAILED: '❌',
  SKIPPED: '⏭️',
};

/** `✅ Create the release branch`, with what it made or why it was left out. */
export function taskLine(task: Task): string {
  const detail = taskDetail(task);
  return `${TASK_MARKS[task.status]} ${TASK_NAMES[task.type]}${detail ? ` — ${detail}` : ''}`;
}

function taskDetail(task: Task): string | null {
  if (task.status === 'SKIPPED') {
    if (!task.skip) return 'skipped';
    const by = task.skip.by === 'slipway' ? '' : ` by ${mention(task.skip.by)}`;
    return `skipped${by}: ${peopleText(task.skip.reason, 120)}`;
  }
  if (task.status === 'FAILED') return peopleText(task.error?.message ?? 'failed', 160);
  if (task.status === 'AWAITING_MANUAL_BUILD') return `waits for ${platformNames(task.missing)}`;
  if (task.status === 'AWAITING_CALLBACK') return task.confirmation ? null : 'waits for confirmation';
  if (task.nextTryAt) return `tried again ${dateToken(task.nextTryAt)}`;
  if (task.status !== 'COMPLETED' || !task.output) return null;
  const { output } = task;
  if ('tag' in output) return link(output.url, code(output.tag));
  if ('branch' in output) return link(output.url, code(output.branch));
  if ('confirmedBy' in output) return `confirmed by ${mention(output.confirmedBy)}`;
  if ('releaseUrl' in output && output.releaseUrl) return link(output.releaseUrl, 'release');
  return null;
}

/** `✅ Android · app-7.0.0.apk · 7.0.0 · SHA-256 1a2b3c4d` */
export function buildLine(build: BuildsOutput['builds'][number]): string {
  const version = build.version ? ` · ${peopleText(build.version, 40)}` : '';
  return `• ${PLATFORM_NAMES[build.platform]} · ${code(build.fileName, 80)}${version} · SHA-256 ${code(build.sha256.slice(0, 12))}`;
}

export function buildsPart(builds: BuildsOutput['builds']): ListPart | null {
  return list('Builds', builds.map(buildLine));
}

export function noteLine(entry: NoteEntry): string {
  return `• ${peopleText(entry.title, 160)} — ${peopleText(entry.author, 60)} ${code(shortSha(entry.sha))}`;
}

export function notesPart(notes: NotesOutput | null): ListPart | null {
  if (!notes) return null;
  const since = notes.since ? ` since ${code(notes.since, 100)}` : '';
  const title = `Changes${since}`;
  if (notes.entries.length === 0 && notes.omitted === 0) return list(title, ['No commits.']);
  return list(title, notes.entries.map(noteLine), notes.omitted);
}

export function planText(lines: readonly PlanLine[]): string {
  return lines.map(({ text, at }) => `• ${peopleText(text, 180)}${at ? ` ${dateToken(at)}` : ''}`).join('\n');
}

/** One unmet condition: what, when it clears itself, whose it is, since when. */
export function whyText(item: WhyItem): string {
  const at = item.at ? `, ${dateToken(item.at)}` : '';
  const about = [
    ...(item.owner && item.owner !== 'slipway' ? [ownerText(item.owner)] : []),
    ...(item.since ? [`since ${dateToken(item.since)}`] : []),
    ...(item.link ? [link(item.link, 'open')] : []),
  ];
  return `${peopleText(item.condition, 280)}${at}${about.length > 0 ? `\n      ${about.join(' · ')}` : ''}`;
}

/** Several Slack users are separated by `, `. */
function ownerText(owner: string): string {
  const names = owner.split(', ');
  return names.every((name) => /^[UW][A-Z0-9]+$/.test(name)) ? mentions(names.slice(0, 10)) : mention(owner);
}

/** Where a row of buttons may be missing. */
export function present(blocks: readonly (KnownBlock | null)[]): KnownBlock[] {
  return blocks.filter((block) => block !== null);
}
