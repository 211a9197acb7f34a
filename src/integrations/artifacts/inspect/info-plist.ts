import { isBinaryPlist, textsOfBinaryPlist } from './binary-plist.ts';
import { type ManifestValues, plainValue } from './manifest-values.ts';
import { textsOfXmlPlist } from './xml-plist.ts';

/** Bundle id, version and build number of an app's Info.plist, XML or binary. Throws on what is no property list. */
export function readInfoPlist(content: Buffer): ManifestValues {
  const texts = isBinaryPlist(content) ? textsOfBinaryPlist(content) : textsOfXmlPlist(content.toString('utf8'));
  return {
    applicationId: plainValue(texts.get('CFBundleIdentifier')),
    version: plainValue(texts.get('CFBundleShortVersionString')),
    buildNumber: plainValue(texts.get('CFBundleVersion')),
  };
}
