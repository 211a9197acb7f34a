import type { Engine } from '../../src/engine/index.ts';
import { alice, bob, engineWorld, HOUR_MS, TENANT, type World } from '../support/engine-world.ts';
import { inRegression } from './support.ts';

let world: World;
beforeEach(async () => {
  world = await engineWorld();
});
afterEach(() => world.close());

/** The next write of a person's fact is applied, and its answer lost on the way. */
function loseNextAnswer(): void {
  const { releases } = world.persistence.repositories;
  const save = releases.save;
  releases.save = async (change, now, lease) => {
    const saved = await save(change, now, lease);
    if (lease) return saved;
    releases.save = save;
    throw Object.assign(new Error('connection reset'), { name: 'MongoNetworkError' });
  };
}

async function atGate(): Promise<string> {
  const id = await inRegression(world);
  await world.engine.skipRemainingCycles({ releaseId: id, reason: null }, alice);
  await world.tick();
  return id;
}

const at = (hours: number) => new Date(world.now().getTime() + hours * HOUR_MS);
type Act = (engine: Engine, id: string) => Promise<unknown>;
const ACTS: [string, () => Promise<string>, Act, string][] = [
  [
    'a start',
    async () => (await world.create()).id,
    (engine, id) => engine.startRelease({ releaseId: id, freezeOverrideReason: null }, alice),
    'STAGE_STARTED',
  ],
  [
    'a pause',
    () => inRegression(world),
    (engine, id) => engine.pauseRelease({ releaseId: id, reason: 'wait' }, alice),
    'RELEASE_PAUSED',
  ],
  [
    'an archive',
    () => inRegression(world),
    (engine, id) => engine.archiveRelease({ releaseId: id, reason: null }, alice),
    'RELEASE_ARCHIVED',
  ],
  [
    'an added slot',
    () => inRegression(world),
    (engine, id) => engine.addSlot({ releaseId: id, at: at(30) }, alice),
    'SLOT_ADDED',
  ],
  [
    'a moved slot',
    () => inRegression(world),
    (engine, id) => engine.moveSlot({ releaseId: id, slot: '2', at: at(30) }, alice),
    'SLOT_MOVED',
  ],
  [
    'skipped cycles',
    () => inRegression(world),
    (engine, id) => engine.skipRemainingCycles({ releaseId: id, reason: null }, alice),
    'CYCLES_SKIPPED',
  ],
  [
    'an approval',
    async () => {
      const policy = { ...world.config.gates.preRelease, quorum: 2 };
      await world.saveConfig({ gates: { ...world.config.gates, preRelease: policy } });
      return atGate();
    },
    (engine, id) =>
      engine.approveGate({ releaseId: id, gateId: null, contentHash: null, overrideReason: 'known' }, bob),
    'GATE_APPROVED',
  ],
];

test.each(ACTS)(
  '%s whose answer was lost is recorded once, acted on, and refused when it is repeated',
  async (_what, arrange, act, action) => {
    const id = await arrange();
    const subjectOf = async () =>
      (await world.persistence.repositories.audit.list(TENANT, id, { limit: 500 })).filter(
        (entry) => entry.actor !== 'slipway' && entry.action === action,
      );
    loseNextAnswer();
    await expect(act(world.engine, id)).rejects.toThrow('connection reset');
    await expect(act(world.second(), id)).rejects.toMatchObject({ name: 'Refusal' });
    await world.tick();
    expect(await subjectOf()).toHaveLength(1);
    const keys = world.messenger.sent.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  },
);
