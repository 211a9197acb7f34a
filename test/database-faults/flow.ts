import { Readable } from 'node:stream';
import type { Platform, Release } from '../../src/domain/release.ts';
import type { UploadStage } from '../../src/domain/upload.ts';
import { isDatabaseError } from '../../src/shared/database-errors.ts';
import { Refusal } from '../../src/shared/errors.ts';
import { type BuildKind, buildFile } from '../support/build-files.ts';
import { alice, bob, HOUR_MS, TENANT } from '../support/engine-world.ts';
import type { Injector } from './faults.ts';
import type { FaultyWorld } from './world.ts';

const TRIES = 20;
const KINDS: Record<Platform, BuildKind> = { ANDROID: 'apk', IOS: 'ipa', WEB: 'apk' };

/** A whole staged release. People who hear that the database is away look, and do it again where it came to nothing. */
export async function playStagedRelease(world: FaultyWorld, injector: Injector): Promise<string> {
  const { engine, eyes } = world;
  const start = world.now().getTime();
  let id = '';
  const load = () => world.release(id);

  async function step(name: string, isDone: () => Promise<boolean>, act: () => Promise<unknown>): Promise<void> {
    injector.begin(name);
    let lastFault: unknown = null;
    for (let tries = 0; tries < TRIES; tries += 1) {
      await act().catch((error: unknown) => {
        lastFault = error;
        // A refusal of what was done already is an answer as well.
        if (!isDatabaseError(error) && !(error instanceof Refusal)) throw error;
      });
      await world.settle();
      if (await isDone()) return;
    }
    throw new Error(`${name} came to nothing: ${lastFault}`);
  }
  const is = (holds: (release: Release) => boolean) => async () => holds(await load());
  const upload = async (stage: UploadStage, platform: Platform, build: number) => {
    const kind = stage === 'PRE_RELEASE' && platform === 'ANDROID' ? 'aab' : KINDS[platform];
    const file = await buildFile(kind, { build });
    const isTaken = is((release) => JSON.stringify(release).includes(`"${file.name}"`));
    await step(
      `upload of ${file.name}`,
      async () => (await isTaken()) || (await isUsed(file.name)),
      () =>
        engine.submitUpload(
          {
            releaseId: id,
            stage,
            platform,
            fileName: file.name,
            sizeBytes: file.bytes.length,
            source: 'SLACK',
            dedupeKey: `slack-file:${file.name}`,
            openBytes: async () => Readable.from([Buffer.from(file.bytes)]),
          },
          alice,
        ),
    );
  };
  const isUsed = async (fileName: string) =>
    (await eyes.repositories.uploads.listByRelease(TENANT, id)).some(
      (known) => known.fileName === fileName && known.isUsed,
    );
  const time = (hours: number, name: string, holds: (release: Release) => boolean) =>
    step(name, is(holds), async () => world.setNow(new Date(Math.max(world.now().getTime(), start + hours * HOUR_MS))));
  const granted = (count: number) => (release: Release) =>
    release.gates.filter((gate) => gate.status === 'GRANTED').length === count;
  const completed = (type: string) => (release: Release) =>
    release.tasks.some((task) => task.type === type && task.status === 'COMPLETED');

  await step(
    'creation',
    async () => {
      const [release] = (await eyes.repositories.releases.listLive(TENANT, { limit: 1 })).releases;
      id = release?.id ?? '';
      return id !== '';
    },
    () =>
      world.create({
        kickOffDate: new Date(start + 30 * HOUR_MS),
        regressionSlots: [new Date(start + 50 * HOUR_MS)],
      }),
  );
  await upload('PRE_REGRESSION', 'ANDROID', 1);
  await upload('PRE_REGRESSION', 'IOS', 1);
  await time(7, 'reminder', (release) => release.preKickOffReminderSentAt !== null);
  await time(30, 'kick-off', (release) => release.cron.stage1Status === 'COMPLETED');
  await upload('REGRESSION', 'ANDROID', 2);
  await time(50, 'slot', (release) => release.cycles[0]?.status === 'IN_PROGRESS');
  await upload('REGRESSION', 'IOS', 2);
  await step('pre-release gate', is(granted(1)), () =>
    engine.approveGate({ releaseId: id, gateId: 'preRelease', contentHash: null, overrideReason: 'known' }, bob),
  );
  await upload('PRE_RELEASE', 'IOS', 3);
  await upload('PRE_RELEASE', 'ANDROID', 3);
  await step('submission gate', is(granted(2)), () =>
    engine.approveGate({ releaseId: id, gateId: 'submission', contentHash: null, overrideReason: 'known' }, bob),
  );
  await step('App Store', is(completed('SUBMIT_TO_APP_STORE')), () =>
    engine.confirmSubmission({ releaseId: id, platform: 'IOS' }, alice),
  );
  await step(
    'Play Store',
    is((release) => release.status === 'SUBMITTED'),
    () => engine.confirmSubmission({ releaseId: id, platform: 'ANDROID' }, alice),
  );
  return id;
}
