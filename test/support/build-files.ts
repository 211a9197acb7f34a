import type { UploadSource } from '../../sandbox/slack/index.ts';
import { makeAab, makeApk, makeIpa } from '../fixtures/build-files.ts';

export type BuildKind = 'apk' | 'aab' | 'ipa';

/** The versions that the flows release. */
export const VERSIONS = { ANDROID: '7.0.0', IOS: '6.7.0' } as const;
const APPLICATION_ID = 'com.acme.app';

/** A small real build; `build` tells otherwise equal ones apart. */
export async function buildFile(
  kind: BuildKind,
  options: { version?: string; build?: number; name?: string; padToBytes?: number } = {},
): Promise<UploadSource & { bytes: Buffer }> {
  const version = options.version ?? (kind === 'ipa' ? VERSIONS.IOS : VERSIONS.ANDROID);
  const build = options.build ?? 1;
  const padding = options.padToBytes === undefined ? {} : { padToBytes: options.padToBytes };
  const manifest = { applicationId: APPLICATION_ID, versionName: version, versionCode: build, ...padding };
  const name = options.name ?? `app-${version}-${build}.${kind}`;
  if (kind === 'ipa')
    return { name, bytes: await makeIpa({ bundleId: APPLICATION_ID, version, build: String(build), ...padding }) };
  return { name, bytes: await (kind === 'aab' ? makeAab(manifest) : makeApk(manifest)) };
}

/** What the HTTP API takes a build as. */
export function buildForm(stage: string, platform: string, file: { name: string; bytes: Buffer }): FormData {
  const form = new FormData();
  form.set('stage', stage);
  form.set('platform', platform);
  form.set('file', new File([new Uint8Array(file.bytes)], file.name));
  return form;
}
