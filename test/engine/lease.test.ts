import { findTask } from '../../src/domain/tasks.ts';
import { createEngine } from '../../src/engine/index.ts';
import { engineWorld, HOUR_MS, type World } from '../support/engine-world.ts';

/** A lease is renewed as long as its holder works, so that only the dead are taken over (Spec 7.3). */

/** A renewal comes at a third of it, in real time. */
const LEASE_MS = 750;

let world: World;
let id: string;
let letGo: () => void;
let work: Promise<unknown>;
let hangs: Promise<void>;

/** A task that takes as long as one likes, begun in an hour. */
beforeEach(async () => {
  world = await engineWorld();
  world.deps.leaseMs = LEASE_MS;
  ({ id } = await world.create());
  const { ensureBranch } = world.scm;
  const until = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  hangs = new Promise((began) => {
    world.scm.ensureBranch = async (input) => {
      began();
      await until;
      return ensureBranch(input);
    };
  });
  world.setNow(new Date(world.now().getTime() + HOUR_MS));
});
afterEach(() => world.close());

const later = (ms: number) => world.setNow(new Date(world.now().getTime() + ms));
const forkOf = async () => findTask(await world.release(id), `${id}.s1.FORK_BRANCH`);

/** Resolves when the next renewal was answered. */
function renewed(): Promise<void> {
  const { releases } = world.deps.repositories;
  const renew = releases.renew.bind(releases);
  return new Promise((resolve) => {
    jest.spyOn(releases, 'renew').mockImplementation(async (...given) => {
      const lease = await renew(...given);
      resolve();
      return lease;
    });
  });
}

test('a holder that works for longer than its lease keeps it', async () => {
  work = world.engine.advance(id);
  await hangs;
  later(LEASE_MS - 1);
  await renewed();
  later(1);
  expect(await world.second().advance(id)).toBe('busy');
  letGo();
  expect(await work).toBe('settled');
  expect(await forkOf()).toMatchObject({ status: 'COMPLETED', attempts: 1 });
});

test('a holder that did not renew in time stores nothing any more; who took over does, and all is done once', async () => {
  const { repositories } = world.deps;
  const renew = async (): Promise<never> => {
    throw new Error('the network is gone');
  };
  const cut = { ...world.deps, repositories: { ...repositories, releases: { ...repositories.releases, renew } } };
  work = createEngine(cut).advance(id);
  await hangs;
  later(LEASE_MS);
  const taken = world.second().advance(id);
  letGo();
  expect([await work, await taken].sort()).toEqual(['busy', 'settled']);
  expect(await forkOf()).toMatchObject({ status: 'COMPLETED' });
  expect(world.scm.effects).toEqual(['branch release/7.0.0_android_6.7.0_ios']);
});
