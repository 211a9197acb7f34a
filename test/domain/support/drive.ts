import type { AuditDraft } from '../../../src/domain/audit.ts';
import { type By, type Change, message, TIME } from '../../../src/domain/change.ts';
import { checkGate, remindApproval } from '../../../src/domain/changes/gates.ts';
import { remindPreKickOff } from '../../../src/domain/changes/people.ts';
import { askAboutMissedSlot, remindMissingBuilds } from '../../../src/domain/changes/slots.ts';
import {
  beginCycle,
  completeKickOff,
  completePreRelease,
  completeSubmission,
  endCycle,
  kickOff,
  startCycle,
} from '../../../src/domain/changes/stages.ts';
import {
  awaitBuilds,
  awaitConfirmation,
  claimBuilds,
  completeTask,
  delayTask,
  failTask,
  passOverTask,
  startTask,
} from '../../../src/domain/changes/tasks.ts';
import { decide, type Facts, nextWakeAt, type Step } from '../../../src/domain/decide.ts';
import { platformsOf } from '../../../src/domain/flows/staged.ts';
import type { GateObservation } from '../../../src/domain/gate.ts';
import { findGate } from '../../../src/domain/gate-rules.ts';
import type { MessageDraft } from '../../../src/domain/message.ts';
import type { Release } from '../../../src/domain/release.ts';
import type { ReleaseConfig } from '../../../src/domain/release-config.ts';
import { currentCycle } from '../../../src/domain/status.ts';
import type { Task, TaskOutputs, TaskType } from '../../../src/domain/task.ts';
import { findTask } from '../../../src/domain/tasks.ts';

/**
 * The engine without its surroundings: it applies what `decide` says until nothing is due, exactly as
 * `src/engine/apply.ts` and `run-task.ts` do, with made-up outputs, and counts versions and sequence numbers as the
 * repository does.
 */

/** What happens to a task that runs. `crash` = the process died before the outcome was stored. */
export type Fate =
  | { kind: 'done' }
  | { kind: 'transient' }
  | { kind: 'fail' }
  | { kind: 'crash' }
  /** a person does this while the task runs, which ends so all the same */
  | { kind: 'meanwhile'; act: (world: World) => void; ends: 'done' | 'fail' };

export interface World {
  release: Release;
  config: ReleaseConfig;
  now: Date;
  /** the outside */
  headSha: string;
  cherryPickTotal: number;
  scmDown: boolean;
  /** taken one by one by the tasks that run; afterwards every task is done at once */
  fates: Fate[];
  messages: Map<string, MessageDraft>;
  audit: AuditDraft[];
  steps: number;
  /** called after every write */
  onWrite: (before: Release, after: Release, what: string) => void;
}

export function aWorld(release: Release, config: ReleaseConfig, now: Date): World {
  return {
    release,
    config,
    now,
    headSha: 'a'.repeat(40),
    cherryPickTotal: 0,
    scmDown: false,
    fates: [],
    messages: new Map(),
    audit: [],
    steps: 0,
    onWrite: () => undefined,
  };
}

export function facts(world: World): Facts {
  return { config: world.config };
}

const MAX_STEPS = 500;
const DELAYS_MS = [5_000, 15_000, 45_000, 120_000, 300_000];

/** A conditional write: the next version, with numbers for what it says and records. */
export function write(world: World, change: Change, what: string): void {
  const before = world.release;
  if (change.release.version !== before.version) throw new Error(`${what}: written over version ${before.version}`);
  for (const draft of change.messages) {
    if (world.messages.has(draft.key)) throw new Error(`${what}: the message ${draft.key} is born twice`);
    world.messages.set(draft.key, draft);
  }
  world.audit.push(...change.audit);
  world.release = {
    ...change.release,
    version: before.version + 1,
    messageSeq: before.messageSeq + change.messages.length,
    auditSeq: before.auditSeq + change.audit.length,
  };
  world.onWrite(before, world.release, what);
}

/** Goes on until nothing is due; throws when that never happens. Returns the kinds of the steps it took. */
export function settle(world: World): Step['kind'][] {
  const taken: Step['kind'][] = [];
  for (let count = 0; count < MAX_STEPS; count += 1) {
    const step = decide(world.release, facts(world), world.now);
    if (!step) return taken;
    taken.push(step.kind);
    world.steps += 1;
    if (step.kind === 'RUN_TASK') runTask(world, step.taskId);
    else write(world, changeFor(world, step), step.kind);
  }
  throw new Error(`no rest after ${MAX_STEPS} steps; the last were ${taken.slice(-5).join(', ')}`);
}

/** Moves the clock to when the release wants to be looked at, as often as it takes, at most until `until`. */
export function settleUntil(world: World, until: Date): void {
  settle(world);
  for (let wakes = 0; wakes < MAX_STEPS; wakes += 1) {
    const next = nextWakeAt(world.release, facts(world), world.now);
    if (!next || next > until) break;
    world.now = next;
    settle(world);
  }
  world.now = until;
  settle(world);
}

function runTask(world: World, taskId: string): void {
  write(world, startTask(world.release, getTask(world, taskId), world.now), `start ${taskId}`);
  const fate = world.fates.shift() ?? { kind: 'done' };
  if (fate.kind === 'crash') return;
  if (fate.kind === 'meanwhile') fate.act(world);
  const ends = fate.kind === 'meanwhile' ? fate.ends : fate.kind;
  const task = getTask(world, taskId);
  if (task.status !== 'IN_PROGRESS') return;
  const fault = { message: 'Not Found (404)', source: 'GITHUB ensureBranch', transient: ends === 'transient' };
  const delayMs = ends === 'transient' ? DELAYS_MS[task.attempts - 1] : undefined;
  const { release, now } = world;
  if (ends === 'done' && canRun(release, task)) {
    const output = fakeOutput(world, task);
    const change = output ? completeTask(release, task, output, now) : passOverTask(release, task, 'not there', now);
    write(world, change, `end ${taskId}`);
  } else if (delayMs !== undefined) {
    write(world, delayTask(release, task, fault, new Date(now.getTime() + delayMs), now), `delay ${taskId}`);
  } else {
    write(world, failTask(release, task, fault, now), `fail ${taskId}`);
  }
}

/** No CI integration exists yet: a build task of a release in CI mode fails, as its handler does. */
export function canRun(release: Release, task: Task): boolean {
  return release.hasManualBuildUpload || platformsOf(release, task).length === 0;
}

function changeFor(world: World, step: Exclude<Step, { kind: 'RUN_TASK' }>): Change {
  const { release, config, now } = world;
  const slot = (id: string) => present(release.slots.find((candidate) => candidate.id === id));
  const gate = (id: 'preRelease' | 'submission') => present(findGate(release, id));
  switch (step.kind) {
    case 'REMIND_PRE_KICK_OFF':
      return remindPreKickOff(release, step.missing, now);
    case 'KICK_OFF':
      return kickOff(release, TIME, now);
    case 'COMPLETE_STAGE':
      if (step.stage === 1) return completeKickOff(release, config, now);
      return step.stage === 3 ? completePreRelease(release, config, now) : completeSubmission(release, now);
    case 'BEGIN_CYCLE':
      return beginCycle(release, slot(step.slotId), now);
    case 'START_CYCLE':
      return startCycle(release, present(currentCycle(release)), now);
    case 'END_CYCLE':
      return endCycle(release, present(currentCycle(release)), config, now);
    case 'ASK_MISSED_SLOT':
      return askAboutMissedSlot(release, slot(step.slotId), now);
    case 'REMIND_MISSING_BUILDS':
      return remindMissingBuilds(release, slot(step.slotId), step.missing, now);
    case 'PASS_OVER_TASK':
      return passOverTask(release, getTask(world, step.taskId), step.reason, now);
    case 'AWAIT_BUILDS':
      return awaitBuilds(release, getTask(world, step.taskId), now);
    case 'CLAIM_BUILDS':
      return claimBuilds(release, getTask(world, step.taskId), step.platforms, now);
    case 'AWAIT_CONFIRMATION':
      return awaitConfirmation(release, getTask(world, step.taskId), step.platform, now);
    case 'CHECK_GATE':
      return checkGate(release, gate(step.gateId), config.gates[step.gateId], observe(world), now);
    case 'REMIND_APPROVAL':
      return remindApproval(release, gate(step.gateId), config, now);
  }
}

function observe(world: World): GateObservation {
  if (world.scmDown) return { kind: 'unreachable', detail: 'Bad gateway' };
  return { kind: 'seen', headSha: world.headSha, cherryPicks: [], cherryPickTotal: world.cherryPickTotal };
}

/** Null = the handler passes the task over: its integration is not configured, or there is nothing to do. */
function fakeOutput(world: World, task: Task): { output: TaskOutputs[TaskType]; messages: MessageDraft[] } | null {
  const { release } = world;
  const ref = { url: null, sha: world.headSha };
  const notes = { since: null, until: 'x', entries: [], omitted: 0 };
  const said = (occasion: string, broadcast = false) => {
    const draft = message(release, occasion, { kind: 'CHERRY_PICKS', commits: [] }, { broadcast });
    return { output: { messageKey: draft.key }, messages: [draft] };
  };
  const silently = (output: TaskOutputs[TaskType]) => ({ output, messages: [] });
  switch (task.type) {
    case 'FORK_BRANCH':
      return silently({ branch: release.branch, ...ref });
    case 'CREATE_RC_TAG':
    case 'CREATE_RELEASE_TAG':
      return silently({ tag: task.id, ...ref });
    case 'CREATE_RELEASE_NOTES':
      return silently(notes);
    case 'CREATE_FINAL_RELEASE_NOTES':
      return silently({ ...notes, releaseUrl: null });
    case 'TRIGGER_PRE_REGRESSION_BUILDS':
    case 'TRIGGER_REGRESSION_BUILDS':
    case 'TRIGGER_TEST_FLIGHT_BUILD':
    case 'CREATE_AAB_BUILD':
    case 'TRIGGER_WEB_BUILD':
      return silently({ builds: takenBuilds(release, task) });
    case 'SEND_KICKOFF_MESSAGE':
      return said('kickoff', true);
    case 'SEND_REGRESSION_BUILD_MESSAGE':
      return said(`c${task.cycleNumber}:regression-builds`);
    case 'SEND_PRE_RELEASE_MESSAGE':
      return said('pre-release');
    case 'SEND_SUBMISSION_MESSAGE':
      return said('submitted', true);
    case 'SUBMIT_TO_APP_STORE':
    case 'SUBMIT_TO_PLAY_STORE':
    case 'PUBLISH_WEB':
      return silently({ platform: 'IOS', confirmedBy: present(task.confirmation).by });
    case 'PRE_KICK_OFF_REMINDER':
    case 'CREATE_PROJECT_MANAGEMENT_TICKET':
    case 'CREATE_TEST_SUITE':
    case 'RESET_TEST_SUITE':
    case 'TRIGGER_AUTOMATION_RUNS':
    case 'AUTOMATION_RUNS':
    case 'PRE_RELEASE_CHERRY_PICKS_REMINDER':
    case 'PM_APPROVAL_GATE':
      return null;
  }
}

/** Runs only on claimed builds, one for each platform of the task: anything else is a broken rule. */
function takenBuilds(release: Release, task: Task) {
  return platformsOf(release, task).map((platform) => {
    const uploadId = present(task.claimedUploads?.[platform]);
    return { platform, buildId: `${task.id}.${platform}`, fileName: 'app', sha256: `sha-${uploadId}`, version: null };
  });
}

export function person(name = 'U_PILOT'): By {
  return { actor: name, origin: 'SLACK' };
}

function getTask(world: World, taskId: string): Task {
  return present(findTask(world.release, taskId));
}

export function present<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('something that must exist does not');
  return value;
}
