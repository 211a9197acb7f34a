import { Refusal } from '../shared/errors.ts';
import type { Platform } from './release.ts';

export type BuildFormat = 'APK' | 'AAB' | 'IPA' | 'WEB';

export interface BuildKind {
  platform: Platform;
  format: BuildFormat;
}

const MAX_NAME_BYTES = 255;
/** characters that turn the direction of what follows: `app\u202Ekpa.exe` reads `appexe.apk` */
const BIDI = /[\u202a-\u202e\u2066-\u2069]/;

const STORE_ENDINGS: readonly { ending: string; kind: BuildKind }[] = [
  { ending: '.apk', kind: { platform: 'ANDROID', format: 'APK' } },
  { ending: '.aab', kind: { platform: 'ANDROID', format: 'AAB' } },
  { ending: '.ipa', kind: { platform: 'IOS', format: 'IPA' } },
];

function refuse(message: string): never {
  throw new Refusal('INVALID_INPUT', message, { file: message });
}

/** Gives the name back when it is a plain file name: no path, at most 255 bytes, nothing invisible. Spec 3.4. */
export function checkFileName(name: string): string {
  if (name.trim() === '') refuse('The file has no name.');
  if (/[/\\]/.test(name) || name === '.' || name === '..') {
    refuse('The file name may not hold a path: give the name alone, such as "app.apk".');
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name) || BIDI.test(name)) {
    refuse('The file name holds invisible characters; rename the file and try again.');
  }
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > MAX_NAME_BYTES) refuse(`The file name has ${bytes} bytes, at most ${MAX_NAME_BYTES} are possible.`);
  return name;
}

/** What a file is by its ending, whatever its case; null when it is no build. `webArchiveEndings` such as `.zip` mean WEB. */
export function platformOfFileName(name: string, webArchiveEndings: readonly string[]): BuildKind | null {
  const lower = name.toLowerCase();
  const has = (ending: string): boolean => lower.endsWith(ending) && lower.length > ending.length;
  const store = STORE_ENDINGS.find(({ ending }) => has(ending));
  if (store) return { ...store.kind };
  const endings = webArchiveEndings.map((ending) => `.${ending.toLowerCase().replace(/^\.+/, '')}`);
  return endings.some((ending) => ending !== '.' && has(ending)) ? { platform: 'WEB', format: 'WEB' } : null;
}
