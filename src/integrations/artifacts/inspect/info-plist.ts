import { parse } from 'plist';
import { isBinaryPlist, textsOfBinaryPlist } from './binary-plist.ts';
import { type ManifestValues, plainValue } from './manifest-values.ts';

/** Apple's own files have a doctype without declarations; one that declares entities wants something else. */
function textsOfXml(content: Buffer): Map<string, string> {
  const xml = content.toString('utf8');
  if (/<!ENTITY/i.test(xml)) throw new Error('a property list declares no entities');
  const parsed = parse(xml);
  const isDictionary = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return new Map(isDictionary ? (Object.entries(parsed) as [string, string][]) : []);
}

/** Bundle id, version and build number of an app's Info.plist, XML or binary. Throws on what is no property list. */
export function readInfoPlist(content: Buffer): ManifestValues {
  const texts = isBinaryPlist(content) ? textsOfBinaryPlist(content) : textsOfXml(content);
  return {
    applicationId: plainValue(texts.get('CFBundleIdentifier')),
    version: plainValue(texts.get('CFBundleShortVersionString')),
    buildNumber: plainValue(texts.get('CFBundleVersion')),
  };
}
