import type { Platform } from '../../../src/domain/release.ts';
import { ALL_REPAIRS, type DoctorReport, type Examined, RECURRING_JOBS, runDoctor } from '../../../src/engine/index.ts';
import { alice, bob, engineWorld, HOUR_MS, type World } from '../../support/engine-world.ts';

export const MINUTE_MS = 60_000;

export interface DoctorWorld extends World {
  /** The stored documents of a collection, to be damaged. */
  documents(name: string): ReturnType<World['persistence']['connection']['collection']>;
  examine(options?: { repair?: boolean; changedSince?: Date | null; tenantId?: string | null }): Promise<DoctorReport>;
  /** What the check found in this release; null = in no release. */
  found(check: string, releaseId: string | null, options?: Parameters<DoctorWorld['examine']>[0]): Promise<Examined[]>;
  /** A new release with a version of its own. */
  another(overrides?: Parameters<World['create']>[0]): Promise<string>;
  /** Moves the clock without anybody working. */
  pass(ms: number): void;
  /** From its creation until both builds of the kick-off are used; the release then waits for its first slot. */
  kickedOff(): Promise<string>;
}

/** A world with a scheduler's collection as the real one leaves it. */
export async function doctorWorld(): Promise<DoctorWorld> {
  const world = await engineWorld();
  const documents: DoctorWorld['documents'] = (name) => world.persistence.connection.collection(name);
  const jobs = documents('jobs');
  world.deps.planWakes = async (releaseId, wakes) => {
    await jobs.deleteMany({ 'data.releaseId': releaseId });
    for (const { job, key, at } of wakes) {
      await jobs.insertOne({ name: job, data: { releaseId, key }, nextRunAt: at, lockedAt: null });
    }
  };
  await jobs.insertMany(RECURRING_JOBS.map((name) => ({ name, nextRunAt: new Date('2030-01-01'), lockedAt: null })));
  let minor = 0;
  const doctor: DoctorWorld = Object.defineProperties({} as DoctorWorld, {
    ...Object.getOwnPropertyDescriptors(world),
    ...Object.getOwnPropertyDescriptors({
      documents,
      examine: ({ repair = false, changedSince = null, tenantId = null } = {}) =>
        runDoctor(world.deps, { tenantId, changedSince, repairs: repair ? ALL_REPAIRS : [] }),
      async found(check, releaseId, options) {
        const report = await doctor.examine(options);
        const reported = report.checks.find(({ id }) => id === check);
        if (!reported) throw new Error(`there is no check ${check}`);
        return reported.examined.filter(({ finding }) => finding.releaseId === releaseId);
      },
      async another(overrides = {}) {
        minor += 1;
        const { id } = await world.create({
          targets: [
            { platform: 'ANDROID', version: `7.${minor}.0`, store: null },
            { platform: 'IOS', version: `6.${minor}.0`, store: null },
          ],
          ...overrides,
        });
        return id;
      },
      pass: (ms) => world.setNow(new Date(world.now().getTime() + ms)),
      async kickedOff() {
        const id = await doctor.another();
        await bothBuilds(world, id);
        await world.tick(HOUR_MS);
        return id;
      },
    } satisfies Partial<DoctorWorld>),
  });
  return doctor;
}

async function version(world: World, id: string, platform: Platform): Promise<string> {
  return (await world.release(id)).targets.find((target) => target.platform === platform)?.version ?? '';
}

export async function bothBuilds(world: World, id: string, stage?: 'PRE_RELEASE'): Promise<void> {
  for (const platform of ['IOS', 'ANDROID'] as const) {
    const options = { version: await version(world, id, platform), ...(stage ? { stage } : {}) };
    await world.upload(id, platform, options);
  }
}

/** From where `kickedOff` left it to the end. */
export async function toTheEnd(world: World, id: string): Promise<void> {
  await bothBuilds(world, id);
  await world.tick(4 * HOUR_MS);
  await bothBuilds(world, id);
  await world.tick(19 * HOUR_MS);
  await world.engine.approveGate({ releaseId: id, gateId: null, contentHash: null, overrideReason: null }, bob);
  await bothBuilds(world, id, 'PRE_RELEASE');
  await world.engine.approveGate({ releaseId: id, gateId: 'submission', contentHash: null, overrideReason: null }, bob);
  await world.engine.confirmSubmission({ releaseId: id, platform: 'IOS' }, alice);
  await world.engine.confirmSubmission({ releaseId: id, platform: 'ANDROID' }, alice);
  await world.tick();
}
