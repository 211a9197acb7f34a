import { freezeAt } from './decide.ts';
import { flowTask } from './flows/staged.ts';
import type { Gate, GateId } from './gate.ts';
import { awaitingGate, failedChecks } from './gate-rules.ts';
import { cycleLabel, describeVersions, PLATFORM_NAMES } from './names.ts';
import type { Platform, Release } from './release.ts';
import type { ReleaseConfig } from './release-config.ts';
import { type Action, currentCycle, derivePhase, nextSlot } from './status.ts';
import { isEnded, type Task } from './task.ts';
import { taskName } from './task-names.ts';
import { activeTasks, failedTask, findTask, outputOf, stagedUpload } from './tasks.ts';
import type { UploadStage } from './upload.ts';
import { openWindows } from './upload-window.ts';

/** What a release is waiting for, condition by condition (Spec 6.1 `why`). Pure. */

export interface WhyItem {
  /** a sentence without its full stop; names in it are as people wrote them: escape before showing */
  condition: string;
  /** Slack user ids, `token:<name>`, or words such as `anyone who may upload`; null = nobody, time or a machine does it */
  owner: string | null;
  /** since when it is unmet */
  since: Date | null;
  /** when it clears itself; null = it does not */
  at: Date | null;
  link: string | null;
  clear: WhyClear | null;
}

export type WhyAction = Action | 'UPLOAD' | 'CONFIRM_SUBMISSION' | 'RUN_SLOT_NOW';

/** The one button that clears a condition, and what it names. */
export interface WhyClear {
  action: WhyAction;
  label: string;
  gateId?: GateId;
  contentHash?: string;
  taskId?: string;
  slotId?: string;
  platform?: Platform;
  stage?: UploadStage;
}

const UPLOADERS = 'anyone who may upload builds';
const STORE_NAMES: Record<Platform, string> = { ANDROID: 'Google Play', IOS: 'the App Store', WEB: 'the web' };

export function storeName(platform: Platform): string {
  return STORE_NAMES[platform];
}

/** Empty for a release that has ended. `config` adds what only the configuration knows (freeze windows). */
export function whyWaiting(release: Release, now: Date, config: ReleaseConfig | null = null): WhyItem[] {
  switch (derivePhase(release)) {
    case 'ARCHIVED':
    case 'COMPLETED':
      return [];
    case 'SUBMITTED':
      return release.targets.map((target) => waitsForStore(release, target.platform));
    case 'NOT_STARTED':
      return [kickOff(release, now, config), ...missingBuildItems(release)];
    case 'PAUSED_BY_USER':
      return [pausedByPerson(release), ...missingBuildItems(release)];
    case 'PAUSED_BY_FAILURE':
      return [...failures(release), ...missingBuildItems(release)];
    case 'AWAITING_REGRESSION':
      return [regressionTrigger(release), ...missingBuildItems(release)];
    case 'REGRESSION_AWAITING_NEXT_CYCLE':
      return [...slots(release, now), ...missingBuildItems(release)];
    case 'AWAITING_POST_REGRESSION':
    case 'AWAITING_SUBMISSION':
      return gate(release);
    case 'REGRESSION_CYCLE_STARTING':
      return [
        machine(`${cycleLabel(currentCycle(release)?.number ?? 1)} is starting`, currentCycle(release)?.startedAt),
      ];
    case 'KICKOFF':
    case 'REGRESSION_CYCLE_RUNNING':
    case 'POST_REGRESSION':
    case 'SUBMITTING':
      return running(release, now);
  }
}

export interface MissingBuilds {
  stage: UploadStage;
  platforms: Platform[];
}

/** Platforms whose upload window is open and that have no build staged, by stage; empty in CI mode. */
export function missingBuilds(release: Release): MissingBuilds[] {
  const missing: MissingBuilds[] = [];
  for (const { stage, platform } of openWindows(release)) {
    if (stagedUpload(release, stage, platform)) continue;
    const known = missing.find((entry) => entry.stage === stage);
    if (known) known.platforms.push(platform);
    else missing.push({ stage, platforms: [platform] });
  }
  return missing;
}

function item(condition: string, more: Partial<WhyItem> = {}): WhyItem {
  return { condition, owner: null, since: null, at: null, link: null, clear: null, ...more };
}

function machine(condition: string, since: Date | null | undefined): WhyItem {
  return item(condition, { owner: 'slipway', since: since ?? null });
}

function kickOff(release: Release, now: Date, config: ReleaseConfig | null): WhyItem {
  const more = {
    owner: release.releasePilot,
    clear: { action: 'START', label: 'Start now' },
  } as const;
  const freeze = config ? freezeAt(release, { config }, release.kickOffDate > now ? release.kickOffDate : now) : null;
  if (freeze) return item(`A freeze stops the kick-off: ${freeze.reason}`, { ...more, at: freeze.endsAt });
  if (release.kickOffDate > now) return item('The kick-off is scheduled', { ...more, at: release.kickOffDate });
  return item('The kick-off is due and starts within a minute', more);
}

function pausedByPerson(release: Release): WhyItem {
  const { pause } = release;
  const reason = pause?.reason ? `: ${pause.reason}` : '';
  return item(`Paused by a person${reason}`, {
    owner: pause?.by ?? null,
    since: pause?.at ?? null,
    clear: { action: 'RESUME', label: 'Resume' },
  });
}

function failures(release: Release): WhyItem[] {
  const task = failedTask(release);
  if (!task) return [item('A task failed', { owner: release.releasePilot, since: release.pause?.at ?? null })];
  return [
    item(`"${taskName(task)}" failed: ${task.error?.message ?? 'no detail was given'}`, {
      owner: release.releasePilot,
      since: task.error?.at ?? null,
      clear: { action: 'RETRY_TASK', label: 'Retry', taskId: task.id },
    }),
  ];
}

function regressionTrigger(release: Release): WhyItem {
  const ended = release.tasks.filter((task) => task.stage === 1).map((task) => task.endedAt?.getTime() ?? 0);
  return item('A person must start the regression', {
    owner: release.releasePilot,
    since: ended.length > 0 ? new Date(Math.max(...ended)) : null,
    clear: { action: 'TRIGGER_STAGE_2', label: 'Start regression' },
  });
}

function slots(release: Release, now: Date): WhyItem[] {
  const slot = nextSlot(release);
  if (!slot) return [];
  const label = cycleLabel((currentCycle(release)?.number ?? 0) + 1);
  if (slot.status === 'ASKED') {
    return [
      item(`${label} missed its time and needs an answer: run it now, fold it into the next one, or drop it`, {
        owner: release.releasePilot,
        since: slot.at,
        clear: { action: 'RUN_SLOT_NOW', label: `Run ${label} now`, slotId: slot.id },
      }),
    ];
  }
  if (slot.answer?.answer === 'RUN_NOW' || slot.at <= now)
    return [machine(`${label} is due and starts within a minute`, slot.at)];
  return [item(`${label} is scheduled`, { at: slot.at })];
}

/** One item for the platforms that wait alike; those that hold the release up come first. */
function missingBuildItems(release: Release): WhyItem[] {
  const items: (WhyItem & { platforms: Platform[] })[] = [];
  for (const { stage, platforms } of missingBuilds(release)) {
    for (const platform of platforms) {
      const since = awaitedSince(release, platform);
      const alike = items.find((known) => known.clear?.stage === stage && known.since?.getTime() === since?.getTime());
      if (alike) alike.platforms.push(platform);
      else {
        const clear = { action: 'UPLOAD', label: 'Upload build', stage } as const;
        items.push({ ...item(STAGE_WORDS[stage], { owner: UPLOADERS, since, clear }), platforms: [platform] });
      }
    }
  }
  items.sort((a, b) => Number(b.since !== null) - Number(a.since !== null));
  return items.map(({ platforms, ...rest }) => {
    const names = platforms.map((platform) => PLATFORM_NAMES[platform]).join(', ');
    const noBuild = platforms.length === 1 ? 'No build is' : 'No builds are';
    const [only] = platforms;
    const clear = rest.clear && only && platforms.length === 1 ? { ...rest.clear, platform: only } : rest.clear;
    return { ...rest, clear, condition: `${noBuild} uploaded yet for ${rest.condition}: ${names}` };
  });
}

const STAGE_WORDS: Record<UploadStage, string> = {
  PRE_REGRESSION: 'the kick-off',
  REGRESSION: 'the regression cycle',
  PRE_RELEASE: 'the pre-release',
};

/** Since when a task stands still for this platform's build; null when the build is wanted but nothing waits yet. */
function awaitedSince(release: Release, platform: Platform): Date | null {
  const waiting = activeTasks(release).find(
    (task) => task.status === 'AWAITING_MANUAL_BUILD' && task.missing.includes(platform),
  );
  return waiting?.startedAt ?? null;
}

function running(release: Release, now: Date): WhyItem[] {
  const task = activeTasks(release).find((candidate) => !isEnded(candidate));
  if (!task) return [machine('The next step starts within a minute', null)];
  const builds = missingBuildItems(release);
  if (task.status === 'AWAITING_MANUAL_BUILD') {
    return builds.length > 0
      ? builds
      : [machine(`All builds are there; "${taskName(task)}" goes on within a minute`, null)];
  }
  return [runningTask(release, task, now), ...builds];
}

function runningTask(release: Release, task: Task, now: Date): WhyItem {
  if (task.nextTryAt && task.nextTryAt > now) {
    const fault = task.error?.message ?? 'a temporary fault';
    const tries = `${task.attempts} ${task.attempts === 1 ? 'try' : 'tries'}`;
    return item(`"${taskName(task)}" met a temporary fault after ${tries} and is tried again: ${fault}`, {
      owner: 'slipway',
      since: task.error?.at ?? task.startedAt,
      at: task.nextTryAt,
    });
  }
  const { submits, platform } = flowTask(task.type);
  if (submits && platform && !task.confirmation && task.status === 'AWAITING_CALLBACK') {
    const target = release.targets.filter((candidate) => candidate.platform === platform);
    return item(`${describeVersions(target)} must be submitted to ${STORE_NAMES[platform]} by hand and confirmed`, {
      owner: release.releasePilot,
      since: task.startedAt,
      clear: { action: 'CONFIRM_SUBMISSION', label: 'Confirm submission', taskId: task.id, platform },
    });
  }
  if (task.status === 'AWAITING_CALLBACK')
    return item(`"${taskName(task)}" waits for an answer`, { since: task.startedAt });
  return machine(`"${taskName(task)}" is running`, task.startedAt);
}

function gate(release: Release): WhyItem[] {
  const open = awaitingGate(release);
  if (!open) return [machine('The gate opens within a minute', null)];
  if (!open.content && open.checkFailures === 0) return [machine('The checks of the gate are running', open.openedAt)];
  const branch = outputOf(release.tasks, 'FORK_BRANCH');
  return [
    ...failedChecks(open).map((check) =>
      item(check.text, {
        since: open.checkedAt,
        link: branch?.url ?? null,
        at: check.id === 'SCM' ? open.nextCheckAt : null,
      }),
    ),
    ...(open.content ? [approvals(open)] : []),
  ];
}

function approvals(open: Gate): WhyItem {
  const { quorum, users, approvers } = open.policy;
  const what = open.id === 'preRelease' ? 'The pre-release' : 'The submission';
  const needs = quorum === 1 ? 'needs an approval' : `has ${open.approvals.length} of ${quorum} approvals`;
  const failed = failedChecks(open);
  const given = open.approvals.map((approval) => approval.by);
  const clear: WhyClear = {
    action: open.id === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4',
    label: failed.length > 0 ? 'Approve anyway' : 'Approve',
    gateId: open.id,
    ...(open.contentHash ? { contentHash: open.contentHash } : {}),
  };
  return item(`${what} ${needs}${failed.length > 0 ? ', over the failed checks' : ''}`, {
    owner: users
      ? users.filter((user) => !given.includes(user)).join(', ')
      : `anyone with the role ${approvers.join(' or ')}`,
    since: open.openedAt,
    // An approval needs what it is bound to: while the branch cannot be read there is nothing to approve.
    clear: failed.some((check) => check.id === 'SCM') ? null : clear,
  });
}

function waitsForStore(release: Release, platform: Platform): WhyItem {
  const types = { ANDROID: 'SUBMIT_TO_PLAY_STORE', IOS: 'SUBMIT_TO_APP_STORE', WEB: 'PUBLISH_WEB' } as const;
  const task = findTask(release, `${release.id}.s4.${types[platform]}`);
  const target = release.targets.filter((candidate) => candidate.platform === platform);
  return item(`${describeVersions(target)} is with ${STORE_NAMES[platform]}`, {
    since: task?.confirmation?.at ?? task?.endedAt ?? null,
  });
}
