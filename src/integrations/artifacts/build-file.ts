import type { Platform } from '../../domain/release.ts';

/** What a build file says of itself; null where it could not be read (a web archive, an unreadable manifest). */
export interface BuildFileInfo {
  format: 'APK' | 'AAB' | 'IPA' | 'WEB';
  platform: Platform;
  applicationId: string | null;
  /** `versionName` / `CFBundleShortVersionString` */
  version: string | null;
  /** `versionCode` / `CFBundleVersion` */
  buildNumber: string | null;
}
