import { build, buildBinary } from 'plist';
import { type AndroidManifest, encodeBinaryManifest } from './axml.ts';
import { encodeProtoManifest } from './proto-manifest.ts';
import { zipOf } from './zip.ts';

/** Small but real build files: zips with the manifest of their platform inside, readable by Android's and Apple's tools. */
export interface ApkOptions extends AndroidManifest {
  /** the exact size of the file */
  padToBytes?: number;
  /** the string pool's encoding: newer tools write UTF-8, older ones UTF-16 (default) */
  utf8?: boolean;
}

export async function makeApk(options: ApkOptions): Promise<Buffer> {
  const manifest = encodeBinaryManifest(options, { utf8: options.utf8 ?? false });
  const parts = [
    { name: 'AndroidManifest.xml', content: manifest },
    { name: 'classes.dex', content: Buffer.from('dex\n035\0') },
    { name: 'resources.arsc', content: Buffer.from([2, 0, 12, 0, 12, 0, 0, 0, 0, 0, 0, 0]), compress: false },
  ];
  return zipOf(parts, options.padToBytes);
}

export async function makeAab(options: AndroidManifest & { padToBytes?: number }): Promise<Buffer> {
  const parts = [
    // Bundletool { version "1.17.0" }
    { name: 'BundleConfig.pb', content: Buffer.from([0x0a, 0x08, 0x12, 0x06, ...Buffer.from('1.17.0')]) },
    { name: 'base/manifest/AndroidManifest.xml', content: encodeProtoManifest(options) },
    { name: 'base/dex/classes.dex', content: Buffer.from('dex\n035\0') },
  ];
  return zipOf(parts, options.padToBytes);
}

export interface IpaOptions {
  bundleId: string;
  /** CFBundleShortVersionString */
  version: string;
  /** CFBundleVersion */
  build: string;
  /** a binary property list, as Xcode writes; default XML */
  binary?: boolean;
  padToBytes?: number;
}

export async function makeIpa(options: IpaOptions): Promise<Buffer> {
  const info = {
    CFBundleDevelopmentRegion: 'en',
    CFBundleExecutable: 'Sample',
    CFBundleIdentifier: options.bundleId,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: options.version,
    CFBundleVersion: options.build,
    LSRequiresIPhoneOS: true,
    MinimumOSVersion: '16.0',
    UIDeviceFamily: [1, 2],
  };
  const plist = options.binary ? Buffer.from(buildBinary(info)) : Buffer.from(build(info));
  const parts = [
    { name: 'Payload/Sample.app/Info.plist', content: plist },
    { name: 'Payload/Sample.app/Sample', content: Buffer.from([0xcf, 0xfa, 0xed, 0xfe]) },
  ];
  return zipOf(parts, options.padToBytes);
}
