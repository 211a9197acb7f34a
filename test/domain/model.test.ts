import fc from 'fast-check';
import { nextWakeAt } from '../../src/domain/decide.ts';
import { PLATFORMS, type PlatformTarget } from '../../src/domain/release.ts';
import { UPLOAD_STAGES } from '../../src/domain/upload.ts';
import { aConfig, creation, HOUR_MS, KICK_OFF, shift } from './support/build-release.ts';
import { aWorld, facts, settle } from './support/drive.ts';
import { checkRest, checkWhy, checkWrite } from './support/invariants.ts';
import { type Command, dutiesOf, type ModelWorld, perform } from './support/perform.ts';
import { courseOf, replay } from './support/replay.ts';

/**
 * The model (Spec 7.4): random walks through a release, of ticks and clock jumps, people's facts, uploads, failures,
 * crashes and what happens while a task runs. What must hold is in `support/invariants.ts`.
 */

const SEED = 20_261_121;
const RUNS = 400;

const minutes = fc.integer({ min: 1, max: 4 * 24 * 60 });
const plain = fc.constantFrom<Command>(
  { kind: 'START' },
  { kind: 'PAUSE' },
  { kind: 'RESUME' },
  { kind: 'RESUME' },
  { kind: 'TRIGGER_STAGE_2' },
  { kind: 'RETRY_TASK' },
  { kind: 'SKIP_TASK' },
  { kind: 'ABANDON_CYCLE' },
  { kind: 'SKIP_REMAINING_CYCLES' },
  { kind: 'CONFIRM' },
  { kind: 'REJECT' },
);
const uploads = fc.record({
  kind: fc.constant('UPLOAD' as const),
  stage: fc.constantFrom(...UPLOAD_STAGES),
  platform: fc.constantFrom(...PLATFORMS),
});
const approvals = fc.record({
  kind: fc.constant('APPROVE' as const),
  user: fc.integer({ min: 1, max: 3 }),
  override: fc.boolean(),
});
const slots = fc.oneof(
  fc.record({ kind: fc.constant('ADD_SLOT' as const), minutes }),
  fc.record({ kind: fc.constant('MOVE_SLOT' as const), place: fc.nat({ max: 2 }), minutes }),
  fc.record({ kind: fc.constant('REMOVE_SLOT' as const), place: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constant('ANSWER_SLOT' as const), answer: fc.constantFrom('RUN_NOW', 'FOLD', 'DROP') }),
);
const time = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Command>({ kind: 'WAKE' }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('WAIT' as const), minutes: fc.integer({ min: 0, max: 600 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('WAIT' as const), minutes }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('WAIT' as const), minutes: fc.integer({ min: -180, max: -1 }) }),
  },
);
const outside = fc.oneof(
  fc.constant<Command>({ kind: 'COMMIT' }),
  fc.record({ kind: fc.constant('CHERRY_PICKS' as const), total: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constant('SCM' as const), down: fc.boolean() }),
  fc.record({ kind: fc.constant('QUORUM' as const), quorum: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant('FATE' as const), ends: fc.constantFrom('transient', 'fail', 'crash') }),
  fc.record({
    kind: fc.constant('MEANWHILE' as const),
    command: fc.oneof(
      uploads,
      fc.constantFrom<Command>({ kind: 'PAUSE' }, { kind: 'ABANDON_CYCLE' }, { kind: 'ARCHIVE' }),
    ),
    ends: fc.constantFrom('done', 'fail'),
  }),
);
const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: time },
  { weight: 4, arbitrary: fc.constant<Command>({ kind: 'HELP' }) },
  { weight: 8, arbitrary: uploads },
  { weight: 5, arbitrary: plain },
  { weight: 4, arbitrary: approvals },
  { weight: 3, arbitrary: slots },
  { weight: 3, arbitrary: outside },
);
const archives: fc.Arbitrary<Command> = fc.oneof(
  { weight: 60, arbitrary: commands },
  { weight: 1, arbitrary: fc.constant<Command>({ kind: 'ARCHIVE' }) },
);

const starts = fc.record({
  platforms: fc.subarray([...PLATFORMS], { minLength: 1 }),
  slotHours: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  manual: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  autoStartRegression: fc.boolean(),
  quorum: fc.integer({ min: 1, max: 2 }),
  slotGraceHours: fc.integer({ min: 0, max: 8 }),
  freezeHours: fc.array(fc.tuple(fc.integer({ min: -2, max: 4 }), fc.integer({ min: 1, max: 6 })), { maxLength: 2 }),
  overridden: fc.boolean(),
});
type Start = typeof starts extends fc.Arbitrary<infer T> ? T : never;

const steps = fc.array(fc.record({ command: archives, settles: fc.integer({ min: 0, max: 4 }) }), {
  minLength: 20,
  maxLength: 100,
});
const fractions = fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
  minLength: 3,
  maxLength: 3,
});

function begin(start: Start): ModelWorld {
  const hours = (base: number) => shift(KICK_OFF, base * HOUR_MS);
  const policy = { ...aConfig().gates.preRelease, quorum: start.quorum };
  const config = aConfig({
    platforms: [...PLATFORMS],
    autoStartRegression: start.autoStartRegression,
    slotGraceHours: start.slotGraceHours,
    gates: { preRelease: policy, submission: policy },
    freezeWindows: start.freezeHours.map(([from, length]) => ({
      startsAt: hours(from),
      endsAt: hours(from + length),
      reason: 'holidays',
    })),
  });
  const { release, audit } = creation(
    {
      targets: start.platforms.map((platform): PlatformTarget => ({ platform, version: '7.0.0', store: null })),
      slotDates: [...start.slotHours].sort((a, b) => a - b).map(hours),
      hasManualBuildUpload: start.manual,
      freezeOverrideReason: start.overridden ? 'urgent' : null,
    },
    config,
  );
  const world: ModelWorld = {
    ...aWorld(release, config, shift(KICK_OFF, -30 * HOUR_MS)),
    audit: [...audit],
    uploads: [],
    slotCount: 0,
    commits: 0,
  };
  world.onWrite = (before, after) => checkWrite(world, before, after);
  return world;
}

/** Everybody does their part from here on: nothing else fails, the clock goes on. */
function finish(world: ModelWorld): void {
  world.fates = [];
  world.scmDown = false;
  world.cherryPickTotal = 0;
  for (let rounds = 0; rounds < 200 && !['SUBMITTED', 'ARCHIVED'].includes(world.release.status); rounds += 1) {
    settle(world);
    for (const command of dutiesOf(world)) {
      perform(world, command);
      settle(world);
    }
    world.now = nextWakeAt(world.release, facts(world), world.now) ?? shift(world.now, HOUR_MS);
  }
}

describe('the model of a staged release', () => {
  test('a random walk keeps every rule, always comes to rest, and can always be brought to SUBMITTED', () => {
    fc.assert(
      fc.property(starts, steps, fractions, (start, walk, between) => {
        const world = begin(start);
        for (const { command, settles } of walk) {
          perform(world, command);
          if (settles === 0) continue;
          settle(world);
          checkRest(world, between);
          checkWhy(world);
        }
        finish(world);
        expect(['SUBMITTED', 'ARCHIVED']).toContain(world.release.status);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test('where a release stands can be told from its audit trail alone', () => {
    fc.assert(
      fc.property(starts, steps, (start, walk) => {
        const world = begin(start);
        for (const { command } of walk) {
          perform(world, command);
          settle(world);
        }
        expect(replay(world.audit, world.release.id)).toEqual(courseOf(world.release));
        finish(world);
        expect(replay(world.audit, world.release.id)).toEqual(courseOf(world.release));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  test('left alone with all builds handed in and the gates approved, it is SUBMITTED, and nothing was said twice', () => {
    fc.assert(
      fc.property(starts, (start) => {
        const world = begin({ ...start, manual: true });
        finish(world);
        expect(world.release.status).toBe('SUBMITTED');
        const kinds = [...world.messages.values()].map(({ content }) => content.kind);
        expect(kinds.filter((kind) => kind === 'GATE_GRANTED')).toHaveLength(2);
        expect(world.release.cycles.filter(({ status }) => status === 'DONE')).toHaveLength(start.slotHours.length);
      }),
      { seed: SEED, numRuns: 100 },
    );
  });

  test('the walks reach every part of the flow', () => {
    const reached = new Map<string, number>();
    const count = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(starts, steps, (start, walk) => {
        const world = begin(start);
        for (const { command } of walk) {
          perform(world, command);
          for (const kind of settle(world)) count(kind);
          count(world.release.status === 'IN_PROGRESS' ? world.release.cron.pauseType : world.release.status);
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
    const expected: string[] = [
      'REMIND_PRE_KICK_OFF',
      'KICK_OFF',
      'BEGIN_CYCLE',
      'END_CYCLE',
      'ASK_MISSED_SLOT',
      'REMIND_MISSING_BUILDS',
      'AWAIT_BUILDS',
      'CLAIM_BUILDS',
      'CHECK_GATE',
      'REMIND_APPROVAL',
      'COMPLETE_STAGE',
      'PAUSED',
      'ARCHIVED',
      'AWAITING_STAGE_TRIGGER',
    ];
    expect(expected.filter((what) => (reached.get(what) ?? 0) < 20)).toEqual([]);
  });
});
