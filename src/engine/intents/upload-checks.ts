import type { Platform, Release } from '../../domain/release.ts';
import type { ReleaseConfig } from '../../domain/release-config.ts';
import type { BuildFileInfo } from '../../integrations/artifacts/build-file.ts';
import { Refusal } from '../../shared/errors.ts';

/** What the file says of itself against what the release wants (Spec 3.4). Throws `Refusal` INVALID_BUILD. */
export function checkBuildFile(
  release: Release,
  config: ReleaseConfig,
  place: { platform: Platform; fileName: string },
  info: BuildFileInfo,
): void {
  const target = release.targets.find((candidate) => candidate.platform === place.platform);
  if (info.platform !== place.platform) {
    throw new Refusal('INVALID_BUILD', `${place.fileName} is a build for ${info.platform}, not for ${place.platform}.`);
  }
  const expectedId = config.applicationIds[place.platform];
  if (expectedId && info.applicationId && info.applicationId !== expectedId) {
    throw new Refusal('INVALID_BUILD', `This build is ${info.applicationId}, the release is ${expectedId}`);
  }
  if (config.allowVersionMismatch || !target || !info.version || info.version === target.version) return;
  throw new Refusal('INVALID_BUILD', `This build is ${info.version}, the release is ${target.version}`);
}
