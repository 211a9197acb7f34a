import {
  cycleLabel,
  describeVersions,
  inPlatformOrder,
  rcTag,
  releaseBranch,
  releaseTag,
  versionParts,
} from '../../src/domain/names.ts';
import type { PlatformTarget } from '../../src/domain/release.ts';

const ANDROID: PlatformTarget = { platform: 'ANDROID', version: '7.0.0', store: null };
const IOS: PlatformTarget = { platform: 'IOS', version: '6.7.0', store: null };
const WEB: PlatformTarget = { platform: 'WEB', version: '7.1.0-beta.1', store: null };

describe('names of branches, tags and cycles (Spec 1.2)', () => {
  test.each<[string, PlatformTarget[], string]>([
    ['one platform', [IOS], '6.7.0_ios'],
    ['two in the order of the contract', [ANDROID, IOS], '7.0.0_android_6.7.0_ios'],
    ['two given the other way round', [IOS, ANDROID], '7.0.0_android_6.7.0_ios'],
    ['three in any order', [WEB, IOS, ANDROID], '7.0.0_android_6.7.0_ios_7.1.0-beta.1_web'],
  ])('%s', (_name, targets, parts) => {
    expect(versionParts(targets)).toBe(parts);
    expect(releaseBranch(targets)).toBe(`release/${parts}`);
    expect(rcTag(targets, 3)).toBe(`rc-${parts}-cycle3`);
    expect(releaseTag(targets)).toBe(`v${parts}`);
  });

  test('the examples of the contract come out exactly', () => {
    const targets = [ANDROID, IOS];
    expect(releaseBranch(targets)).toBe('release/7.0.0_android_6.7.0_ios');
    expect(rcTag(targets, 1)).toBe('rc-7.0.0_android_6.7.0_ios-cycle1');
    expect(releaseTag(targets)).toBe('v7.0.0_android_6.7.0_ios');
    expect(cycleLabel(2)).toBe('RC2');
  });

  test('sorting leaves the given list alone', () => {
    const given = [WEB, ANDROID];
    expect(inPlatformOrder(given).map((target) => target.platform)).toEqual(['ANDROID', 'WEB']);
    expect(given).toEqual([WEB, ANDROID]);
  });

  test('versions are described for people', () => {
    expect(describeVersions([IOS, ANDROID])).toBe('Android 7.0.0 · iOS 6.7.0');
  });
});
