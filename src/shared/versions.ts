import semver from 'semver';

/**
 * Versions of releases (Spec 1.1). A version is a strict semantic version, `MAJOR.MINOR.PATCH` with an optional
 * pre-release (`7.0.0-beta.1`). Refused: a leading `v`, spaces, two or four numbers, leading zeros, and build metadata
 * (`7.0.0+5`), because two versions that differ only there have no order.
 */
export function isVersion(text: string): boolean {
  return semver.valid(text) === text;
}

/** Negative when `a` is lower, 0 when equal, positive when higher. Throws `TypeError` when either is no version. */
export function compareVersions(a: string, b: string): number {
  return semver.compare(a, b);
}

/** `7.1.3` -> `7.2.0`; a pre-release of a minor version goes to that version: `7.2.0-beta.1` -> `7.2.0`. */
export function nextMinor(version: string): string {
  const next = isVersion(version) ? semver.inc(version, 'minor') : null;
  if (next === null) throw new TypeError(`not a version: "${version}"; expected e.g. 7.0.0`);
  return next;
}
