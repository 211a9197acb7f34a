import { type BuildFormat, platformOfFileName } from '../../../domain/build-file-name.ts';
import { Refusal } from '../../../shared/errors.ts';
import type { BuildFileInfo } from '../build-file.ts';
import type { ArtifactStore } from '../port.ts';
import { readAabManifest } from './aab-manifest.ts';
import { readApkManifest } from './apk-manifest.ts';
import { readInfoPlist } from './info-plist.ts';
import { type ManifestValues, NOTHING_KNOWN } from './manifest-values.ts';
import { openZip, refuseBuild, type ZipEntry } from './zip.ts';

interface FormatRule {
  /** for a sentence: "so it cannot be ..." */
  expected: string;
  /** the file that makes it one, and how a person would write its name */
  proof: RegExp;
  proofName: string;
  /** where the version is */
  manifest: RegExp;
  read(manifest: Buffer): ManifestValues;
}

const RULES: Record<Exclude<BuildFormat, 'WEB'>, FormatRule> = {
  APK: {
    expected: 'an Android package (.apk)',
    proof: /^AndroidManifest\.xml$/,
    proofName: 'AndroidManifest.xml',
    manifest: /^AndroidManifest\.xml$/,
    read: readApkManifest,
  },
  AAB: {
    expected: 'an Android App Bundle (.aab)',
    proof: /^BundleConfig\.pb$/,
    proofName: 'BundleConfig.pb',
    manifest: /^base\/manifest\/AndroidManifest\.xml$/,
    read: readAabManifest,
  },
  IPA: {
    expected: 'an iOS app (.ipa)',
    proof: /^Payload\/[^/]+\.app\/Info\.plist$/,
    proofName: 'Payload/*.app/Info.plist',
    manifest: /^Payload\/[^/]+\.app\/Info\.plist$/,
    read: readInfoPlist,
  },
};

async function valuesOf(rule: FormatRule, entry: ZipEntry | undefined): Promise<ManifestValues> {
  if (!entry) return NOTHING_KNOWN;
  const content = await entry.read();
  try {
    return rule.read(content);
  } catch {
    // a manifest in a form not known here says nothing; the build is one all the same (Spec 3.4)
    return NOTHING_KNOWN;
  }
}

/**
 * Checks that a stored file is the build its name says, and reads what it says of itself. Reads the zip's directory and
 * one manifest of at most 4 MiB, whatever the size. `Refusal` UNSUPPORTED_FILE: no build, no zip; INVALID_BUILD: empty,
 * damaged, encrypted, a zip bomb, or without the file that makes it one. Spec 3.4.
 */
export async function inspectBuildFile(options: {
  store: ArtifactStore;
  path: string;
  fileName: string;
  webArchiveEndings: readonly string[];
  sizeBytes: number;
}): Promise<BuildFileInfo> {
  const { fileName, sizeBytes } = options;
  const kind = platformOfFileName(fileName, options.webArchiveEndings);
  if (!kind) {
    const endings = ['.apk', '.aab', '.ipa', ...options.webArchiveEndings].join(', ');
    throw new Refusal('UNSUPPORTED_FILE', `"${fileName}" is not a build: its name should end in one of ${endings}.`);
  }
  if (sizeBytes === 0) refuseBuild(fileName, 'is empty.');
  if (kind.format === 'WEB') return { ...kind, ...NOTHING_KNOWN };
  const rule = RULES[kind.format];
  const entries = await openZip({ ...options, expected: rule.expected });
  const proofs = entries.filter(({ name }) => rule.proof.test(name));
  if (proofs.length === 0) refuseBuild(fileName, `is a zip without ${rule.proofName}, so it is not ${rule.expected}.`);
  if (proofs.length > 1) refuseBuild(fileName, `holds ${proofs.length} apps; one is expected.`);
  const manifest = entries.find(({ name }) => rule.manifest.test(name));
  return { ...kind, ...(await valuesOf(rule, manifest)) };
}
