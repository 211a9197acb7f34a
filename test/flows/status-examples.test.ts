import { HOUR_MS, startTestBot, type TestBot } from '../support/bot.ts';
import { buildFile, buildForm } from '../support/build-files.ts';
import { type DatabaseProxy, startDatabaseProxy } from '../support/database-proxy.ts';
import { CONFIGURATION } from '../support/outside.ts';

/** The six examples of Spec 2.4, word for word, through the HTTP API. The team's wall clock is Kolkata's (UTC+5:30). */

let world: TestBot;
let proxy: DatabaseProxy;
let id = '';
/** 9:30 in Kolkata */
const START = new Date('2026-12-01T04:00:00Z');
const KICK_OFF = new Date('2026-12-01T05:00:00Z');
/** 12:00, 14:00 and 16:00 in Kolkata, one day */
const SLOTS = ['2026-12-02T06:30:00.000Z', '2026-12-02T08:30:00.000Z', '2026-12-02T10:30:00.000Z'] as const;

beforeAll(async () => {
  world = await startTestBot({
    startsAt: START,
    timeZone: 'Asia/Kolkata',
    async databaseUri(straight) {
      proxy = await startDatabaseProxy(straight);
      return proxy.uri;
    },
  });
});
afterAll(async () => {
  await world.close();
  await proxy.close();
});

const status = async (releaseId = id) => (await world.api('GET', `/releases/${releaseId}/status`)).body;
const next = (number: number) => ({ number, tag: `RC${number}`, scheduledAt: SLOTS[number - 1] });
const current = (number: number, is: string) => ({ number, tag: `RC${number}`, status: is });
const running = { status: 'RUNNING', pauseType: 'NONE' };
const inRegression = { stage1: 'COMPLETED', stage2: 'IN_PROGRESS', stage3: 'PENDING', stage4: 'PENDING' };

async function create(versions: { ANDROID: string; IOS: string }): Promise<string> {
  const { status: answered, body } = await world.api('POST', '/releases', {
    json: {
      releaseConfigId: CONFIGURATION,
      type: 'PLANNED',
      platformTargets: Object.entries(versions).map(([platform, version]) => ({ platform, version })),
      kickOffDate: KICK_OFF.toISOString(),
      regressionSlots: SLOTS,
    },
  });
  expect(answered).toBe(201);
  return (body['release'] as { id: string }).id;
}

async function upload(stage: string, build: number): Promise<void> {
  for (const [platform, kind] of [
    ['ANDROID', 'apk'],
    ['IOS', 'ipa'],
  ] as const) {
    const file = await buildFile(kind, { build });
    const form = buildForm(stage, platform, file);
    const { body } = await world.api('POST', `/releases/${id}/builds`, { form });
    expect(body).toMatchObject({ success: true, message: 'Build uploaded to staging' });
  }
}

test('paused in stage 1 by a failed task', async () => {
  const failing = await create({ ANDROID: '7.9.0', IOS: '6.9.0' });
  await world.settle();
  world.github.faults.always(/git\/ref/, { kind: 'status', status: 401, body: { message: 'Bad credentials' } });
  await world.skipTo(KICK_OFF);
  world.github.faults.clear();
  expect(await status(failing)).toEqual({
    release: { id: failing, status: 'PAUSED' },
    stages: { stage1: 'IN_PROGRESS', stage2: 'PENDING', stage3: 'PENDING', stage4: 'PENDING' },
    cron: { status: 'PAUSED', pauseType: 'TASK_FAILURE' },
    currentPhase: 'PAUSED_BY_FAILURE',
    displayText: 'Paused - Task Failed',
    regression: null,
    actions: ['RETRY_TASK', 'SKIP_TASK', 'ARCHIVE'],
  });
});

test('stage 2, cycle 1 NOT_STARTED, 3 slots', async () => {
  id = await create({ ANDROID: '7.0.0', IOS: '6.7.0' });
  await upload('PRE_REGRESSION', 1);
  await world.skip(HOUR_MS);
  // The state lasts from one write to the next: the second one is made to wait.
  let goOn = () => {};
  const looked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const starting = new Promise<void>((resolve) => {
    proxy.intercept = ({ name, collection, body }) => {
      if (collection !== 'releases' || name !== 'update' || !JSON.stringify(body).includes('CYCLE_STARTED'))
        return 'pass';
      resolve();
      return { until: looked };
    };
  });
  const moving = world.skipTo(new Date(SLOTS[0]));
  await starting;
  expect(await status()).toEqual({
    release: { id, status: 'IN_PROGRESS' },
    stages: inRegression,
    cron: running,
    currentPhase: 'REGRESSION_CYCLE_STARTING',
    displayText: 'Stage 2 - RC1 Starting...',
    regression: {
      currentCycle: current(1, 'NOT_STARTED'),
      nextCycle: next(2),
      progress: { completed: 0, total: 3 },
    },
    actions: ['PAUSE'],
  });
  proxy.intercept = null;
  goOn();
  await moving;
});

test('cycle 1 running of 3', async () => {
  expect(await status()).toEqual({
    release: { id, status: 'IN_PROGRESS' },
    stages: inRegression,
    cron: running,
    currentPhase: 'REGRESSION_CYCLE_RUNNING',
    displayText: 'Stage 2 - RC1 Running (1/3)',
    regression: {
      currentCycle: current(1, 'IN_PROGRESS'),
      nextCycle: next(2),
      progress: { completed: 0, total: 3 },
    },
    actions: ['PAUSE', 'ABANDON_CYCLE'],
  });
});

test('cycle 1 done, slot 2 today 14:00', async () => {
  await upload('REGRESSION', 2);
  await world.settle();
  expect(await status()).toEqual({
    release: { id, status: 'IN_PROGRESS' },
    stages: inRegression,
    cron: running,
    currentPhase: 'REGRESSION_AWAITING_NEXT_CYCLE',
    displayText: 'RC1 Done - RC2 scheduled at 2:00 PM (1/3)',
    regression: { currentCycle: current(1, 'DONE'), nextCycle: next(2), progress: { completed: 1, total: 3 } },
    actions: ['PAUSE', 'SKIP_REMAINING_CYCLES'],
  });
});

test('paused by a person in cycle 2 of 3', async () => {
  await world.skipTo(new Date(SLOTS[1]));
  await world.api('POST', `/releases/${id}/actions/PAUSE`, { json: { reason: 'the office burns' } });
  await world.settle();
  expect(await status()).toEqual({
    release: { id, status: 'PAUSED' },
    stages: inRegression,
    cron: { status: 'PAUSED', pauseType: 'USER_REQUESTED' },
    currentPhase: 'PAUSED_BY_USER',
    displayText: 'Paused by User',
    regression: { currentCycle: current(2, 'IN_PROGRESS'), nextCycle: next(3), progress: { completed: 1, total: 3 } },
    actions: ['RESUME', 'ARCHIVE'],
  });
});

test('all 3 done', async () => {
  await world.api('POST', `/releases/${id}/actions/RESUME`, { json: {} });
  await upload('REGRESSION', 3);
  await upload('REGRESSION', 4);
  await world.skipTo(new Date(SLOTS[2]));
  expect(await status()).toEqual({
    release: { id, status: 'IN_PROGRESS' },
    stages: { stage1: 'COMPLETED', stage2: 'COMPLETED', stage3: 'PENDING', stage4: 'PENDING' },
    cron: { status: 'PAUSED', pauseType: 'AWAITING_STAGE_TRIGGER' },
    currentPhase: 'AWAITING_POST_REGRESSION',
    displayText: 'Stage 2 Complete - Awaiting Pre-Release Start',
    regression: { currentCycle: null, nextCycle: null, progress: { completed: 3, total: 3 } },
    actions: ['TRIGGER_STAGE_3', 'ARCHIVE'],
  });
});
