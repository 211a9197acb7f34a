import { setTimeout as pause } from 'node:timers/promises';
import type { SlackMessage } from '../../sandbox/slack/index.ts';
import type { Release } from '../../src/domain/release.ts';
import { derivePhase, type Phase } from '../../src/domain/status.ts';
import { type ApiOptions, HOUR_MS, MINUTE_MS } from '../support/bot.ts';
import { type BuildKind, buildFile, buildForm } from '../support/build-files.ts';
import { actionsOn, keyOf } from '../support/messages.ts';
import { CONFIGURATION, TENANT_ID } from '../support/outside.ts';
import { type CreatedRelease, cardWith } from '../support/people.ts';
import { GITHUB_WORDS } from './kinds.ts';
import type { FaultWorld } from './world.ts';

/**
 * What people do during a staged release while providers are out of order: they press RETRY when it is paused, and do again
 * what came to nothing, as people and careful clients do.
 */

/** Moved time that people wait before they look, or try, again. */
const PATIENCE_MS = 5 * MINUTE_MS;
const TRIES = 100;
/** When so much of that was in vain, the faults end: from there on everything must go right. */
const STORMY_TRIES = 50;
/** real time, for a machine under load */
const RETRY_WAIT_MS = 20_000;
/** who clicked in vain clicks again */
const CLICK_WAIT_MS = 3_000;
const FILE_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 10;

export interface Played {
  release: CreatedRelease;
  /** what people met that should not be */
  problems: string[];
  pauses: number;
}

export async function playUnderFaults(world: FaultWorld): Promise<Played> {
  const { slack } = world;
  const start = world.now().getTime();
  const at = (hours: number) => new Date(start + hours * HOUR_MS);
  const problems: string[] = [];
  let pauses = 0;
  let keys = 0;
  let id = '';

  /** Repeats a call of the API with one key until it is taken. */
  async function call(path: string, expected: number, make: () => ApiOptions): Promise<Record<string, unknown>> {
    keys += 1;
    const headers = { 'idempotency-key': `faults-${keys}` };
    let last = '';
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      if (attempt > STORMY_TRIES) world.calm();
      const { status, body } = await world.api('POST', path, { ...make(), headers });
      await world.settle();
      if (status === expected) return body;
      last = `${status} ${JSON.stringify(body)}`;
      if (status < 500 && status !== 429 && status !== 409) break;
      await world.skip(PATIENCE_MS);
    }
    throw new Error(`POST ${path} was answered with ${last}`);
  }

  async function retryWhatFailed(): Promise<void> {
    const before = await world.release(id);
    if (derivePhase(before) !== 'PAUSED_BY_FAILURE') return;
    const reason = before.pause?.reason ?? '';
    if (!GITHUB_WORDS.test(reason)) problems.push(`paused without the provider's words: ${reason}`);
    const card = slack
      .messages()
      .find((message) => keyOf(message)?.endsWith(`:failed:${before.failureCount}`) && offers(message, 'task.retry'));
    // Slack may not have it yet.
    if (!card) return;
    if (!JSON.stringify(card.blocks).includes(firstWords(reason))) problems.push(`the card does not say: ${reason}`);
    await slack.user('alice').click(card, { actionId: 'task.retry' });
    const goesOn = await until(async () => {
      const after = await world.release(id);
      return after.failureCount > before.failureCount || derivePhase(after) !== 'PAUSED_BY_FAILURE';
    }, RETRY_WAIT_MS);
    if (!goesOn) problems.push(`RETRY did nothing about: ${reason}`);
    pauses += 1;
  }

  /** Time passes until it is so; who waits presses RETRY and, where given, acts again. */
  async function insist(what: string, isSo: (now: Release) => boolean, act?: () => Promise<unknown>): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      if (attempt > STORMY_TRIES) world.calm();
      await world.settle();
      if (isSo(await world.release(id))) return;
      await act?.();
      await world.settle();
      if (isSo(await world.release(id))) return;
      await retryWhatFailed();
      await world.skip(PATIENCE_MS);
    }
    const { status, pause } = await world.release(id);
    throw new Error(`${what}: waited in vain at ${status} (${pause?.reason ?? 'no pause'})`);
  }

  /** What waits for Slack is sent before time jumps: in truth it would be tried every few minutes on the way. */
  async function passUntil(then: Date): Promise<void> {
    for (let attempt = 1; world.now() < then; attempt += 1) {
      if (attempt > STORMY_TRIES) world.calm();
      await world.settle();
      const jump = then.getTime() - world.now().getTime();
      await world.skip((await unsent(world, id)) > 0 ? Math.min(PATIENCE_MS, jump) : jump);
    }
  }

  const reach = (phase: Phase) => insist(phase, (now) => derivePhase(now) === phase);
  const has = (now: Release, name: string) =>
    JSON.stringify([now.stagedUploads, now.tasks, now.cycles]).includes(`"${name}"`);
  const upload = async (stage: string, kind: BuildKind, build: number) => {
    const file = await buildFile(kind, { build });
    const platform = kind === 'ipa' ? 'IOS' : 'ANDROID';
    await call(`/releases/${id}/builds`, 201, () => ({ form: buildForm(stage, platform, file) }));
  };
  const share = async (root: CreatedRelease, kind: BuildKind, build: number) => {
    const file = await buildFile(kind, { build });
    const isThere = (now: Release) => has(now, file.name);
    await insist(file.name, isThere, async () => {
      const shared = await slack.user('bob').shareFile('releases', file, { threadTs: root.root.ts });
      const dealtWith = async () => {
        const found = await world.persistence.repositories.deliveries.find(TENANT_ID, `slack-file:${shared.file.id}`);
        return found !== null && found.status !== 'RECEIVED';
      };
      await until(dealtWith, FILE_WAIT_MS);
    });
  };
  const click = async (root: CreatedRelease, person: string, occasion: string, actionId: string) => {
    const card = cardWith(slack, root, occasion, actionId);
    if (!card) return;
    const { version } = await world.release(id);
    await slack.user(person).click(card, { actionId });
    await until(async () => (await world.release(id)).version !== version, CLICK_WAIT_MS);
  };

  const created = await call('/releases', 201, () => ({
    json: {
      releaseConfigId: CONFIGURATION,
      platformTargets: [
        { platform: 'ANDROID', version: '7.0.0' },
        { platform: 'IOS', version: '6.7.0' },
      ],
      kickOffDate: at(30).toISOString(),
      regressionSlots: [at(60).toISOString()],
    },
  }));
  id = (created['release'] as { id: string }).id;
  const rootCard = () => slack.messages().find((message) => keyOf(message) === `${id}:root`);
  await insist('the root card', () => rootCard() !== undefined);
  const root = rootCard();
  if (!root) throw new Error('there is no root card');
  const release: CreatedRelease = { id, root };

  await upload('PRE_REGRESSION', 'apk', 1);
  await share(release, 'ipa', 1);
  await passUntil(at(30));
  await reach('REGRESSION_AWAITING_NEXT_CYCLE');
  await upload('REGRESSION', 'apk', 2);
  await share(release, 'ipa', 2);
  await passUntil(at(60));
  await reach('AWAITING_POST_REGRESSION');
  const granted = (count: number) => (now: Release) =>
    now.gates.filter((gate) => gate.status === 'GRANTED').length === count;
  await insist('the pre-release gate', granted(1), () => click(release, 'bob', 'gate:preRelease', 'gate.approve'));
  await insist('the window of the last build', (now) => derivePhase(now) === 'POST_REGRESSION');
  await share(release, 'ipa', 3);
  await upload('PRE_RELEASE', 'aab', 3);
  await reach('AWAITING_SUBMISSION');
  await insist('the submission gate', granted(2), () => click(release, 'bob', 'gate:submission', 'gate.approve'));
  for (const task of ['SUBMIT_TO_APP_STORE', 'SUBMIT_TO_PLAY_STORE']) {
    const isDone = (now: Release) => now.tasks.some(({ type, status }) => type === task && status === 'COMPLETED');
    await insist(task, isDone, () => click(release, 'alice', `s4.${task}:confirm`, 'task.confirm_submission'));
  }
  await reach('SUBMITTED');
  await insist('the last message', () => slack.messages().some((message) => keyOf(message) === `${id}:submitted`));
  world.calm();
  for (let attempt = 0; attempt < TRIES && (await unsent(world, id)) > 0; attempt += 1) await world.skip(PATIENCE_MS);
  return { release, problems, pauses };
}

async function unsent(world: FaultWorld, releaseId: string): Promise<number> {
  const rows = await world.persistence.repositories.outbox.listByRelease(TENANT_ID, releaseId);
  return rows.filter((row) => row.status !== 'PARKED' && (row.ts === null || row.shownVersion < row.wantedVersion))
    .length;
}

/** In real time: what was clicked or shared is worked on after its acknowledgement. Whether it came to be so. */
async function until(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; ) {
    if (await isSo()) return true;
    await pause(LOOK_EVERY_MS);
  }
  return isSo();
}

function offers(message: SlackMessage, actionId: string): boolean {
  return actionsOn(message).includes(actionId);
}

const firstWords = (sentence: string) => sentence.split(/[^\w ]/)[0]?.trim() ?? '';
