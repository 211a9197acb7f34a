import type { Platform } from '../../../src/domain/release.ts';
import type { UploadStage } from '../../../src/domain/upload.ts';
import { HOUR_MS, MINUTE_MS } from '../../support/bot.ts';
import type { BuildKind } from '../../support/build-files.ts';
import { createRandom } from './random.ts';

/** What a crowd of people is going to do: releases, their times, and who does what by which door. All of it from a seed. */

export type Door = 'API' | 'SLACK';

export interface PlannedBuild {
  stage: UploadStage;
  platform: Platform;
  kind: BuildKind;
  /** tells the file's name apart: `app-7.12.0-2.apk` */
  build: number;
  door: Door;
  /** handed in only when the release waits for it */
  late: boolean;
}

export interface PlannedRelease {
  /** from 1 */
  number: number;
  /** name of its configuration */
  config: string;
  targets: { platform: Platform; version: string }[];
  /** rounds, from 0 */
  createdIn: number;
  kickedOffIn: number;
  slotIn: number;
  /** how long before the round's time they lie */
  kickOffEarlyMs: number;
  slotEarlyMs: number;
  builds: PlannedBuild[];
  doors: { create: Door; preRelease: Door; submission: Door; confirm: Record<Platform, Door> };
  /** does what it does twice at the same time, as people and impatient clients do */
  twice: boolean;
}

export interface CrowdPlan {
  seed: number;
  configs: string[];
  releases: PlannedRelease[];
  rounds: number;
}

/** From one round to the next. */
export const ROUND_MS = 3 * HOUR_MS;
const CREATED_IN_A_ROUND = 20;
const CONFIGS = 4;
const BY_SLACK = 0.5;
/** the modal is a conversation of three steps: dearer than a call */
const CREATED_BY_SLACK = 0.2;
const LATE = 0.35;
const TWICE = 0.25;
const EARLIEST_MINUTES = 45;

const KINDS: { stage: UploadStage; kinds: Record<Platform, BuildKind> }[] = [
  { stage: 'PRE_REGRESSION', kinds: { ANDROID: 'apk', IOS: 'ipa', WEB: 'apk' } },
  { stage: 'REGRESSION', kinds: { ANDROID: 'apk', IOS: 'ipa', WEB: 'apk' } },
  { stage: 'PRE_RELEASE', kinds: { ANDROID: 'aab', IOS: 'ipa', WEB: 'aab' } },
];

/** Versions rise with the release's number, so that no two have the same and none is lower than a released one. */
export function planCrowd(options: { releases: number; seed: number }): CrowdPlan {
  const random = createRandom(options.seed);
  const configs = Array.from({ length: Math.min(CONFIGS, options.releases) }, (_, index) => `App${index + 1}`);
  const creatingRounds = Math.ceil(options.releases / CREATED_IN_A_ROUND);
  // A few are soon through; many lie about.
  const longestWait = Math.min(2, creatingRounds);
  const door = (): Door => (random.isLikely(BY_SLACK) ? 'SLACK' : 'API');
  const releases = Array.from({ length: options.releases }, (_, index): PlannedRelease => {
    const number = index + 1;
    const platforms = random.pick<Platform[]>([['ANDROID', 'IOS'], ['ANDROID', 'IOS'], ['ANDROID'], ['IOS']]);
    const createdIn = Math.floor((index * creatingRounds) / options.releases);
    const kickedOffIn = createdIn + random.integer(1, longestWait);
    return {
      number,
      config: configs[index % configs.length] ?? '',
      targets: platforms.map((platform) => ({
        platform,
        version: platform === 'IOS' ? `6.${number}.0` : `7.${number}.0`,
      })),
      createdIn,
      kickedOffIn,
      slotIn: kickedOffIn + random.integer(1, longestWait),
      kickOffEarlyMs: random.integer(0, EARLIEST_MINUTES) * MINUTE_MS,
      slotEarlyMs: random.integer(0, EARLIEST_MINUTES) * MINUTE_MS,
      builds: KINDS.flatMap(({ stage, kinds }, build) =>
        platforms.map((platform) => ({
          stage,
          platform,
          kind: kinds[platform],
          build: build + 1,
          door: door(),
          late: stage !== 'PRE_RELEASE' && random.isLikely(LATE),
        })),
      ),
      doors: {
        create: random.isLikely(CREATED_BY_SLACK) ? 'SLACK' : 'API',
        preRelease: door(),
        submission: door(),
        confirm: { ANDROID: door(), IOS: door(), WEB: door() },
      },
      twice: random.isLikely(TWICE),
    };
  });
  return { seed: options.seed, configs, releases, rounds: Math.max(...releases.map(({ slotIn }) => slotIn)) + 1 };
}

export function fileNameOf(plan: PlannedRelease, { platform, build, kind }: PlannedBuild): string {
  return `app-${versionOf(plan, platform)}-${build}.${kind}`;
}

export function versionOf({ targets }: PlannedRelease, platform: Platform): string {
  return targets.find((target) => target.platform === platform)?.version ?? '';
}
