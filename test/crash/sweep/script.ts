import { setTimeout as pause } from 'node:timers/promises';
import type { Release } from '../../../src/domain/release.ts';
import { derivePhase, type Phase } from '../../../src/domain/status.ts';
import { type Caller, insertTokens, post } from '../../support/api-callers.ts';
import { HOUR_MS } from '../../support/bot.ts';
import { type BuildKind, buildFile, buildForm } from '../../support/build-files.ts';
import { keyOf } from '../../support/messages.ts';
import { CONFIGURATION } from '../../support/outside.ts';
import { type CreatedRelease, cardWith } from '../../support/people.ts';
import { PATIENCE_MS, type SweepWorld, TENANT_ID } from './world.ts';

/**
 * What people do during one staged release. What Slack or the API took they never do again; what was not taken they repeat: a
 * client its request, a person a click that Slack said had failed. Slack repeats events by itself.
 */

const TRIES = 30;
const LOOK_EVERY_MS = 20;

export async function playStagedRelease(world: SweepWorld): Promise<string> {
  const { slack, gate } = world;
  await insertTokens(world.persistence, world.now());
  await world.port();
  const start = Math.ceil(world.now().getTime() / 60_000) * 60_000;
  const at = (hours: number) => new Date(start + hours * HOUR_MS);
  let release: CreatedRelease | null = null;
  let id = '';
  const load = (): Promise<Release> => world.persistence.repositories.releases.get(TENANT_ID, id);

  async function step(name: string, work: () => Promise<unknown>): Promise<void> {
    gate.step = name;
    await work();
    await world.settle();
  }

  async function until(what: string, isSo: (now: Release) => boolean): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isSo(await load())) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await world.settle();
      await pause(LOOK_EVERY_MS);
    }
  }

  const has = (now: Release, name: string) =>
    JSON.stringify([now.stagedUploads, now.tasks, now.cycles]).includes(`"${name}"`);
  const upload = async (stage: string, platform: string, kind: BuildKind, build: number) => {
    const file = await buildFile(kind, { build });
    await call(world, 'U01ALICE', `/releases/${id}/builds`, 201, buildForm(stage, platform, file));
  };
  const share = async (kind: BuildKind, build: number) => {
    const file = await buildFile(kind, { build });
    await world.port();
    await slack.user('bob').shareFile('releases', file, { threadTs: release?.root.ts ?? '' });
    await until(file.name, (now) => has(now, file.name));
  };
  const click = async (person: string, occasion: string, actionId: string, isSo: (now: Release) => boolean) => {
    const find = () => release && cardWith(slack, release, occasion, actionId);
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      await world.port();
      const card = await slack.until(find, `${actionId} there`);
      const taken = await slack.user(person).click(card, { actionId });
      if (taken.failure === null) return until(actionId, isSo);
    }
    throw new Error(`${actionId} was never taken`);
  };
  const act = (caller: Caller, action: string, body: object = {}) =>
    call(world, caller, `/releases/${id}/actions/${action}`, 200, body);
  const reach = (phase: Phase) => until(phase, (now) => derivePhase(now) === phase);

  await step('create', async () => {
    const created = await call(world, 'U01ALICE', '/releases', 201, {
      releaseConfigId: CONFIGURATION,
      platformTargets: [
        { platform: 'ANDROID', version: '7.0.0' },
        { platform: 'IOS', version: '6.7.0' },
      ],
      kickOffDate: at(30).toISOString(),
      regressionSlots: [at(50).toISOString()],
    });
    id = (created['release'] as { id: string }).id;
  });
  const root = slack.messages().find((message) => keyOf(message) === `${id}:root`);
  if (!root) throw new Error('there is no root card');
  release = { id, root };
  await step('upload 1', () => upload('PRE_REGRESSION', 'ANDROID', 'apk', 1));
  await step('share 1', () => share('ipa', 1));
  await step('kick-off', async () => {
    world.skipTo(at(30));
    await reach('REGRESSION_AWAITING_NEXT_CYCLE');
  });
  await step('upload 2', () => upload('REGRESSION', 'ANDROID', 'apk', 2));
  await step('share 2', () => share('ipa', 2));
  await step('slot', async () => {
    world.skipTo(at(50));
    await reach('AWAITING_POST_REGRESSION');
  });
  const granted = (count: number) => (now: Release) =>
    now.gates.filter((gateNow) => gateNow.status === 'GRANTED').length === count;
  await step('pre-release gate', () => click('bob', 'gate:preRelease', 'gate.approve', granted(1)));
  await step('share 3', () => share('ipa', 3));
  await step('upload 3', async () => {
    await upload('PRE_RELEASE', 'ANDROID', 'aab', 3);
    await reach('AWAITING_SUBMISSION');
  });
  await step('submission gate', () => act('U02BOB', 'TRIGGER_STAGE_4'));
  const isDone = (type: string) => (now: Release) =>
    now.tasks.some((task) => task.type === type && task.status === 'COMPLETED');
  await step('app store', () =>
    click('alice', 's4.SUBMIT_TO_APP_STORE:confirm', 'task.confirm_submission', isDone('SUBMIT_TO_APP_STORE')),
  );
  await step('play store', async () => {
    await act('U01ALICE', 'CONFIRM_SUBMISSION', { platform: 'ANDROID' });
    await reach('SUBMITTED');
  });
  return id;
}

let calls = 0;
/** Repeats the call with one key until there is an answer. */
async function call(
  world: SweepWorld,
  caller: Caller,
  path: string,
  expected: number,
  body: object | FormData,
): Promise<Record<string, unknown>> {
  calls += 1;
  const key = `sweep-${calls}`;
  let last = '';
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = await world.port();
    const deaths = world.deaths();
    try {
      const { status, text } = await post(`http://127.0.0.1:${port}`, { caller, path, key, body });
      if (status === expected) return JSON.parse(text) as Record<string, unknown>;
      last = `${status} ${text}`;
      if (status < 500 && status !== 409 && status !== 429) break;
    } catch (error) {
      last = String(error);
      if (deaths === world.deaths()) await pause(LOOK_EVERY_MS);
    }
  }
  throw new Error(`POST ${path} was answered with ${last}`);
}
