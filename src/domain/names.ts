import type { Platform, PlatformTarget } from './release.ts';
import { PLATFORMS } from './release.ts';

/** Names of branches, tags and cycles (Spec 1.2). */

/** In the order ANDROID, IOS, WEB. */
export function inPlatformOrder<T extends { platform: Platform }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => PLATFORMS.indexOf(a.platform) - PLATFORMS.indexOf(b.platform));
}

type Versioned = Pick<PlatformTarget, 'platform' | 'version'>;

/** `7.0.0_android_6.7.0_ios` */
export function versionParts(targets: readonly Versioned[]): string {
  return inPlatformOrder(targets)
    .map((target) => `${target.version}_${target.platform.toLowerCase()}`)
    .join('_');
}

export function releaseBranch(targets: readonly Versioned[]): string {
  return `release/${versionParts(targets)}`;
}

export function rcTag(targets: readonly Versioned[], cycleNumber: number): string {
  return `rc-${versionParts(targets)}-cycle${cycleNumber}`;
}

export function releaseTag(targets: readonly Versioned[]): string {
  return `v${versionParts(targets)}`;
}

export function cycleLabel(cycleNumber: number): string {
  return `RC${cycleNumber}`;
}

export const PLATFORM_NAMES: Record<Platform, string> = { ANDROID: 'Android', IOS: 'iOS', WEB: 'Web' };

/** `Android 7.0.0 · iOS 6.7.0` */
export function describeVersions(targets: readonly Versioned[]): string {
  return inPlatformOrder(targets)
    .map((target) => `${PLATFORM_NAMES[target.platform]} ${target.version}`)
    .join(' · ');
}

/** `Mobile Android 7.0.0 · iOS 6.7.0`, in plain words. */
export function releaseTitle({ configName, targets }: { configName: string; targets: readonly Versioned[] }): string {
  return [configName, describeVersions(targets)].filter((part) => part !== '').join(' ');
}
