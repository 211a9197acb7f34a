import type { Document } from 'mongodb';
import type { Platform } from '../../../src/domain/release.ts';
import { type CrowdPlan, type Door, fileNameOf, type PlannedRelease, versionOf } from './plan.ts';

/** What the releases of a plan are to make outside, by name. Written down anew here: the product's names are not asked. */
export interface Expected {
  branches: string[];
  tags: string[];
  releases: string[];
  /** keys */
  messages: string[];
  builds: string[];
  uploadsUsed: string[];
}

export interface Stored {
  releases: Document[];
  rows: Document[];
  builds: Document[];
  uploads: Document[];
}

const STAGE_OF_BUILD = { PRE_REGRESSION: 'KICKOFF', REGRESSION: 'REGRESSION', PRE_RELEASE: 'PRE_RELEASE' } as const;
const CONFIRMED: Record<Platform, string> = {
  ANDROID: 's4.SUBMIT_TO_PLAY_STORE:confirm',
  IOS: 's4.SUBMIT_TO_APP_STORE:confirm',
  WEB: 's4.PUBLISH_WEB:confirm',
};
/** Said or not said as it comes: a question for builds that are late, a reminder whose time a jump may pass over. */
const AS_IT_COMES = /(:missing|reminder[^:]*|:missing-builds.*)$/;

/** Every message beside those of the uploads. */
function occasionsOf({ targets, doors }: PlannedRelease): string[] {
  const by = (door: Door) => (door === 'API' ? 'token:U02BOB' : 'U02BOB');
  return [
    'root',
    'kickoff',
    'c1:regression-builds',
    'gate:preRelease',
    `gate:preRelease:approved:0:0:${by(doors.preRelease)}`,
    'gate:preRelease:granted',
    'pre-release',
    'gate:submission',
    `gate:submission:approved:0:0:${by(doors.submission)}`,
    'gate:submission:granted',
    ...targets.map(({ platform }) => CONFIRMED[platform]),
    'submitted',
  ];
}

export function expectedOf(plan: CrowdPlan, stored: Stored, differences: string[]): Expected {
  const expected: Expected = { branches: [], tags: [], releases: [], messages: [], builds: [], uploadsUsed: [] };
  const known = new Set<string>();
  for (const planned of plan.releases) {
    const parts = planned.targets.map(({ platform, version }) => `${version}_${platform.toLowerCase()}`).join('_');
    expected.branches.push(`release/${parts}`);
    expected.tags.push(`rc-${parts}-cycle1`, `v${parts}`);
    expected.releases.push(`v${parts}`);
    for (const build of planned.builds) {
      const name = fileNameOf(planned, build);
      const stage = STAGE_OF_BUILD[build.stage];
      expected.builds.push([versionOf(planned, build.platform), stage, build.platform, name].join(' '));
      expected.uploadsUsed.push(name);
    }
    const found = stored.releases.filter(({ branch }) => branch === `release/${parts}`);
    if (found.length !== 1) differences.push(`release ${planned.number} is there ${found.length} times`);
    for (const release of found) {
      const id = String(release['_id']);
      known.add(id);
      expected.messages.push(...occasionsOf(planned).map((occasion) => `${id}:${occasion}`));
      const staged = stored.uploads.filter(({ releaseId }) => releaseId === id);
      expected.messages.push(...staged.map((upload) => `${id}:upload:${upload['_id']}`));
      const rest = stored.rows.filter((row) => row['releaseId'] === id && AS_IT_COMES.test(String(row['_id'])));
      expected.messages.push(...rest.map((row) => String(row['_id'])));
    }
  }
  for (const { _id } of stored.releases) if (!known.has(String(_id))) differences.push(`+ release ${_id}`);
  return expected;
}
