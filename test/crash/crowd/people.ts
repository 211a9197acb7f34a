import { setTimeout as pause } from 'node:timers/promises';
import type { Platform, Release } from '../../../src/domain/release.ts';
import { derivePhase, PHASES, type Phase } from '../../../src/domain/status.ts';
import { buildFile, buildForm } from '../../support/build-files.ts';
import { actionsOn } from '../../support/messages.ts';
import { callUntilAnswered } from './api.ts';
import { fileNameOf, type PlannedBuild, type PlannedRelease, versionOf } from './plan.ts';
import type { CrowdWorld } from './world.ts';

/** Something that a person does for a release because its state asks for it. */
export interface Act {
  name: string;
  run(): Promise<unknown>;
}

/** The times that a release was planned with. */
export interface Times {
  kickOff: Date;
  slot: Date;
}

const CARD_WITHIN_MS = 3_000;
const MODAL_WITHIN_MS = 6_000;
const LOOK_EVERY_MS = 50;
const TASKS: Record<Platform, string> = {
  ANDROID: 'SUBMIT_TO_PLAY_STORE',
  IOS: 'SUBMIT_TO_APP_STORE',
  WEB: 'PUBLISH_WEB',
};

const isInOrBeyond = (release: Release, phase: Phase) => PHASES.indexOf(derivePhase(release)) >= PHASES.indexOf(phase);

function hasBuild(release: Release, plan: PlannedRelease, build: PlannedBuild): boolean {
  const { stagedUploads, tasks, cycles } = release;
  return JSON.stringify([stagedUploads, tasks, cycles]).includes(`"${fileNameOf(plan, build)}"`);
}

/** Whether the release is where it should be when this round is over. */
export function isDone(plan: PlannedRelease, release: Release | null, round: number): boolean {
  if (!release) return round < plan.createdIn;
  if (round >= plan.slotIn) return derivePhase(release) === 'SUBMITTED';
  const early = (stage: PlannedBuild['stage']) =>
    plan.builds.every((build) => build.stage !== stage || build.late || hasBuild(release, plan, build));
  if (round < plan.kickedOffIn) return early('PRE_REGRESSION');
  return isInOrBeyond(release, 'REGRESSION_AWAITING_NEXT_CYCLE') && early('REGRESSION');
}

/** What the release asks people for now. */
export function actsFor(world: CrowdWorld, plan: PlannedRelease, release: Release | null, times: Times): Act[] {
  if (!release) return [{ name: 'create', run: () => create(world, plan, times) }];
  const builds = (stage: PlannedBuild['stage'], isAsked: boolean): Act[] =>
    plan.builds
      .filter((build) => build.stage === stage && (isAsked || !build.late) && !hasBuild(release, plan, build))
      .map((build) => ({ name: fileNameOf(plan, build), run: () => handIn(world, plan, release, build) }));
  const phase = derivePhase(release);
  if (phase === 'NOT_STARTED') return builds('PRE_REGRESSION', false);
  if (phase === 'KICKOFF') return builds('PRE_REGRESSION', true);
  if (phase === 'REGRESSION_AWAITING_NEXT_CYCLE') return builds('REGRESSION', false);
  if (phase === 'REGRESSION_CYCLE_STARTING' || phase === 'REGRESSION_CYCLE_RUNNING') return builds('REGRESSION', true);
  if (phase === 'AWAITING_POST_REGRESSION') return approvals(world, plan, release, 'preRelease');
  if (phase === 'POST_REGRESSION') return builds('PRE_RELEASE', true);
  if (phase === 'AWAITING_SUBMISSION') return approvals(world, plan, release, 'submission');
  return phase === 'SUBMITTING' ? confirmations(world, plan, release) : [];
}

/** At the same time, where people are impatient: it counts once. */
function perhapsTwice(plan: PlannedRelease, run: () => Promise<unknown>): Promise<unknown> {
  return plan.twice ? Promise.all([run(), run()]) : run();
}

async function create(world: CrowdWorld, plan: PlannedRelease, times: Times): Promise<void> {
  if (plan.doors.create === 'SLACK') return createByModal(world, plan, times);
  const body = {
    releaseConfigId: plan.config,
    platformTargets: plan.targets,
    kickOffDate: times.kickOff.toISOString(),
    regressionSlots: [times.slot.toISOString()],
  };
  const call = { caller: 'U01ALICE', path: '/releases', key: `create-${plan.number}`, body } as const;
  await perhapsTwice(plan, () => callUntilAnswered(world, call));
}

async function createByModal({ slack }: CrowdWorld, plan: PlannedRelease, times: Times): Promise<void> {
  const alice = slack.user('alice');
  const versions = plan.targets.map(({ platform, version }) => `${platform}=${version}`).join(' ');
  const ack = await alice.slash('/release', `new ${plan.config} ${versions}`, { channel: plan.config.toLowerCase() });
  if (ack.failure) return;
  const modal = await ack.opened(MODAL_WITHIN_MS).catch(() => null);
  if (modal === null) return;
  // Where that takes long it first asks for a moment; of an instance that dies then, nothing more comes.
  const form = await slack
    .until(() => (modal.submit === null ? null : modal), 'the form', MODAL_WITHIN_MS)
    .catch(() => null);
  if (form?.status !== 'open') return;
  await alice.submit(form, {
    'Android version': plan.targets.some(({ platform }) => platform === 'ANDROID') ? versionOf(plan, 'ANDROID') : '',
    'iOS version': plan.targets.some(({ platform }) => platform === 'IOS') ? versionOf(plan, 'IOS') : '',
    'Kick-off': times.kickOff,
    'Regression slots': times.slot.toISOString().slice(0, 16).replace('T', ' '),
  });
}

async function handIn(world: CrowdWorld, plan: PlannedRelease, release: Release, build: PlannedBuild): Promise<void> {
  const version = versionOf(plan, build.platform);
  const file = await buildFile(build.kind, { version, build: build.build });
  if (build.door === 'SLACK') {
    const root = await cardAt(world, `${release.id}:root`);
    if (root) await world.slack.user('bob').shareFile(root.channel, file, { threadTs: root.ts });
    return;
  }
  const body = buildForm(build.stage, build.platform, file);
  const call = {
    caller: 'U01ALICE',
    path: `/releases/${release.id}/builds`,
    key: `upload-${file.name}`,
    body,
  } as const;
  await perhapsTwice(plan, () => callUntilAnswered(world, call));
}

type GateId = 'preRelease' | 'submission';

/** Nobody approves what was not checked yet. */
function approvals(world: CrowdWorld, plan: PlannedRelease, release: Release, gate: GateId): Act[] {
  const isChecked = release.gates.some(({ id, content }) => id === gate && content !== null);
  return isChecked ? [{ name: gate, run: () => approve(world, plan, release, gate) }] : [];
}

async function approve(world: CrowdWorld, plan: PlannedRelease, release: Release, gate: GateId): Promise<void> {
  if (plan.doors[gate] === 'SLACK') return click(world, plan, release, 'bob', `gate:${gate}`, 'gate.approve');
  const path = `/releases/${release.id}/actions/${gate === 'preRelease' ? 'TRIGGER_STAGE_3' : 'TRIGGER_STAGE_4'}`;
  const call = { caller: 'U02BOB', path, key: `${gate}-${plan.number}`, body: {} } as const;
  await perhapsTwice(plan, () => callUntilAnswered(world, call));
}

function confirmations(world: CrowdWorld, plan: PlannedRelease, release: Release): Act[] {
  return release.tasks
    .filter((task) => task.status === 'AWAITING_CALLBACK' && !task.confirmation)
    .flatMap(({ type }) => plan.targets.filter(({ platform }) => TASKS[platform] === type))
    .map(({ platform }) => ({ name: `confirm ${platform}`, run: () => confirm(world, plan, release, platform) }));
}

async function confirm(world: CrowdWorld, plan: PlannedRelease, release: Release, platform: Platform): Promise<void> {
  const occasion = `s4.${TASKS[platform]}:confirm`;
  if (plan.doors.confirm[platform] === 'SLACK') {
    return click(world, plan, release, 'alice', occasion, 'task.confirm_submission');
  }
  const path = `/releases/${release.id}/actions/CONFIRM_SUBMISSION`;
  const call = { caller: 'U01ALICE', path, key: `confirm-${platform}-${plan.number}`, body: { platform } } as const;
  await perhapsTwice(plan, () => callUntilAnswered(world, call));
}

async function click(
  world: CrowdWorld,
  plan: PlannedRelease,
  release: Release,
  person: string,
  occasion: string,
  actionId: string,
): Promise<void> {
  const card = await cardAt(world, `${release.id}:${occasion}`, actionId);
  if (card) await perhapsTwice(plan, () => world.slack.user(person).click(card, { actionId }));
}

/** Null when it does not come: whoever looks for it looks again later. */
async function cardAt(world: CrowdWorld, key: string, actionId?: string) {
  for (const deadline = Date.now() + CARD_WITHIN_MS; ; await pause(LOOK_EVERY_MS)) {
    const card = world.message(key);
    if (card && (actionId === undefined || actionsOn(card).includes(actionId))) return card;
    if (Date.now() > deadline) return null;
  }
}
